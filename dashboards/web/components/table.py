"""Tables: pure functions from rows to a frame, and how the frame is shown.

Every text from a report passes `table_cell`; numbers stay numbers, so that they sort.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.common.formatting import policy, rate_words, table_cell

__all__ = [
    "MOST_SOURCES",
    "domains_frame",
    "show_domains",
    "show_gates",
    "show_losses",
    "show_sources",
    "sources_frame",
]

Row = dict[str, Any]
MOST_ROWS = 20
MOST_SOURCES = 15
ROW_HEIGHT = 33  # of st.dataframe, at the theme's font size
TWO_LINES = 70  # from twice the usual height on, it breaks long texts into lines

_text, _number = st.column_config.TextColumn, st.column_config.NumberColumn
_day = st.column_config.DateColumn

DOMAIN_COLUMNS: dict[str, Any] = {
    "domain": _text("Domain", width="medium"),
    "verdict": _text("Verdict", width="small", help="Of the advice on it; none without a report"),
    "policy": _text("Published policy", help="As the latest report saw it"),
    "messages": _number("Messages", format="localized"),
    "raw": _number(
        "All mail passes, %",
        format="%.1f",
        help="Of all mail, what passes aligned: spoofing lowers it, so it decides nothing",
    ),
    "rate": _number(
        "Legitimate mail passes, %",
        format="%.1f",
        help="Of own and broken sources; left out where there is too little to tell",
    ),
    "interval": _text("95 % interval", width=210),
    "undecided": _number(
        "Undecided addresses", format="localized", help="What they are, the evidence cannot tell"
    ),
    "last_report": _day("Last report", format="D MMM YYYY", help="The day it covers, UTC"),
}
SOURCE_COLUMNS: dict[str, Any] = {
    "source": _text("Source", width=170),
    "domain": _text("Sends as", width=160),
    "addresses": _number("Addresses", format="localized", width=85),
    "messages": _number("Messages", format="localized", width=85),
    "aligned": _number("Passing", format="localized", width=75, help="Messages that pass aligned"),
    "settled_by": _text("What would settle it", width=230),
    "reason": _text("Why", width=560),
    "first_seen": _day("First seen", format="D MMM YYYY", width=100),
    "last_seen": _day("Last seen", format="D MMM YYYY", width=100),
    "country": _text("Country", width=70, help="Of the address, where all have the same"),
}
GATE_COLUMNS: dict[str, Any] = {
    "state": _text("State", width=70),
    "gate": _text("Gate", width=220),
    "measured": _text("Measured", width=170),
    "required": _text("Required", width=220),
    "basis": _text("Basis", width=260),
}
LOSS_COLUMNS: dict[str, Any] = {
    "source": _text("Source", width=200),
    "class": _text("Class", width=100),
    "source_ips": _number("Addresses", format="localized", width=90),
    "messages": _number("Messages", format="localized", width=90),
    "lost": _number("Would be lost", format="localized", width=110),
    "left_after": _number(
        "Left after it",
        format="localized",
        help="Legitimate loss once this and those above are mended",
    ),
}
ONLY_UNDECIDED, ONLY_BROKEN = "settled_by", "aligned"


def domains_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per domain, from rows of `analytics.sources.summary.domains`."""
    return pd.DataFrame([_domain(row) for row in rows], columns=list(DOMAIN_COLUMNS))


def _domain(row: Row) -> Row:
    last = row["last_report"]
    return {
        "domain": table_cell(row["domain"]),
        "verdict": row["verdict"],
        "policy": table_cell(policy(row["published"])),
        "messages": row["messages"],
        "raw": _tenths(row["aligned"], row["messages"]) if row["messages"] else None,
        "rate": _rate(row),
        "interval": rate_words(row),
        "undecided": row["undecided_sources"],
        # A report on a day often ends at the midnight after it.
        "last_report": (last - timedelta(seconds=1)).date() if last else None,
    }


def _rate(row: Row) -> float | None:
    passing, legitimate = int(row["legitimate_aligned"]), int(row["legitimate"])
    return _tenths(passing, legitimate) if row["enough"] else None


def _tenths(part: int, whole: int) -> float:
    # In whole thousandths, downwards: only what passes whole is 100 %.
    return (1000 * part // whole) / 10


def sources_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (domain, service), from rows of `analytics.sources.summary.by_service`."""
    return pd.DataFrame([_source(row) for row in rows], columns=list(SOURCE_COLUMNS))


def _source(row: Row) -> Row:
    return {
        "source": table_cell(row["source"]),
        "domain": table_cell(row["domain"]),
        "addresses": row["source_ips"],
        "messages": row["messages"],
        "aligned": row["aligned"],
        "settled_by": table_cell(row["settled_by"]),
        "reason": table_cell(row["reason"]),
        "first_seen": row["first_seen"],
        "last_seen": row["last_seen"],
        "country": table_cell(row["country"]),
    }


def show_domains(rows: Sequence[Row], name: str) -> None:
    _show(domains_frame(rows), DOMAIN_COLUMNS, name)


def show_sources(rows: Sequence[Row], name: str, *, undecided: bool) -> None:
    """The largest of them: what passes of broken ones, what would settle undecided ones."""
    if rows:
        left_out = ONLY_BROKEN if undecided else ONLY_UNDECIDED
        frame = sources_frame(rows[:MOST_SOURCES]).drop(columns=left_out)
        columns = {key: each for key, each in SOURCE_COLUMNS.items() if key != left_out}
        _show(frame, columns, name, row_height=TWO_LINES)


def show_gates(frame: pd.DataFrame, name: str) -> None:
    """Takes a `road.gates_frame`."""
    _show(frame, GATE_COLUMNS, name)


def show_losses(rows: Sequence[Row], name: str) -> None:
    """From `by_source` of a row of `rua whatif`."""
    records = [{key: row[key] for key in LOSS_COLUMNS} for row in rows]
    texts = ("source", "class")
    safe = [row | {key: table_cell(row[key]) for key in texts} for row in records]
    _show(pd.DataFrame(safe, columns=list(LOSS_COLUMNS)), LOSS_COLUMNS, name)


def _show(frame: pd.DataFrame, columns: Row, name: str, *, row_height: int | None = None) -> None:
    """A table that shows MOST_ROWS rows and scrolls beyond; `name` is its accessible name."""
    st.dataframe(
        frame,
        column_config=columns,
        hide_index=True,
        row_height=row_height,
        height="content" if len(frame) <= MOST_ROWS else ROW_HEIGHT * (MOST_ROWS + 1),
        placeholder="–",
        alt=name,
    )
