"""Is the feed alive: what arrived, from whom, and when last."""

from collections.abc import Sequence
from datetime import date

from analytics.query.run import Row, ask
from analytics.query.window import Window
from analytics.sources.classified_query import ask_kept
from schemas.store.store import Connection

__all__ = ["disagreement", "feed", "reporter_mail", "reporters", "runs"]

LATE_DAYS = 3
SILENT_DAYS = 7


def feed(con: Connection, as_of: date) -> Row:
    """Sizes and freshness. `state`: empty, alive, late (3 days without mail), silent (7).

    A report arrives the day after the one it covers, so two days are no sign of trouble.
    """
    row = ask_kept(con, "reports/feed", {"as_of": as_of})[0]
    last = row["last_report_day"]
    age = (as_of - last).days if last else None
    if age is None:
        state = "empty"
    elif age >= SILENT_DAYS:
        state = "silent"
    else:
        state = "late" if age >= LATE_DAYS else "alive"
    return {"state": state, "days_since_report": age, **row}


def reporters(con: Connection, as_of: date, domains: Sequence[str] | None = None) -> list[Row]:
    """One row per reporter, most reports first: reports, days, recent_days (of the last 35),
    delay_hours (median, None if unknown), first_day, last_day; `is_missing` when it fell silent.
    Of reports on `domains`, None meaning all."""
    named = None if domains is None else list(domains)
    return ask_kept(con, "reports/reporters", {"as_of": as_of, "domains": named})


def reporter_mail(
    con: Connection, window: Window, domains: Sequence[str] | None = None
) -> list[Row]:
    """One row per reporter with a report of the window, most mail first: reports, days (with a
    report), messages, unverified (of reports that nothing proves genuine)."""
    named = None if domains is None else list(domains)
    bounds = {"first": window.first, "last": window.last, "domains": named}
    return ask_kept(con, "reports/reporter_mail", bounds)


def disagreement(con: Connection, window: Window) -> list[Row]:
    """One row per reporter: messages, those evaluated against its own results, and their share.

    `is_flagged` above 1 %: what such a reporter says of alignment is doubtful (D42). Advice goes
    by what is reported nevertheless.
    """
    return ask_kept(con, "reports/disagreement", {"first": window.first, "last": window.last})


def runs(con: Connection, most: int = 10) -> list[Row]:
    """The latest runs of `rua ingest`, newest first."""
    return ask(con, "reports/runs", {"most": most})
