"""The rows of a panel as a CSV file. Charts save themselves as PNG, and tables as CSV, too."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.common.formatting import table_cell

__all__ = ["csv_of", "offer"]


Rows = pd.DataFrame | Sequence[Mapping[str, Any]]


def csv_of(rows: Rows) -> str:
    """Rows as CSV; what is text stays text in a spreadsheet."""
    return str(pd.DataFrame(rows).map(_plain).to_csv(index=False))


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT:
        return None
    return value if isinstance(value, int | float) else table_cell(value)


def offer(rows: Rows, panel: str) -> None:
    """A button that saves the rows of a panel; nothing where there are none."""
    if len(rows):
        name = re.sub(r"[^a-z0-9]+", "-", panel.lower()).strip("-")
        st.download_button(
            f"{panel} as CSV",
            data=lambda: csv_of(rows),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"csv {panel}",
            on_click="ignore",
            type="tertiary",
        )
