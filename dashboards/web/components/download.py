"""The rows of a panel or a list as a CSV file."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.common.formatting import amount, plural
from dashboards.web.components.table import value_of
from schemas.csv_writer import csv_text

__all__ = ["MOST_SAVED", "csv_of", "offer", "offer_all"]

Rows = pd.DataFrame | Sequence[Any]

EAGER_ROWS = 1_000  # a longer list is read only when it is wanted
MOST_SAVED = 50_000  # rows of one file; the commands know no such limit
UNSAFE_NAME = re.compile(r"[^a-z0-9]+")


def csv_of(rows: Rows, columns: Sequence[str] | None = None) -> str:
    """The columns of the rows as CSV; without names all that the first row has."""
    listed: Sequence[Any] = rows if not isinstance(rows, pd.DataFrame) else _records(rows)
    keys = columns if columns is not None else list(listed[0]) if listed else []
    return csv_text(keys, ([value_of(row, key) for key in keys] for row in listed))


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def offer(rows: Rows, name: str, columns: Sequence[str] | None = None) -> None:
    """A button that saves these rows under their `name`; nothing where there are none."""
    if len(rows):
        _button(lambda: csv_of(rows, columns), name, name)


def offer_all(
    ask: Callable[[int], Sequence[Any]],
    noun: str,
    columns: Sequence[str],
    *,
    count: int,
    most: int = MOST_SAVED,
) -> None:
    """A button that saves all pages of a list of `count` rows, the newest `most` at least.
    `ask(most)` reads them: at once where they are few, else when they are wanted."""
    if not count:
        return
    what = amount(count, noun) if count <= most else f"the newest {amount(most, noun)}"
    if count > EAGER_ROWS and not st.button(
        f"Prepare {what} as CSV", key=f"prepare {noun}", type="tertiary"
    ):
        return
    rows = ask(min(count, most))  # now: only a run of the page knows who asks
    _button(lambda: csv_of(rows, columns), what, plural(noun))


def _button(data: Callable[[], str], what: str, name: str) -> None:
    file = UNSAFE_NAME.sub("-", name.lower()).strip("-")
    st.download_button(
        f"Save {what} as CSV",
        data,
        f"{file}.csv",
        "text/csv",
        key=f"save {file}",
        on_click="ignore",
        type="tertiary",
    )
