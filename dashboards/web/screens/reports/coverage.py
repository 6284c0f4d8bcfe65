"""Which reporter covers which day: pure functions from rows to Altair."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from analytics.query.window import Window
from dashboards.common.palette import Colour
from dashboards.web.components.bar_charts import day_columns
from dashboards.web.components.charts import Chart, days_axis
from schemas.sanitize import cell

__all__ = ["MOST_REPORTERS", "coverage_chart", "coverage_frame"]

Row = dict[str, Any]

MOST_REPORTERS = 20
LONGEST = 30
STEP = 20  # pixels of a reporter's line


def coverage_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (reporter, day) with reports, of those with the most days: reporter, day,
    day_text, rank, words."""
    days: dict[str, int] = {}
    for row in rows:
        days[row["reporter"]] = days.get(row["reporter"], 0) + 1
    shown = sorted(days, key=lambda name: (-days[name], name))[:MOST_REPORTERS]
    ranks = {name: rank for rank, name in enumerate(shown)}
    records = [
        day_columns(row["day"])
        | {
            "reporter": _short(row["reporter"]),
            "rank": ranks[row["reporter"]],
            "words": _words(row),
        }
        for row in rows
        if row["reporter"] in ranks
    ]
    return pd.DataFrame(records, columns=["day", "day_text", "reporter", "rank", "words"])


def _short(name: str) -> str:
    text = cell(name) or "(empty)"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _words(row: Row) -> str:
    parts = [(row["dmarc_reports"], "DMARC"), (row["tls_reports"], "TLS")]
    return ", ".join(f"{count:,} {kind}" for count, kind in parts if count)


def coverage_chart(frame: pd.DataFrame, window: Window, *, is_dark: bool) -> Chart:
    """A square for each day of a reporter on which it sent reports. Takes a `coverage_frame`."""
    ordered = list(dict.fromkeys(frame.sort_values("rank")["reporter"]))
    colour = (Colour.SKY if is_dark else Colour.BLUE).value
    squares = (
        alt.Chart(frame)
        .mark_rect(color=colour, cornerRadius=2)
        .encode(
            x=days_axis(window),
            y=alt.Y(
                "reporter:N",
                title=None,
                scale=alt.Scale(domain=ordered, paddingInner=0.2),
                axis=alt.Axis(labelLimit=150),
            ),
            tooltip=[
                alt.Tooltip("reporter:N", title="Reporter"),
                alt.Tooltip("day_text:N", title="Day (UTC)"),
                alt.Tooltip("words:N", title="Reports"),
            ],
        )
    )
    height = STEP * max(1, frame["reporter"].nunique())
    return alt.layer(squares, height=height, padding={"left": 0, "right": 8, "top": 0, "bottom": 0})
