"""How reading goes: runs, their speed and their problems, and what waits."""

from analytics.query.question import Question
from analytics.query.run import Row, ask, ask_cached
from schemas.store.reader import Reader

__all__ = ["backlog", "run_days", "run_page", "run_problems", "run_sources", "waiting"]


def run_page(q: Question, *, most: int, skip: int = 0) -> list[Row]:
    """One row per run that began in the window, newest first; `total` is how many did.

    `seconds` and `finished_at` are None while it goes on, or when it was cut off.
    """
    return ask(q.reader, "reports/run_page", q.days | {"most": most, "skip": skip})


def run_days(q: Question) -> list[Row]:
    """One row per day with runs: runs, problems, messages, documents by what became of them,
    records, seconds of runs that ended, and timed_messages of these."""
    return ask(q.reader, "reports/run_days", q.days)


def run_sources(reader: Reader) -> list[Row]:
    """One row per source ever read: when last, when last well, `problem` and `put_off` of its
    latest run, and whether that one `is_open`."""
    return ask(reader, "reports/run_sources", {})


def run_problems(q: Question) -> list[Row]:
    """One row per (source, problem) of the window's runs: runs, first_at, last_at, is_over."""
    return ask(q.reader, "reports/run_problems", q.days)


def waiting(q: Question) -> list[Row]:
    """One row per day: mails stored, and the hours from their arrival to that (median, 95 %)."""
    return ask_cached(q.reader, "reports/waiting", q.days)


def backlog(reader: Reader) -> Row:
    """What is stored and not done with: addresses whose names nobody asked for, quarantine."""
    return ask_cached(reader, "reports/backlog", {})[0]
