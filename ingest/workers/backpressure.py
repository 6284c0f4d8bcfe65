"""The room for what was read and is not yet taken."""

import threading
from itertools import count

from ingest.model.limits import AHEAD_BYTES

__all__ = ["Room"]


class Room:
    """How much of what was read waits to be taken. Who reads waits while it is too much, but for
    the one whose part is to be taken next: that is what the others wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: dict[int, int] = {}
        self._places = count()
        self._next = 0
        self._is_open = True

    def next_place(self) -> int:
        """The place of a new part, in the order in which they are taken."""
        return next(self._places)

    def wait(self, place: int) -> None:
        """Until there is room for what is read at this place."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    not self._is_open
                    or place <= self._next
                    or sum(self._held.values()) < AHEAD_BYTES
                )
            )

    def is_dropped(self, place: int) -> bool:
        """Whether nobody will take it."""
        return place < self._next

    def hold(self, place: int, size: int) -> None:
        """So many bytes wait to be taken there."""
        with self._changed:
            if not self.is_dropped(place):
                self._held[place] = size

    def take(self, place: int) -> None:
        """It is taken, or will never be; so are all before it."""
        with self._changed:
            self._held.pop(place, None)
            self._next = max(self._next, place + 1)
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody takes any more."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
