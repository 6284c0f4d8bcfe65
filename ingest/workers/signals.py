"""Leaves the signals that end the program to the main thread."""

import signal

__all__ = ["block_signals"]

ENDING = (signal.SIGINT, signal.SIGTERM)


def block_signals() -> None:
    """Block SIGINT and SIGTERM in this thread, and in all threads and processes it starts.

    The kernel chooses the thread that takes a signal among those that do not block it. Python runs
    its handlers in the main thread, which wakes only for a signal that it took itself. And a
    terminal's Ctrl-C, or a service manager's SIGTERM, goes to child processes, too.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
