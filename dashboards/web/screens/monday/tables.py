"""The tables of Monday: domains, broken sources and undecided sources."""

from collections.abc import Sequence
from datetime import timedelta

from dashboards.common.formatting import policy, rate_words, tenths
from dashboards.web.components.source_columns import BROKEN_COLUMNS, UNDECIDED_COLUMNS
from dashboards.web.components.table import Columns, count, day, number, text
from dashboards.web.components.table import show as show_table
from dashboards.web.session.query_cache import Row

__all__ = ["MOST_SOURCES", "domain_row", "show_broken", "show_domains", "show_undecided"]

MOST_SOURCES = 15

DOMAIN_COLUMNS: Columns = {
    "domain": text("Domain", 200),
    "verdict": text("Verdict", 75, help="Of the advice; empty without a report"),
    "policy": text("Published policy", 150, help="As the latest report saw it"),
    "messages": count("Messages"),
    "raw": number(
        "All mail that passes, %",
        format="%.1f",
        help="Spoofing lowers this rate, so no check uses it",
    ),
    "rate": number(
        "Legitimate mail that passes, %",
        format="%.1f",
        help="Of own and broken sources; empty where there is too little mail",
    ),
    "interval": text("95 % interval", 210),
    "undecided": count("Undecided addresses", 150, help="The evidence does not decide"),
    "last_report": day("Last report", help="The day it covers, UTC"),
}


def domain_row(row: Row) -> Row:
    """A row of `analytics.sources.summary.domains` with the keys of DOMAIN_COLUMNS."""
    last, messages = row["last_report"], row["messages"]
    return {
        "domain": row["domain"],
        "verdict": row["verdict"],
        "policy": policy(row["published"]),
        "messages": messages,
        "raw": tenths(row["aligned"] / messages) if messages else None,
        "rate": tenths(row["legitimate_aligned"] / row["legitimate"]) if row["enough"] else None,
        "interval": rate_words(row),
        "undecided": row["undecided_sources"],
        # A report on a day often ends at the midnight after it.
        "last_report": (last - timedelta(seconds=1)).date() if last else None,
    }


def show_domains(rows: Sequence[Row], name: str) -> None:
    show_table([domain_row(row) for row in rows], DOMAIN_COLUMNS, name)


def show_broken(rows: Sequence[Row]) -> None:
    """The largest of them; rows of `analytics.sources.summary.by_service`."""
    if rows:
        show_table(rows[:MOST_SOURCES], BROKEN_COLUMNS, "Broken sources", lines=2)


def show_undecided(rows: Sequence[Row]) -> None:
    """The same of undecided sources."""
    if rows:
        show_table(rows[:MOST_SOURCES], UNDECIDED_COLUMNS, "Undecided sources", lines=2)
