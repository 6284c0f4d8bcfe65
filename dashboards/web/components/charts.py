"""Messages and pass rates per day: pure functions from a frame to Altair.

Days go as text over an ordinal scale: a browser would move instants into its own time zone.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt
import pandas as pd

from analytics.query.window import Window
from dashboards.common import formatting
from dashboards.common.day_breakdown import counted_as
from dashboards.common.formatting import interval, percent
from dashboards.common.palette import Palette, Share

__all__ = [
    "Chart",
    "Row",
    "days_axis",
    "messages_frame",
    "messages_per_day",
    "pass_rate_per_day",
    "rate_frame",
]

Row = dict[str, Any]
Chart = alt.Chart | alt.LayerChart | alt.FacetChart

FIRM, HOLLOW = "pass rate, 95 % interval", "too few messages"
HEIGHT = 270
PADDING = {"left": 0, "right": 8, "top": 0, "bottom": 0}
# On a phone the legend takes three lines.
COLUMNS = alt.ExprRef("width < 480 ? 2 : width < 700 ? 3 : 6")
LEGEND: dict[str, Any] = {"orient": "top", "title": None, "labelLimit": 0, "columns": COLUMNS}
COUNTS = alt.Axis(format=",d", tickCount=5, tickMinStep=1)
FEW_DAYS, MANY_DAYS = 10, 60
BAND: dict[str, Any] = {"paddingInner": 0.25, "paddingOuter": 0.1}


def messages_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (day, share) with mail: day, day_text, share, rank, messages.

    Takes rows of `analytics.sources.totals.days`.
    """
    ranks = {share: rank for rank, share in enumerate(Share)}
    records = [
        _day(row["day"]) | {"share": str(share), "rank": ranks[share], "messages": count}
        for row in rows
        for share, count in counted_as(row)
        if count
    ]
    return pd.DataFrame(records, columns=["day", "day_text", "share", "rank", "messages"])


def messages_per_day(frame: pd.DataFrame, window: Window, palette: Palette) -> Chart:
    """Stacked bars, what passes at the bottom. Takes a `messages_frame`."""
    present = [share for share in Share if (frame["share"] == share).any()]
    colours = {str(share): palette[share] for share in present}
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    bars: Chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=days_axis(window),
            y=alt.Y("messages:Q", title=None, axis=COUNTS),
            color=alt.Color("share:N", scale=scale, legend=alt.Legend(**LEGEND)),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("day_text:N", title="Day (UTC)"),
                alt.Tooltip("share:N", title="Counted as"),
                alt.Tooltip("messages:Q", title="Messages", format=",d"),
            ],
        )
    )
    # A layer of one, so that it is laid out like the chart beside it.
    return alt.layer(bars, height=HEIGHT, padding=PADDING)


