"""What takes seconds to make and that no test changes, made once for all processes of a test run.

    folder = once("a name for it", make)        # make(folder) fills it, in whoever asks first

Outside a test run nothing is shared, and nothing is kept.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["begin", "is_shared", "once"]

VARIABLE = "TESTS_SHARED"  # the folder; the processes of pytest-xdist have it from their parent


def begin() -> Callable[[], None]:
    """Share from now on, in this process and those it starts; returns what ends it."""
    if is_shared():
        return lambda: None
    folder = tempfile.mkdtemp(prefix="shared-")
    os.environ[VARIABLE] = folder

    def end() -> None:
        del os.environ[VARIABLE]
        shutil.rmtree(folder)

    return end


def is_shared() -> bool:
    return VARIABLE in os.environ


def once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder that make(folder) filled; whoever comes second waits. Copy what you change."""
    folder = Path(os.environ[VARIABLE]) / hashlib.sha256(name.encode()).hexdigest()[:16]
    with _alone(folder.with_suffix(".lock")):
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
