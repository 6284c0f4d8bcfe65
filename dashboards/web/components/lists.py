"""Lists that go on for pages, what of them is chosen in the URL, and what can be downloaded.

Every text of a frame passes `wording.table_cell`, every value of a file `csv_cell`.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from dashboards.common.formatting import amount
from schemas.sanitize import csv_cell

__all__ = [
    "MOST_SAVED",
    "PAGE",
    "csv_text",
    "page_of",
    "pages",
    "safe_name",
    "save_all",
    "show",
    "skipped",
    "taken_over",
    "written",
]

Row = Mapping[str, Any]
T = TypeVar("T")

PAGE = 50
MOST_SAVED = 10_000  # rows of a file made in the browser; the command line gives them all
SHOWN_ROWS = 15
ROW_HEIGHT = 33
TWO_LINES = 70  # from twice the usual height on, long texts break into lines
UNSAFE_NAME = re.compile(r"[^a-z0-9._-]+")


def show(frame: pd.DataFrame, columns: Mapping[str, Any], name: str, *, tall: bool = False) -> None:
    """A table with the accessible name; more than a screenful scrolls. `tall` breaks long texts."""
    height = TWO_LINES if tall else ROW_HEIGHT
    most = SHOWN_ROWS // 2 if tall else SHOWN_ROWS
    st.dataframe(
        frame,
        column_config=dict(columns),
        hide_index=True,
        row_height=height if tall else None,
        height="content" if len(frame) <= most else height * most + ROW_HEIGHT,
        placeholder="–",
        alt=name,
    )


def skipped(key: str, size: int = PAGE) -> int:
    """How many rows lie before the page that is looked at; `key` names the list and what of it."""
    return (int(st.session_state.get(key, 1)) - 1) * size


def pages(total: int, key: str, size: int = PAGE) -> None:
    """Below a list: which rows these are, and the other pages."""
    if total <= size:
        return
    first = skipped(key, size)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{first + 1:,} to {min(first + size, total):,} of {total:,}", width="content")
        st.pagination(-(-total // size), key=key, max_visible_pages=5)


def page_of(rows: Sequence[T], key: str, size: int = PAGE) -> Sequence[T]:
    """The rows of a list at hand that are looked at; the last ones where it has become shorter."""
    first = skipped(key, size)
    if first >= len(rows) > 0:
        st.session_state[key] = 1
        first = 0
    return rows[first : first + size]


def save_all(
    total: int, noun: str, key: str, columns: Sequence[str], rows: Callable[[], Sequence[Row]]
) -> None:
    """All pages as one CSV file: asked for at the first button, saved with the second."""
    if not total:
        return
    most = min(total, MOST_SAVED)
    what = amount(most, noun) if most == total else f"the newest {most:,} of {total:,}"
    if not st.button(f"CSV of {what}", key=f"{key} make", type="tertiary"):
        return
    text = csv_text(rows(), columns)
    st.download_button(
        f"Save {safe_name(key)}.csv",
        text,
        file_name=f"{safe_name(key)}.csv",
        mime="text/csv",
        key=f"{key} save",
        on_click="ignore",
    )


def csv_text(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """A CSV file's text: whole values, none of which a spreadsheet takes for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(row.get(column)) for column in columns] for row in rows)
    return out.getvalue()


def safe_name(text: str) -> str:
    """A file name of letters, digits, dots and dashes; never one that a report chose."""
    return UNSAFE_NAME.sub("-", text.lower()).strip("-.") or "rua"


def taken_over(key: str, read: Callable[[str], T | None], default: T) -> None:
    """Before the widget `key` is drawn: what a link's parameter ?key= says, or what it was.

    As in filters.py: a parameter that is not what was written last comes from a link.
    """
    said = st.query_params.get(key)
    found = None if said is None or said == st.session_state.get(_mark(key)) else read(said)
    if found is not None:
        st.session_state[key] = found
    elif key not in st.session_state:
        st.session_state[key] = default


def written(key: str, value: object) -> None:
    """Behind the widget: what was chosen stands in the URL."""
    text = None if value is None else str(value)
    st.session_state[_mark(key)] = text
    if text is None:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != text:
        st.query_params[key] = text


def _mark(key: str) -> str:
    return f"{key} written into the URL"