def rate_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per day of legitimate mail: its rate, 95 % interval, and whether that is firm.

    Takes rows of `analytics.sources.totals.days`.
    """
    columns = ["day", "day_text", "rate", "low", "high", "kind", "words"]
    return pd.DataFrame([_rate(row) for row in rows if row["interval"]], columns=columns)


def _rate(row: Row) -> Row:
    low, high = row["interval"]
    rate = row["legitimate_aligned"] / row["legitimate"]
    firm = row["enough"]
    counts = f"{row['legitimate_aligned']:,} of {row['legitimate']:,}"
    firmly = f"{percent(rate)} ({counts}), 95 % interval {interval(row['interval'])}"
    return _day(row["day"]) | {
        "rate": rate,
        "low": low,
        "high": high,
        "kind": FIRM if firm else HOLLOW,
        "words": firmly if firm else f"{counts}: {HOLLOW}",
    }


def pass_rate_per_day(frame: pd.DataFrame, window: Window, palette: Palette) -> Chart:
    """Firm days as points on a line with their intervals as whiskers, the others hollow.

    Takes a `rate_frame`. The line breaks where a day is not firm.
    """
    firm = _with_runs(frame[frame["kind"] == FIRM])
    blue = palette[Share.PASSING]
    axes: dict[str, Any] = {"x": days_axis(window), "y": _rate_axis("rate", frame)}
    whiskers = alt.Chart(firm).mark_rule(opacity=0.45, strokeWidth=2, color=blue)
    lines = alt.Chart(firm).mark_line(strokeWidth=1.5, color=blue)
    firmly = [
        whiskers.encode(x=axes["x"], y=_rate_axis("low", frame), y2=alt.Y2("high:Q")),
        lines.encode(**axes, detail=alt.Detail("run:N")),
    ]
    points = _points(frame, palette).encode(**axes)
    # An empty layer would be a name for a screen reader with nothing behind it.
    layers = [points] if firm.empty else [*firmly, points]
    return alt.layer(*layers, height=HEIGHT, padding=PADDING)


def _points(frame: pd.DataFrame, palette: Palette) -> alt.Chart:
    """Points with their legend, which names only the kinds that are there."""
    present = [kind for kind in (FIRM, HOLLOW) if (frame["kind"] == kind).any()]
    legend = alt.Legend(values=present, symbolType="circle", symbolSize=60, **LEGEND)
    edges = [palette[Share.PASSING], palette[Share.UNDECIDED]]
    stroke = alt.Scale(domain=[FIRM, HOLLOW], range=edges)
    fill = alt.Scale(domain=[FIRM, HOLLOW], range=[edges[0], "transparent"])
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_point(size=34, opacity=1, strokeWidth=1.5)
        .encode(
            stroke=alt.Stroke("kind:N", scale=stroke, legend=legend),
            fill=alt.Fill("kind:N", scale=fill, legend=legend),
            tooltip=[
                alt.Tooltip("day_text:N", title="Day (UTC)"),
                alt.Tooltip("words:N", title="Passes"),
            ],
        )
    )
    return chart


def _with_runs(firm: pd.DataFrame) -> pd.DataFrame:
    """Firm days, numbered by the runs of days in which no day is missing."""
    gaps = pd.to_datetime(firm["day"]).diff() != pd.Timedelta(days=1)
    return firm.assign(run=gaps.cumsum())


def _rate_axis(column: str, frame: pd.DataFrame) -> alt.Y:
    return alt.Y(
        f"{column}:Q",
        title=None,
        scale=alt.Scale(domain=[_floor(frame), 1], nice=False, zero=False),
        axis=alt.Axis(tickCount=5, labelExpr="format(datum.value * 100, '.3~f') + ' %'"),
    )


def _floor(frame: pd.DataFrame) -> float:
    """The lower end of the scale, in steps of 5 points: below every rate and whisker."""
    lows = [*frame["rate"], *frame.loc[frame["kind"] == FIRM, "low"]]
    steps = int((min(lows, default=0.0) - 1e-9) * 20)
    return max(0, steps) / 20


def days_axis(window: Window) -> alt.X:
    """All days of the window, with mail or without; the labelled ones are Mondays if many."""
    # Tuples: Altair copies each list of each layer a dozen times.
    every = tuple(window.first + timedelta(days=n) for n in range(window.days))
    labelled = tuple(day for day in every if window.days <= FEW_DAYS or not day.weekday())
    if window.days > MANY_DAYS:
        labelled = labelled[::2]
    return alt.X(
        "day:O",
        title=None,
        scale=alt.Scale(domain=tuple(map(date.isoformat, every)), **BAND),
        axis=alt.Axis(
            values=tuple(map(date.isoformat, labelled)),
            labelExpr="utcFormat(utcParse(datum.value, '%Y-%m-%d'), '%-d %b')",
            labelAngle=0,
            labelOverlap="greedy",
            labelFlush=False,
        ),
    )


def _day(value: date) -> Row:
    return {"day": value.isoformat(), "day_text": f"{value:%a} {formatting.day(value)}"}
