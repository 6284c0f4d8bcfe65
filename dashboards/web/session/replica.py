"""Which state of the store the screens show.

Once there is a copy of which the first answers are ready (prefetch.py), all screens read
that one: nobody waits for an ingest, an ingest for nobody, and the numbers of two screens agree.
Without one, and from a change that is made here until there is a copy which has it, they read the
store as it is.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from schemas.store.store import Copied, Store

__all__ = ["SHOWN", "Shown"]


@dataclass(frozen=True, slots=True)
class _Held:
    """What is read here, until there are more changes than so many."""

    copied: Copied | None
    changes: int


class Shown:
    """What is shown to all; `of` gives the store to be read in its place."""

    def __init__(self) -> None:
        self._copied: Copied | None = None
        self._changes = 0
        self._lock = threading.Lock()
        self._here: ContextVar[_Held | None] = ContextVar("read here", default=None)

    def of(self, store: Store) -> Store:
        """What is to be read for `store`: the copy that is shown, or itself."""
        copied = self.copied(store)
        return store if copied is None else store.as_copied(copied)

    def copied(self, store: Store) -> Copied | None:
        """The copy of it that is shown; None where there is none."""
        here = self._here.get()
        is_held = here is not None and here.changes == self._changes
        found = here.copied if here is not None and is_held else self._copied
        is_there = found is not None and found.path == store.path and found.file.exists()
        return found if is_there else None

    @contextmanager
    def reading(self, copied: Copied | None) -> Iterator[None]:
        """Within, in this thread alone, that copy is read, or the store as it is: whatever all see
        meanwhile, but for a change that is made from here."""
        before = self._here.set(_Held(copied, self._changes))
        try:
            yield
        finally:
            self._here.reset(before)

    @property
    def changes(self) -> int:
        """How often the store was changed from here."""
        return self._changes

    def show(self, copied: Copied | None, changes: int) -> bool:
        """Show a copy that was made after so many changes; False where there are more by now."""
        with self._lock:
            if changes != self._changes:
                return False
            self._copied = copied
            return True

    def changed(self) -> None:
        """Whoever changed something sees it at once, and so does everybody else."""
        with self._lock:
            self._changes += 1
            self._copied = None


SHOWN = Shown()  # of this process, as Streamlit's own cache
