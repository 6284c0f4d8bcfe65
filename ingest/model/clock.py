"""The time as the store keeps it."""

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """The present, in UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
