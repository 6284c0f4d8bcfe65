"""The whole of a table as CSV, where only a page of it is shown."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from dashboards.web.components.source_tables import counted
from schemas.sanitize import csv_cell

__all__ = ["csv_bytes", "offer", "offer_prepared"]

Row = Mapping[str, Any]
EAGER_ROWS = 1_000


def csv_bytes(rows: Iterable[Row], columns: Sequence[str]) -> bytes:
    """UTF-8 with a header; text so that a spreadsheet runs no formula, times in UTC."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([csv_cell(row[column]) for column in columns] for row in rows)
    return text.getvalue().encode()


def offer(rows: Sequence[Row], columns: Sequence[str], file: str, noun: str) -> None:
    """A button that saves all of these rows; `file` is its name without .csv."""
    _button(lambda: csv_bytes(rows, columns), f"{_all(len(rows), noun)} as CSV", file)


def offer_prepared(
    ask: Callable[[], Sequence[Row]],
    columns: Sequence[str],
    file: str,
    noun: str,
    *,
    count: int,
    most: int,
) -> None:
    """The same of rows that are asked for only when they are wanted, at most `most`."""
    key = f"prepare {file}"
    what = _all(count, noun) if count <= most else f"The newest {counted(most, noun)}"
    if count > EAGER_ROWS and not st.button(f"Prepare {what[0].lower()}{what[1:]}", key=key):
        return
    rows = ask()  # now: only a run of the page knows who asks
    _button(lambda: csv_bytes(rows, columns), f"{what} as CSV", file)


def _all(count: int, noun: str) -> str:
    return f"{'All ' if count > 1 else ''}{counted(count, noun)}"


def _button(data: Callable[[], bytes], label: str, file: str) -> None:
    st.download_button(
        label, data, f"{file}.csv", "text/csv", key=f"save {file}", on_click="ignore"
    )
