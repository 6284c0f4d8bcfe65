"""Shows on which days each reporter's reports arrived, and on which days one is missing.

A report is expected on weekdays on which the reporter nearly always sent one, in the weeks before
and in the window: receivers send no report for a day without mail, so a quiet Sunday is not a gap.
A reporter that fell silent (as in queries/reporters.sql) is missing on every day since.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.query.window import Window

__all__ = ["Arrival", "arrivals"]

LOOK_BACK = 28  # days before the window: four of each weekday
DUE_DAYS = 3  # a report comes the day after the one it covers, or the next (freshness.py)
HABIT = 0.8  # of the days
LEAST_CHANCES = 3  # days of one weekday that tell a habit
OTHERS = 3  # reporters with gaps that are not among the largest
LEAST_DAYS = 5  # days with reports, without which a reporter has no habit


class Arrival(StrEnum):
    """The state of a reporter's reports on a day."""

    CAME = "came"
    GAP = "gap"  # one was expected, but did not arrive
    DUE = "due"  # one may still arrive
    NONE = "none"  # none was expected


def arrivals(q: Question, most: int = 10) -> list[Row]:
    """One row per day of the window, for all reporters together (`reporter` None), for each of the
    `most` largest, and for a few others with gaps: reporter, day, reports, state (an Arrival)."""
    window, silent = q.window, q.gates.silent_days
    since = window.first - timedelta(days=LOOK_BACK)
    rows = ask_cached(
        q.reader, "reports/arrivals", {"since": since, "last": window.last, **q.named}
    )
    by_reporter: dict[str, Counter[date]] = {}
    together: Counter[date] = Counter()
    for row in rows:
        by_reporter.setdefault(row["reporter"], Counter())[row["day"]] = row["reports"]
        together[row["day"]] += row["reports"]
    sizes = {name: sum(counts.values()) for name, counts in by_reporter.items()}
    by_size = sorted(by_reporter, key=lambda name: (-sizes[name], name))
    days = {name: list(_days(name, by_reporter[name], window, silent)) for name in by_size}
    others = [name for name in by_size[most:] if _gaps(days[name])]
    others.sort(key=lambda name: -_gaps(days[name]))
    found = list(_days(None, together, window, silent))
    for name in (*by_size[:most], *others[:OTHERS]):
        found += days[name]
    return found


def _gaps(rows: Sequence[Row]) -> int:
    return sum(row["state"] == Arrival.GAP for row in rows)


def _days(
    reporter: str | None, counts: Counter[date], window: Window, silent_days: int
) -> Iterator[Row]:
    """The rows of a reporter; of all together a report is expected daily from the first one on."""
    first, last = min(counts, default=window.first), max(counts, default=window.last)
    fell_silent = _fell_silent(counts, window.last, silent_days)

    def is_silent(day: date) -> bool:
        return fell_silent and day > last

    for n in range(window.days):
        day = window.first + timedelta(days=n)
        expected = day >= first and (
            reporter is None or is_silent(day) or _is_expected(day, counts, first)
        )
        state = _state(day, counts[day], window, expected=expected)
        yield {"reporter": reporter, "day": day, "reports": counts[day], "state": state.value}


def _state(day: date, reports: int, window: Window, *, expected: bool) -> Arrival:
    if reports:
        return Arrival.CAME
    if not expected:
        return Arrival.NONE
    return Arrival.DUE if (window.last - day).days < DUE_DAYS else Arrival.GAP


def _fell_silent(counts: Collection[date], until: date, silent_days: int) -> bool:
    """Whether it sent on 5 days or more of four weeks, and on no day since."""
    ages = [(until - day).days for day in counts]
    before = sum(silent_days <= age < silent_days + LOOK_BACK for age in ages)
    return before >= LEAST_DAYS and min(ages) >= silent_days


def _is_expected(day: date, counts: Collection[date], first: date) -> bool:
    """Whether it sent on nearly all other days like this one, from its first to its last."""
    last = max(counts)
    if len(counts) < LEAST_DAYS:
        return False
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    others = [each for each in span if each != day]
    same_weekday = [each for each in others if each.weekday() == day.weekday()]
    chosen = same_weekday if len(same_weekday) >= LEAST_CHANCES else others
    return sum(each in counts for each in chosen) >= HABIT * len(chosen)
