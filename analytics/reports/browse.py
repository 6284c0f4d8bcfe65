"""Reports page by page, those that contradict others, and how far they are to be believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.query.run import Row, ask
from analytics.query.window import Window
from analytics.sources.classified_query import ask_kept
from schemas.store.store import Connection

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
    con: Connection,
    window: Window,
    domains: Sequence[str] | None = None,
    wanted: Wanted = Wanted(),
    *,
    most: int,
    skip: int = 0,
) -> list[Row]:
    """One row per report of a page, newest first; `total` in each is how many there are in all."""
    chosen = {key: getattr(wanted, key) for key in ("kind", "reporter", "authenticity", "state")}
    page = {"most": most, "skip": skip}
    return ask_kept(con, "reports/browsed", _bounds(window, domains) | chosen | page)


def conflicts(con: Connection, window: Window, domains: Sequence[str] | None = None) -> list[Row]:
    """One row per report of another one's identity with other content, beside that one."""
    return ask_kept(con, "reports/conflicts", _bounds(window, domains))


def genuine(con: Connection, window: Window, domains: Sequence[str] | None = None) -> list[Row]:
    """One row per (reporter, kind): reports, verified, unverified, failed, counted, last_day."""
    return ask_kept(con, "reports/genuine", _bounds(window, domains))


def genuine_days(
    con: Connection, window: Window, domains: Sequence[str] | None = None
) -> list[Row]:
    """One row per (day, authenticity): reports."""
    return ask_kept(con, "reports/genuine_days", _bounds(window, domains))


def genuine_reasons(
    con: Connection, window: Window, domains: Sequence[str] | None = None, *, most: int = 100
) -> list[Row]:
    """One row per (authenticity, reason): reports and reporters, most reports first."""
    return ask_kept(con, "reports/genuine_reasons", _bounds(window, domains) | {"most": most})


def reporter_days(
    con: Connection, window: Window, domains: Sequence[str] | None = None
) -> list[Row]:
    """One row per (reporter, day) with counted reports: dmarc_reports, tls_reports."""
    return ask_kept(con, "reports/reporter_days", _bounds(window, domains))


def head(con: Connection, number: int) -> Row | None:
    """A stored document and its report without its records, with the mails that brought it
    (`deliveries`) and its `policies` where it is a TLS report; None if there is no such one."""
    rows = ask(con, "reports/document", {"document": number})
    if not rows:
        return None
    row = rows[0]
    # A duplicate's report is that of the document it repeats.
    row["report_of"] = row["of_id"] if row["status"] == "duplicate" else number
    row["deliveries"] = ask(con, "reports/deliveries", {"document": number})
    is_tls = row["kind"] == "tls"
    row["policies"] = (
        ask(con, "reports/tls_policies", {"document": row["report_of"]}) if is_tls else []
    )
    return row


def records(con: Connection, number: int, *, most: int, skip: int = 0) -> list[Row]:
    """One row per record of a page of a DMARC report; `total` in each is how many it has."""
    return ask(con, "reports/record_page", {"document": number, "most": most, "skip": skip})


def _bounds(window: Window, domains: Sequence[str] | None) -> dict[str, Any]:
    named = None if domains is None else list(domains)
    return {"first": window.first, "last": window.last, "domains": named}
