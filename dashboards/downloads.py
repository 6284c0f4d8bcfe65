"""The rows of a panel as a CSV file. Charts save themselves as PNG, and tables as CSV, too."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.wording import table_cell

__all__ = ["csv_of", "offer"]


def csv_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV; what is text stays text in a spreadsheet."""
    plain = [{key: _plain(value) for key, value in row.items()} for row in rows]
    return str(pd.DataFrame(plain).to_csv(index=False))


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float) else table_cell(value)


def offer(rows: Iterable[Mapping[str, Any]], panel: str) -> None:
    """A button that saves the rows of a panel; nothing where there are none."""
    listed = list(rows)
    if listed:
        name = re.sub(r"[^a-z0-9]+", "-", panel.lower()).strip("-")
        st.download_button(
            f"{panel} as CSV",
            data=lambda: csv_of(listed),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"csv {panel}",
            on_click="ignore",
            type="tertiary",
            icon=None,
        )
