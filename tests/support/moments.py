"""Moments of UTC as the store keeps them: timestamps without a zone."""

from datetime import UTC, date, datetime

__all__ = ["today", "utc"]


def utc(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).replace(tzinfo=None)


def today() -> date:
    return datetime.now(UTC).date()
