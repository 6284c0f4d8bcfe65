"""Waiting for what another process or thread does.

`PATIENCE` bounds a wait that would otherwise never end, in seconds: no test says how fast anything
is, so it is long enough for a loaded machine.
"""

import time
from collections.abc import Callable

__all__ = ["PATIENCE", "eventually"]

PATIENCE = 60
PAUSE = 0.02


def eventually(is_done: Callable[[], bool]) -> bool:
    """Whether it becomes true."""
    end = time.monotonic() + PATIENCE
    while not is_done():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return True
