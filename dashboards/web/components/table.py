"""Tables: columns, frames, a row to pick, and pages.

Every text from a report passes `table_cell`; numbers stay numbers, so that they sort.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from dashboards.common.formatting import amount, table_cell

__all__ = [
    "PAGE",
    "Columns",
    "Pager",
    "count",
    "day",
    "frame_of",
    "key_of",
    "moment",
    "number",
    "pick",
    "report_link",
    "show",
    "text",
    "value_of",
]

Columns = Mapping[str, Any]
T = TypeVar("T")

PAGE = 25  # rows
ROW_HEIGHT = 33  # pixels of st.dataframe, at the theme's font size
TWO_LINES = 70  # from twice the usual height on, it breaks long texts into lines
LARGEST = 2**53  # a browser counts in floating point; a report may hold a larger number

number = st.column_config.NumberColumn


def text(label: str, width: int, help: str | None = None) -> Any:  # noqa: A002 - Streamlit's name
    return st.column_config.TextColumn(label, width=width, help=help)


def count(label: str, width: int = 85, help: str | None = None) -> Any:  # noqa: A002
    return number(label, format="localized", width=width, help=help)


def day(label: str, width: int = 100, help: str | None = "UTC") -> Any:  # noqa: A002
    return st.column_config.DateColumn(label, format="D MMM YYYY", width=width, help=help)


def moment(label: str, *, seconds: bool = False) -> Any:
    """A time of a frame has no zone: the browser shows it as it is, in UTC."""
    style = "D MMM YYYY, HH:mm:ss" if seconds else "D MMM YYYY, HH:mm"
    return st.column_config.DatetimeColumn(f"{label} (UTC)", format=style, width=165)


def report_link(label: str) -> Any:
    """A number that opens its report; the URL holds the number alone."""
    return st.column_config.LinkColumn(label, display_text=r"report=(\d+)", width=80)


def value_of(row: Any, key: str) -> Any:
    """A field of a row, be it a mapping or an object."""
    return row[key] if isinstance(row, Mapping) else getattr(row, key)


def frame_of(rows: Sequence[Any], columns: Columns) -> pd.DataFrame:
    """One row each, with these columns in their order."""
    cells = [{key: _cell(value_of(row, key)) for key in columns} for row in rows]
    return pd.DataFrame(cells, columns=list(columns))


def _cell(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= LARGEST else float(value)
    return value if value is None or isinstance(value, float | date) else table_cell(value)


def show(rows: Sequence[Any], columns: Columns, name: str, *, lines: int = 1) -> None:
    """A table. `name` is what a screen reader calls it; `lines` over 1 breaks long texts."""
    _draw(rows, columns, name, lines)


def pick(rows: Sequence[T], columns: Columns, name: str, key: str, *, lines: int = 1) -> T | None:
    """A table of which one row can be ticked: that row, once it is."""
    state = _draw(
        rows, columns, name, lines, key=key, on_select="rerun", selection_mode="single-row"
    )
    ticked = state["selection"]["rows"]
    return rows[ticked[0]] if ticked and ticked[0] < len(rows) else None


def _draw(rows: Sequence[Any], columns: Columns, name: str, lines: int, **more: Any) -> Any:
    """More rows than a page has scroll."""
    height = TWO_LINES if lines > 1 else ROW_HEIGHT
    return st.dataframe(
        frame_of(rows, columns),
        column_config=dict(columns),
        hide_index=True,
        row_height=height if lines > 1 else None,
        height="content" if len(rows) <= PAGE else height * PAGE + ROW_HEIGHT,
        placeholder="–",
        alt=name,
        **more,
    )


def key_of(name: str, *of: object) -> str:
    """A widget's key: a new one for another view, so that no page or tick is carried over. It
    stands in the page as a class name, where nothing of a report should."""
    return f"{name} {hashlib.sha256(repr(of).encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Pager:
    """Pages of a list. Ask for a page, draw its rows, then `show` the way to the others."""

    key: str
    size: int = PAGE

    @property
    def skip(self) -> int:
        """How many rows come before the page."""
        return (int(st.session_state.get(self.key, 1)) - 1) * self.size

    def ask(self, page: Callable[[int, int], Sequence[T]]) -> Sequence[T]:
        """`page(most, skip)`: the rows of the page, of the first one where the list is shorter."""
        rows = page(self.size, self.skip)
        if not rows and self.skip:
            st.session_state[self.key] = 1
            rows = page(self.size, 0)
        return rows

    def of(self, rows: Sequence[T]) -> Sequence[T]:
        """The same of a list at hand."""
        return self.ask(lambda most, skip: rows[skip : skip + most])

    def show(self, total: int, noun: str = "row") -> None:
        """The other pages, and which rows these are; nothing where one page holds all."""
        if total <= self.size:
            return
        first = self.skip
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pagination(-(-total // self.size), key=self.key, max_visible_pages=5)
            last = min(first + self.size, total)
            st.caption(f"{first + 1:,} – {last:,} of {amount(total, noun)}", width="content")
