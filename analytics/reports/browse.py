"""Lists reports in pages, conflicts between reports, and their authenticity."""

from dataclasses import dataclass

from analytics.query.question import Question
from analytics.query.run import Row, ask, ask_cached
from schemas.store.reader import Reader

__all__ = [
    "Wanted",
    "browse",
    "conflicts",
    "genuine",
    "genuine_days",
    "genuine_reasons",
    "head",
    "records",
    "reporter_days",
]

STATES = ("counted", "unproven", "conflict", "flagged", "failed")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports to browse; None is any. `state` is one of STATES, `kind` dmarc or tls."""

    kind: str | None = None
    reporter: str | None = None
    authenticity: str | None = None
    state: str | None = None


def browse(
    q: Question,
    wanted: Wanted = Wanted(),
    *,
    most: int,
    skip: int = 0,
) -> list[Row]:
    """One row per report of a page, newest first; `total` is the number of all reports."""
    chosen = {key: getattr(wanted, key) for key in ("kind", "reporter", "authenticity", "state")}
    page = {"most": most, "skip": skip}
    return ask_cached(q.reader, "reports/browsed", q.bounds | chosen | page)


def conflicts(q: Question) -> list[Row]:
    """One row per report with the identity of another report and other content, with both."""
    return ask_cached(q.reader, "reports/conflicts", q.bounds)


def genuine(q: Question) -> list[Row]:
    """One row per (reporter, kind): reports, verified, unverified, failed, counted, last_day."""
    return ask_cached(q.reader, "reports/genuine", q.bounds)


def genuine_days(q: Question) -> list[Row]:
    """One row per (day, authenticity): reports."""
    return ask_cached(q.reader, "reports/genuine_days", q.bounds)


def genuine_reasons(q: Question, *, most: int = 100) -> list[Row]:
    """One row per (authenticity, reason): reports and reporters, most reports first."""
    return ask_cached(q.reader, "reports/genuine_reasons", q.bounds | {"most": most})


def reporter_days(q: Question) -> list[Row]:
    """One row per (reporter, day) with counted reports: dmarc_reports, tls_reports."""
    return ask_cached(q.reader, "reports/reporter_days", q.bounds)


def head(reader: Reader, number: int) -> Row | None:
    """A stored document and its report without its records, with the mails that brought it
    (`deliveries`) and the `policies` of a TLS report; None if there is no such document."""
    rows = ask(reader, "reports/document", {"document": number})
    if not rows:
        return None
    row = rows[0]
    # A duplicate's report is that of the document it repeats.
    row["report_of"] = row["of_id"] if row["status"] == "duplicate" else number
    row["deliveries"] = ask(reader, "reports/deliveries", {"document": number})
    is_tls = row["kind"] == "tls"
    row["policies"] = (
        ask(reader, "reports/tls_policies", {"document": row["report_of"]}) if is_tls else []
    )
    return row


def records(reader: Reader, number: int, *, most: int, skip: int = 0) -> list[Row]:
    """One row per record of a page of a DMARC report; `total` is the number of all its records."""
    return ask(reader, "reports/record_page", {"document": number, "most": most, "skip": skip})
