"""Bars per day, split into parts: pure functions from a frame to Altair."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from analytics.query.window import Window
from dashboards.common.formatting import day
from dashboards.common.palette import Colour
from dashboards.web.components.charts import Chart, days_axis
from schemas.sanitize import cell

__all__ = ["OTHERS", "colours_of", "day_columns", "largest_parts", "points", "stack", "stack_frame"]

Row = dict[str, Any]

HEIGHT = 240
PADDING = {"left": 0, "right": 8, "top": 0, "bottom": 0}
MOST_PARTS = 6
LONGEST = 36  # characters of a part's name in the legend
OTHERS = "all others"
LETTER, SYMBOL = 7, 40  # pixels in a legend
MANY = 10_000_000  # from here on, axes say 10M
# Okabe and Ito's, as in palette.py, for any colour vision on light and dark ground.
ORDER = (
    *(Colour.VERMILION, Colour.ORANGE, Colour.PURPLE, Colour.GREEN, Colour.SKY, Colour.BLUE),
    Colour.GREY,
)


def day_columns(value: date) -> Row:
    """A day for an ordinal scale, and as a person reads it."""
    return {"day": value.isoformat(), "day_text": f"{value:%a} {day(value)}"}


def stack_frame(parts: Iterable[tuple[date, str, int]], order: Sequence[str]) -> pd.DataFrame:
    """One row per (day, part): day, day_text, part, rank, count. `order` is that of the stack."""
    ranks = {part: rank for rank, part in enumerate(order)}
    records = [
        # A browser counts in floating point; what a stranger made up may be larger than it can.
        day_columns(when) | {"part": part, "rank": ranks[part], "count": float(count)}
        for when, part, count in parts
        if count
    ]
    return pd.DataFrame(records, columns=["day", "day_text", "part", "rank", "count"])


def largest_parts(
    rows: Iterable[tuple[date, str | None, int]], unnamed: str
) -> tuple[list[tuple[date, str, int]], list[str]]:
    """Rows of the largest parts under short, plain names, the rest as one; and these names in
    order. `unnamed` stands for None."""
    named = [(when, _short(part) if part is not None else unnamed, n) for when, part, n in rows]
    totals: dict[str, int] = {}
    for _, part, count in named:
        totals[part] = totals.get(part, 0) + count
    named_apart = sorted(totals.keys() - {OTHERS}, key=lambda part: (-totals[part], part))
    shown = named_apart[:MOST_PARTS]
    sums: dict[tuple[date, str], int] = {}
    for when, part, count in named:
        key = (when, part if part in shown else OTHERS)
        sums[key] = sums.get(key, 0) + count
    order = [*shown, OTHERS] if totals.keys() - set(shown) else shown
    return [(*key, count) for key, count in sums.items()], order


def _short(part: str) -> str:
    text = cell(part) or "(empty)"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def colours_of(order: Sequence[str]) -> dict[str, str]:
    """A colour for each part; the rest is grey."""
    found = dict(zip(order, (each.value for each in ORDER), strict=False))
    return {part: Colour.GREY.value if part == OTHERS else found[part] for part in order}


def stack(
    frame: pd.DataFrame, window: Window, colours: Mapping[str, str], *, noun: str, counted_as: str
) -> Chart:
    """Stacked bars, the first part at the bottom. Takes a `stack_frame`."""
    present = [part for part in colours if (frame["part"] == part).any()]
    scale = alt.Scale(domain=present, range=[colours[part] for part in present])
    entry = LETTER * max(map(len, present), default=1) + SYMBOL
    columns = alt.ExprRef(f"max(1, floor(width / {entry}))")
    legend = alt.Legend(orient="top", title=None, labelLimit=0, columns=columns)
    bars = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=days_axis(window),
            y=alt.Y("count:Q", title=None, axis=_counts_axis(frame)),
            color=alt.Color("part:N", scale=scale, legend=legend),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("day_text:N", title="Day (UTC)"),
                alt.Tooltip("part:N", title=counted_as),
                alt.Tooltip("count:Q", title=noun, format=",d"),
            ],
        )
    )
    return alt.layer(bars, height=HEIGHT, padding=PADDING)


def _counts_axis(frame: pd.DataFrame) -> alt.Axis:
    is_many = not frame.empty and frame.groupby("day")["count"].sum().max() >= MANY
    return alt.Axis(format="~s" if is_many else ",d", tickCount=5, tickMinStep=1)


def points(frame: pd.DataFrame, window: Window, colour: str, *, title: str) -> Chart:
    """A point per day: day, day_text, value, words."""
    marks = (
        alt.Chart(frame)
        .mark_point(size=60, filled=True, opacity=1, color=colour)
        .encode(
            x=days_axis(window),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=",~r", tickCount=5)),
            tooltip=[
                alt.Tooltip("day_text:N", title="Day (UTC)"),
                alt.Tooltip("value:Q", title=title, format=",.0f"),
                alt.Tooltip("words:N", title="Read"),
            ],
        )
    )
    return alt.layer(marks, height=HEIGHT, padding=PADDING)
