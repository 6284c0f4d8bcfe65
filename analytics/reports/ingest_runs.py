"""How reading goes: runs, their speed and their problems, and what waits."""

from typing import Any

from analytics.query.run import Row, ask
from analytics.query.window import Window
from analytics.sources.classified_query import ask_kept
from schemas.store.store import Connection

__all__ = ["backlog", "run_days", "run_page", "run_problems", "run_sources", "waiting"]


def run_page(con: Connection, window: Window, *, most: int, skip: int = 0) -> list[Row]:
    """One row per run that began in the window, newest first; `total` is how many did.

    `seconds` and `finished_at` are None while it goes on, or when it was cut off.
    """
    return ask(con, "reports/run_page", _bounds(window) | {"most": most, "skip": skip})


def run_days(con: Connection, window: Window) -> list[Row]:
    """One row per day with runs: runs, problems, messages, documents by what became of them,
    records, seconds of runs that ended, and timed_messages of these."""
    return ask(con, "reports/run_days", _bounds(window))


def run_sources(con: Connection) -> list[Row]:
    """One row per source ever read: when last, when last well, `problem` and `put_off` of its
    latest run, and whether that one `is_open`."""
    return ask(con, "reports/run_sources", {})


def run_problems(con: Connection, window: Window) -> list[Row]:
    """One row per (source, problem) of the window's runs: runs, first_at, last_at, is_over."""
    return ask(con, "reports/run_problems", _bounds(window))


def waiting(con: Connection, window: Window) -> list[Row]:
    """One row per day: mails stored, and the hours from their arrival to that (median, 95 %)."""
    return ask_kept(con, "reports/waiting", _bounds(window))


def backlog(con: Connection) -> Row:
    """What is stored and not done with: addresses whose names nobody asked for, quarantine."""
    return ask_kept(con, "reports/backlog", {})[0]


def _bounds(window: Window) -> dict[str, Any]:
    return {"first": window.first, "last": window.last}
