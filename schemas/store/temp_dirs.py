"""Temporary folders beside the file they are for; leftovers of killed processes are removed.

The process that makes a folder holds a lock on it. A folder that nobody holds is a leftover, and
the next process that needs one there removes it.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["scratch_folder"]


@contextlib.contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent` for this user alone, removed at the end. Raises OSError."""
    _remove_leftovers(parent, prefix)
    folder, hold = _made(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(hold)


def _made(parent: Path, prefix: str) -> tuple[Path, int]:
    """The folder, and the descriptor that holds it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        # Another process may remove it as a leftover before it is held; then make another.
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            hold = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if _is_taken(hold) is not False and _is_there(folder, hold):
                return folder, hold
            os.close(hold)


def _is_taken(descriptor: int) -> bool | None:
    """Whether this process now has the lock; None if the file system cannot lock folders."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_there(folder: Path, descriptor: int) -> bool:
    return os.path.samestat(folder.stat(), os.fstat(descriptor))


def _remove_leftovers(parent: Path, prefix: str) -> None:
    """Only folders of this user: in a shared place, others may use the same names."""
    with contextlib.suppress(OSError):
        for name in os.listdir(parent):
            if name.startswith(prefix):
                _remove_if_left(parent / name)


def _remove_if_left(folder: Path) -> None:
    how = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, how)
        try:
            if os.fstat(descriptor).st_uid == os.geteuid() and _is_taken(descriptor):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)
