"""Tables of sources, one page each: pure functions from rows to a frame, and how it is shown.

Every text from a report passes `table_cell`; numbers stay numbers, so that they sort.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.common.formatting import table_cell

__all__ = [
    "ADDRESS_COLUMNS",
    "COUNTRY_COLUMNS",
    "NETWORK_COLUMNS",
    "RECORD_COLUMNS",
    "REPORTER_COLUMNS",
    "SENDER_COLUMNS",
    "SERVICE_COLUMNS",
    "UNDECIDED_COLUMNS",
    "VERDICT_COLUMNS",
    "counted",
    "frame_of",
    "key_of",
    "page_of",
    "picked",
    "shown",
]

Row = dict[str, Any]
Columns = Mapping[str, Any]
PAGE = 25
PLURALS = {
    "address": "addresses",
    "country": "countries",
    "day of these services": "days of these services",
}
ROW_HEIGHT = 33  # of st.dataframe, at the theme's font size
TWO_LINES = 70  # from twice the usual height on, it breaks long texts into lines

_text, _number = st.column_config.TextColumn, st.column_config.NumberColumn
_day = st.column_config.DateColumn


def _column(label: str, width: int, **more: Any) -> Any:
    return _text(label, width=width, **more)


def _count(label: str, width: int = 85, **more: Any) -> Any:
    return _number(label, format="localized", width=width, **more)


SOURCE = {"source": _column("Source", 180)}
DOMAIN = {"domain": _column("Sends as", 150)}
IP = {"source_ip": _column("Address", 150)}
CLASS = {"class": _column("Class", 85)}
COUNTED = {
    "messages": _count("Messages"),
    "aligned": _count("Passing", 75, help="Messages that pass aligned"),
}
SEEN = {
    "first_seen": _day(
        "First seen", format="D MMM YYYY", width=100, help="UTC, of the last 400 days, by anyone"
    ),
    "last_seen": _day("Last seen", format="D MMM YYYY", width=100, help="UTC, by anyone"),
}
PLACE = {
    "country": _column("Country", 75),
    "asn": _number("AS", format="%d", width=80, help="Number of the autonomous system"),
    "as_name": _column("Network's owner", 200),
}
SETTLED = {"settled_by": _column("What would settle it", 260)}
WHY = {"reason": _column("Why", 560)}

SERVICE_COLUMNS: Columns = {
    **SOURCE,
    **DOMAIN,
    **CLASS,
    "source_ips": _count("Addresses"),
    **COUNTED,
    **SEEN,
    "days": _count("Days", 60, help="Days with mail, of those chosen"),
    **WHY,
}
UNDECIDED_COLUMNS: Columns = {
    **SOURCE,
    **DOMAIN,
    "source_ips": _count("Addresses"),
    "messages": COUNTED["messages"],
    **SETTLED,
    **SEEN,
    **WHY,
}
NETWORK_COLUMNS: Columns = {
    "network": _column("Network", 150),
    **DOMAIN,
    **CLASS,
    "source_ips": _count("Addresses"),
    **COUNTED,
    **SEEN,
    **PLACE,
}
ADDRESS_COLUMNS: Columns = {
    **IP,
    "ptr": _column("Host name", 200, help="By reverse DNS, where it leads back to the address"),
    **DOMAIN,
    **CLASS,
    **COUNTED,
    **SEEN,
    **PLACE,
    **SETTLED,
    **WHY,
}
VERDICT_COLUMNS: Columns = {**DOMAIN, **SOURCE, **CLASS, **COUNTED, **SETTLED, **WHY}
RECORD_COLUMNS: Columns = {
    "day": _day("Day", format="D MMM YYYY", width=100, help="UTC, the middle of the report"),
    "reporter": _column("Reporter", 140),
    "report": _number("Report", format="%d", width=75, help="As `rua show` takes it"),
    **IP,
    **DOMAIN,
    "messages": COUNTED["messages"],
    "passes": _column("Passes aligned", 105),
    "disposition": _column("Disposition", 95, help="What the receiver did with it"),
    "header_from": _column("Header From", 160),
    "envelope_from": _column("Envelope From", 180),
    "dkim_results": _column("DKIM", 260),
    "spf_results": _column("SPF", 220),
    "reasons": _column("Override reasons", 160),
    "authenticity": _column("Report is", 90),
}
SENDER_COLUMNS: Columns = {
    **IP,
    **SOURCE,
    **DOMAIN,
    "is_new": _column("New", 55, help="First seen in the last 7 of these days"),
    "messages": COUNTED["messages"],
    "first_seen": SEEN["first_seen"],
    "likely": _column("Class, or likely", 150, help="What the evidence leans to is no class yet"),
    "why": _column("Why", 520),
    **SETTLED,
    **PLACE,
    "last_seen": SEEN["last_seen"],
}
REPORTER_COLUMNS: Columns = {
    "reporter": _column("Reporter", 220),
    **COUNTED,
    "first_seen": _day("First day", format="D MMM YYYY", width=100, help="UTC, of those chosen"),
    "last_seen": _day("Last day", format="D MMM YYYY", width=100, help="UTC, of those chosen"),
}
COUNTRY_COLUMNS: Columns = {
    "name": _column("Country", 150),
    "code": _column("Code", 60, help="ISO 3166-1"),
    "messages": COUNTED["messages"],
    "addresses": _count("Addresses"),
    "undecided": _count("Undecided", help="Addresses"),
}


def frame_of(rows: Sequence[Row], columns: Columns) -> pd.DataFrame:
    """One row each, with these columns in their order; all text as `table_cell` has it."""
    cells = [{key: _cell(row[key]) for key in columns} for row in rows]
    return pd.DataFrame(cells, columns=list(columns))


def _cell(value: Any) -> Any:
    is_plain = isinstance(value, int | float | date) and not isinstance(value, bool)
    return value if value is None or is_plain else table_cell(value)


def shown(rows: Sequence[Row], columns: Columns, name: str, *, lines: int = 1) -> None:
    """A table to look at; `name` is what a screen reader calls it."""
    _draw(rows, columns, name, lines)


def picked(
    rows: Sequence[Row], columns: Columns, name: str, key: str, *, lines: int = 1
) -> Row | None:
    """A table of which a row can be picked: that row, once it is."""
    state = _draw(rows, columns, name, lines, key=key, on_select="rerun")
    chosen = state["selection"]["rows"]
    return rows[chosen[0]] if chosen and chosen[0] < len(rows) else None


def _draw(rows: Sequence[Row], columns: Columns, name: str, lines: int, **more: Any) -> Any:
    if "on_select" in more:
        more["selection_mode"] = "single-row"
    return st.dataframe(
        frame_of(rows, columns),
        column_config=dict(columns),
        hide_index=True,
        row_height=TWO_LINES if lines > 1 else None,
        height="content",
        placeholder="–",
        alt=name,
        **more,
    )


def key_of(name: str, *of: object) -> str:
    """A widget's key: a new one for another view, so that no page or tick is carried over. It
    stands in the page as a class name, where nothing of a report should."""
    return f"{name} {hashlib.sha256(repr(of).encode()).hexdigest()[:12]}"


def counted(count: int, noun: str) -> str:
    """1 address, 1,234 addresses."""
    return f"{count:,} {noun if count == 1 else PLURALS.get(noun, f'{noun}s')}"


def page_of(count: int, noun: str, key: str, *, size: int = PAGE) -> tuple[int, int]:
    """(how many to skip, how many to show) of so many, by a pager where one page does not do."""
    pages = -(-count // size)
    if pages < 2:
        return 0, size
    with st.container(horizontal=True, vertical_alignment="center"):
        page = st.pagination(pages, key=f"page {key}", max_visible_pages=5)
        first = (page - 1) * size
        last = min(first + size, count)
        st.caption(f"{first + 1:,} – {last:,} of {counted(count, noun)}", width="content")
    return first, size
