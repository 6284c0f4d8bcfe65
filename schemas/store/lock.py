"""A fair lock between processes, beside the store.

DuckDB fails at once if one process writes while another has the file open. So whoever opens it
first takes a lock here. Two locks make it fair: everyone passes a turnstile one at a time, and a
writer holds it while the readers inside finish. So readers cannot starve a writer, nor writers a
reader.
"""

import contextlib
import fcntl
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from schemas.errors import StoreError, StoreLocked

__all__ = ["Deadline", "exclusive", "never", "shared"]

POLL_SECONDS = 0.005
HOW = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW  # never follow a stranger's link


Deadline = Callable[[], float]  # of time.monotonic(); may move closer during a wait


def never() -> float:
    return math.inf


@contextlib.contextmanager
def shared(store: Path, timeout: float, latest: Deadline = never) -> Iterator[None]:
    """Hold the store for reading. Raises StoreLocked after `timeout` seconds, or at `latest`."""
    with _in_line(store, fcntl.LOCK_SH, timeout, latest):
        yield


@contextlib.contextmanager
def exclusive(store: Path, timeout: float, latest: Deadline = never) -> Iterator[None]:
    """The same for writing, alone."""
    with _in_line(store, fcntl.LOCK_EX, timeout, latest):
        yield


@contextlib.contextmanager
def _in_line(store: Path, how: int, timeout: float, latest: Deadline) -> Iterator[None]:
    end = time.monotonic() + timeout

    def deadline() -> float:
        return min(end, latest())

    with _open(store, ".lock") as door:
        with _open(store, ".queue") as turnstile:
            _take(turnstile, fcntl.LOCK_EX, deadline, store, door)
            _take(door, how, deadline, store, door)
        # Closing the turnstile admits the next one; closing the door at the end frees the store.
        yield


def _open(store: Path, suffix: str) -> IO[bytes]:
    path = store.with_name(store.name + suffix)
    try:
        return os.fdopen(
            os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600), "r+b"
        )
    except OSError as error:
        raise StoreError(
            f"the lock file cannot be opened: {error.strerror}",
            where=str(path),
            todo="the store's folder must be writable, even for readers",
        ) from None


def _take(file: IO[bytes], how: int, deadline: Deadline, store: Path, door: IO[bytes]) -> None:
    while True:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline():
                raise _locked(store, door) from None
            time.sleep(POLL_SECONDS)


def _locked(store: Path, door: IO[bytes]) -> StoreLocked:
    pids = _holders(door)
    who = f"process {', '.join(map(str, pids))}" if pids else "another process"
    return StoreLocked(
        f"the store is held by {who}",
        where=str(store),
        todo="wait for it to end, or give a longer --lock-timeout",
    )


def _holders(file: IO[bytes]) -> list[int]:
    """PIDs that hold the lock, from the kernel's list (Linux); elsewhere none."""
    status = os.fstat(file.fileno())
    inode = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    fields = (line.split() for line in lines if "->" not in line)
    held = {int(f[4]) for f in fields if len(f) > 5 and f[1] == "FLOCK" and f[5] == inode}
    return sorted(pid for pid in held if pid > 0)
