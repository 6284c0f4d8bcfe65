"""Threads and processes that leave the signals that end us to the main thread."""

import signal

__all__ = ["block_signals"]

ENDING = (signal.SIGINT, signal.SIGTERM)


def block_signals() -> None:
    """Block SIGINT and SIGTERM in this thread, and in all threads and processes it starts.

    Which thread takes a signal is the kernel's choice among those that do not block it, but
    Python's handlers run in the main thread, which only a signal that it took itself wakes. And a
    terminal's Ctrl-C, or a service manager's SIGTERM, goes to child processes, too.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
