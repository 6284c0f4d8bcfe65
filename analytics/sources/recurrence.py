"""Detects regular senders from the days on which a source was seen, not from its volume.

An office printer sends at regular intervals; spam comes in bursts.
"""

from datetime import date, timedelta
from itertools import pairwise

__all__ = ["DAYS", "rhythm"]

DAYS = 126  # of history by day: four months, so that a monthly sender shows three times
WEEKS = 63

DAILY_DAYS = 8  # daily: seen on at least so many days,
DAILY_SPAN = 12  # within a span of at least so many,
DAILY_SHARE = 0.6  # on this share of its working days
SAME_RUN = 2  # days apart at most within one mailing
FITTING = 0.8  # share of the gaps between mailings that must fit
MAILINGS = (("weekly", 6, 8, 4), ("fortnightly", 13, 15, 4), ("monthly", 26, 35, 3))
QUARTERS = (12, 14)  # weeks
SATURDAY = 5


def rhythm(day_bits: int, week_bits: int, last: date) -> str | None:
    """daily, weekly, fortnightly, monthly or quarterly; None for bursts and too few days.

    Bit n of `day_bits` is n days before `last`; of `week_bits`, n weeks.
    """
    days = [last - timedelta(days=n) for n in range(DAYS - 1, -1, -1) if day_bits >> n & 1]
    if _is_daily(days):
        return "daily"
    gaps = _gaps(days)
    for name, shortest, longest, mailings in MAILINGS:
        fitting = sum(shortest <= gap <= longest for gap in gaps)
        if len(gaps) + 1 >= mailings and fitting >= FITTING * len(gaps):
            return name
    weeks = [n for n in range(WEEKS) if week_bits >> n & 1]
    apart = [later - earlier for earlier, later in pairwise(weeks)]
    if len(apart) >= 2 and all(QUARTERS[0] <= gap <= QUARTERS[1] for gap in apart):
        return "quarterly"
    return None


def _is_daily(days: list[date]) -> bool:
    """Only working days count: an office is quiet at weekends."""
    if len(days) < DAILY_DAYS:
        return False
    span = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    working = sum(day.weekday() < SATURDAY for day in span)
    seen = sum(day.weekday() < SATURDAY for day in days)
    return len(span) >= DAILY_SPAN and seen >= DAILY_SHARE * working


def _gaps(days: list[date]) -> list[int]:
    """Days from each mailing to the next."""
    starts: list[date] = []
    previous: date | None = None
    for day in days:
        if previous is None or (day - previous).days > SAME_RUN:
            starts.append(day)
        previous = day
    return [(later - earlier).days for earlier, later in pairwise(starts)]
