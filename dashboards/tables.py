"""Tables: pure functions from rows to a frame, and how the frame is shown.

Every text from a report passes `table_cell`; numbers stay numbers, so that they sort.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.wording import interval, is_telling, policy, table_cell

__all__ = ["MOST_SOURCES", "domains_frame", "show_domains", "show_sources", "sources_frame"]

Row = dict[str, Any]
MOST_ROWS = 20
MOST_SOURCES = 15
ROW_HEIGHT = 33  # of st.dataframe, at the theme's font size

_text, _number = st.column_config.TextColumn, st.column_config.NumberColumn
_day = st.column_config.DateColumn

DOMAIN_COLUMNS: dict[str, Any] = {
    "domain": _text("Domain", width="medium"),
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
    "source": _text("Source", width=200),
    "domain": _text("Sends as", width=170),
    "addresses": _number("Addresses", format="localized", width=85),
    "messages": _number("Messages", format="localized", width=85),
    "first_seen": _day("First seen", format="D MMM YYYY", width=100),
    "last_seen": _day("Last seen", format="D MMM YYYY", width=100),
    "country": _text("Country", width=70, help="Of the address, where all have the same"),
    "reason": _text("Why undecided", width=560),
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
        # A report on a day often ends at the midnight after it.
        "last_report": (last - timedelta(seconds=1)).date() if last else None,
    }


def _rate(row: Row) -> float | None:
    passing, legitimate = int(row["legitimate_aligned"]), int(row["legitimate"])
    # In whole thousandths, downwards: only what passes whole is 100 %.
    return (1000 * passing // legitimate) / 10 if is_telling(legitimate) else None


def _interval(row: Row) -> str:
    if row["interval"] is None:
        return "no legitimate mail" if row["messages"] else "no mail"
    if is_telling(row["legitimate"]):
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
        "country": table_cell(row["country"]),
        "reason": table_cell(row["reason"]),
    }


def show_domains(rows: Sequence[Row], name: str) -> None:
    _show(domains_frame(rows), DOMAIN_COLUMNS, name)


def show_sources(rows: Sequence[Row], name: str) -> None:
    """The largest of them."""
    if rows:
        _show(sources_frame(rows[:MOST_SOURCES]), SOURCE_COLUMNS, name)


def _show(frame: pd.DataFrame, columns: Row, name: str) -> None:
    """A table that shows MOST_ROWS rows and scrolls beyond; `name` is its accessible name."""
    st.dataframe(
        frame,
        column_config=columns,
        hide_index=True,
        height="content" if len(frame) <= MOST_ROWS else ROW_HEIGHT * (MOST_ROWS + 1),
        placeholder="–",
        alt=name,
    )
