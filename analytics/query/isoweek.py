"""Reads and names ISO weeks (ISO 8601) such as 2026-W46: whole UTC days, Monday to Sunday."""

import re
from datetime import date, timedelta

from analytics.query.window import Window
from schemas.errors import ConfigError

__all__ = ["label_of", "last_whole_week", "read_week"]

FORM = re.compile(r"([0-9]{4})-?[Ww]([0-9]{2})")


def read_week(text: str) -> Window:
    """The days of a week such as 2026-W46. Raises ConfigError for any other text."""
    found = FORM.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise ConfigError(
            f"{text[:40]!r} is not an ISO week", where="--week", todo="write it as 2026-W46"
        ) from None
    return _week(monday)


def last_whole_week(today: date) -> Window:
    """The last week that ended before this day."""
    return _week(today - timedelta(days=today.weekday() + 7))


def label_of(window: Window) -> str:
    """The week of the window's first day, as 2026-W46."""
    year, week, _ = window.first.isocalendar()
    return f"{year:04d}-W{week:02d}"


def _week(monday: date) -> Window:
    sunday = monday + timedelta(days=6)
    return Window(monday, sunday, sunday)
