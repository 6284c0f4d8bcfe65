"""The window of days that a question covers."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

__all__ = ["Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """Whole UTC days, both ends included; `as_of` is the day the question is asked."""

    DAYS: ClassVar[int] = 35  # so that a monthly sender is seen (RFC 9989 §5.1.7)

    first: date
    last: date
    as_of: date

    @classmethod
    def up_to(cls, today: date) -> "Window":
        """The default window of DAYS days up to a day."""
        return cls(today - timedelta(days=cls.DAYS - 1), today, today)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1
