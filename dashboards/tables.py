"""Tables: pure functions from rows to a frame and its columns.

Every text from a report passes `table_cell`; numbers stay numbers, so that they sort.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.wording import interval, is_telling, policy, table_cell

__all__ = ["DOMAIN_COLUMNS", "SOURCE_COLUMNS", "domains_frame", "sources_frame"]

Row = dict[str, Any]

_text, _number = st.column_config.TextColumn, st.column_config.NumberColumn
_day = st.column_config.DateColumn

DOMAIN_COLUMNS: dict[str, Any] = {
    "domain": _text("Domain", pinned=True),
    "policy": _text("Published policy", help="As the latest report saw it"),
    "messages": _number("Messages", format="localized"),
    "rate": _number(
        "Passes, %",
        format="%.1f",
        help="Of legitimate mail, what passes aligned; left out where there is too little to tell",
    ),
    "interval": _text("95 % interval"),
    "undecided": _number(
        "Undecided addresses", format="localized", help="No mail of theirs passes aligned"
    ),
    "last_report": _day("Last report", format="D MMM YYYY", help="The day it covers, UTC"),
}
SOURCE_COLUMNS: dict[str, Any] = {
    "source": _text("Source", pinned=True),
    "domain": _text("Sends as"),
    "addresses": _number("Addresses", format="localized"),
    "messages": _number("Messages", format="localized"),
    "first_seen": _day("First seen", format="D MMM YYYY"),
    "last_seen": _day("Last seen", format="D MMM YYYY"),
    "country": _text("Country"),
    "reason": _text("Why undecided", width="large"),
}


def domains_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per domain, from rows of `analytics.mail.domains`."""
    return pd.DataFrame([_domain(row) for row in rows], columns=list(DOMAIN_COLUMNS))


def _domain(row: Row) -> Row:
    last = row["last_report"]
    return {
        "domain": table_cell(row["domain"]),
        "policy": table_cell(policy(row["published"])),
        "messages": row["messages"],
        "rate": _rate(row),
        "interval": _interval(row),
        "undecided": row["undecided_sources"],
        "last_report": last.date() if last else None,
    }


def _rate(row: Row) -> float | None:
    if not is_telling(row["interval"]):
        return None
    # In whole thousandths, downwards: only what passes whole is 100 %.
    return (1000 * row["legitimate_aligned"] // row["legitimate"]) / 10


def _interval(row: Row) -> str:
    if row["interval"] is None:
        return "no legitimate mail" if row["messages"] else "no mail"
    if is_telling(row["interval"]):
        return interval(row["interval"])
    return f"too few to tell: {row['legitimate_aligned']:,} of {row['legitimate']:,}"


def sources_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (domain, service), from rows of `analytics.mail.by_service`."""
    return pd.DataFrame([_source(row) for row in rows], columns=list(SOURCE_COLUMNS))


def _source(row: Row) -> Row:
    return {
        "source": table_cell(row["source"]),
        "domain": table_cell(row["domain"]),
        "addresses": row["source_ips"],
        "messages": row["messages"],
        "first_seen": row["first_seen"],
        "last_seen": row["last_seen"],
        "country": table_cell(row["country"]) or "several or unknown",
        "reason": table_cell(row["reason"]),
    }
