"""Limits how many bytes of results wait to be taken."""

import threading
from itertools import count

from ingest.model.limits import AHEAD_BYTES

__all__ = ["Backpressure"]


class Backpressure:
    """Makes reading threads wait while too many results wait to be taken.

    Results have ordinals and are taken in that order. The thread that reads the next result never
    waits: the others are waiting for it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, int] = {}
        self._ordinals = count()
        self._next = 0
        self._is_open = True

    def next_ordinal(self) -> int:
        """The ordinal of a new result."""
        return next(self._ordinals)

    def wait(self, ordinal: int) -> None:
        """Until this result may be read."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    not self._is_open
                    or ordinal <= self._next
                    or sum(self._waiting.values()) < AHEAD_BYTES
                )
            )

    def is_dropped(self, ordinal: int) -> bool:
        """Whether the result will not be taken."""
        return ordinal < self._next

    def add(self, ordinal: int, size: int) -> None:
        """The result was read and has so many bytes."""
        with self._changed:
            if not self.is_dropped(ordinal):
                self._waiting[ordinal] = size

    def take(self, ordinal: int) -> None:
        """The result is taken, or will never be; so are all before it."""
        with self._changed:
            self._waiting.pop(ordinal, None)
            self._next = max(self._next, ordinal + 1)
            self._changed.notify_all()

    def close(self) -> None:
        """No more results are taken."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
