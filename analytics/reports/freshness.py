"""Shows whether reports still arrive: how many, from whom, and when last."""

from datetime import date

from analytics.query.question import Question
from analytics.query.run import Row, ask, ask_cached
from schemas.store.reader import Reader

__all__ = ["disagreement", "feed", "reporter_mail", "reporters", "runs"]

LATE_DAYS = 3


def feed(q: Question) -> Row:
    """Sizes and freshness of the whole store, as of the day asked about. `state`: empty, alive,
    late (3 days without mail), silent (`silent_days` of the gates).

    A report arrives the day after the one it covers, so two days without one are normal.
    """
    as_of = q.window.as_of
    row = ask_cached(q.reader, "reports/feed", {"as_of": as_of})[0]
    last = row["last_report_day"]
    age = (as_of - last).days if last else None
    if age is None:
        state = "empty"
    elif age >= q.gates.silent_days:
        state = "silent"
    else:
        state = "late" if age >= LATE_DAYS else "alive"
    return {"state": state, "days_since_report": age, **row}


def reporters(q: Question, as_of: date | None = None) -> list[Row]:
    """One row per reporter, most reports first: reports, days, recent_days (of the last 35),
    delay_hours (median, None if unknown), first_day, last_day; `is_missing` when it fell silent.
    As of the window's last day, or another, of reports of any day before it."""
    asked = {"as_of": as_of or q.window.last, "silent_days": q.gates.silent_days, **q.named}
    return ask_cached(q.reader, "reports/reporters", asked)


def reporter_mail(q: Question) -> list[Row]:
    """One row per reporter with a report in the window, most mail first: reports, days (with a
    report), messages, unverified (messages of unverified reports)."""
    return ask_cached(q.reader, "reports/reporter_mail", q.bounds)


def disagreement(q: Question) -> list[Row]:
    """One row per reporter: messages, those whose alignment contradicts its own authentication
    results, and their share.

    `is_flagged` above 1 %: such a reporter's alignment results are doubtful (D42). Advice still
    uses them.
    """
    return ask_cached(q.reader, "reports/disagreement", q.days)


def runs(reader: Reader, most: int = 10) -> list[Row]:
    """The latest runs of `rua ingest`, newest first."""
    return ask(reader, "reports/runs", {"most": most})
