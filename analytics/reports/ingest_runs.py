"""Shows ingest runs, their speed and problems, and the backlog."""

from analytics.query.question import Question
from analytics.query.run import Row, ask, ask_cached
from schemas.store.reader import Reader

__all__ = ["backlog", "run_days", "run_page", "run_problems", "run_sources", "waiting"]


def run_page(q: Question, *, most: int, skip: int = 0) -> list[Row]:
    """One row per run that began in the window, newest first; `total` is the number of all.

    `seconds` and `finished_at` are None for a run in progress or interrupted.
    """
    return ask(q.reader, "reports/run_page", q.days | {"most": most, "skip": skip})


def run_days(q: Question) -> list[Row]:
    """One row per day with runs: runs, problems, messages, documents by outcome, records, seconds
    of finished runs, and timed_messages of these."""
    return ask(q.reader, "reports/run_days", q.days)


def run_sources(reader: Reader) -> list[Row]:
    """One row per source ever read: its last run, its last run without a problem, `problem` and
    `put_off` of the last run, and whether that run `is_open`."""
    return ask(reader, "reports/run_sources", {})


def run_problems(q: Question) -> list[Row]:
    """One row per (source, problem) of the window's runs: runs, first_at, last_at, is_over."""
    return ask(q.reader, "reports/run_problems", q.days)


def waiting(q: Question) -> list[Row]:
    """One row per day: mails stored, and their delay before import in hours (median, 95 %)."""
    return ask_cached(q.reader, "reports/waiting", q.days)


def backlog(reader: Reader) -> Row:
    """Unfinished work: addresses without a reverse DNS look-up, and quarantine."""
    return ask_cached(reader, "reports/backlog", {})[0]
