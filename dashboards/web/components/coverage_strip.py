"""Which days each reporter covered, as a strip: gaps are hatched, not only coloured."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from analytics.query.window import Window
from analytics.reports.coverage import Arrival
from dashboards.common import formatting
from dashboards.common.formatting import table_cell
from dashboards.common.palette import Palette, Share
from dashboards.web.components.charts import Chart, Row, days_axis

__all__ = ["arrivals_frame", "arrivals_strip", "gap_words"]

EVERYONE = "all reporters"
ROW_HEIGHT = 18
HATCH = "M-1,-0.2L-0.2,-1M-1,1L1,-1M0.2,1L1,0.2"  # diagonals across a square
SIDE = "min(bandwidth('x'), bandwidth('y'))"
RECEIVED, GAP, DUE = "received", "missing", "may still arrive"
STATES = {Arrival.CAME: RECEIVED, Arrival.GAP: GAP, Arrival.DUE: DUE, Arrival.NONE: "not expected"}


def arrivals_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (reporter, day): day, day_text, reporter, reports, state (in words).

    Takes rows of `analytics.reports.coverage`.
    """
    records = [
        {
            "day": row["day"].isoformat(),
            "day_text": f"{row['day']:%a} {formatting.day(row['day'])}",
            "reporter": table_cell(row["reporter"]) or EVERYONE,
            "reports": row["reports"],
            "state": STATES[Arrival(row["state"])],
        }
        for row in rows
    ]
    return pd.DataFrame(records, columns=["day", "day_text", "reporter", "reports", "state"])


def arrivals_strip(frame: pd.DataFrame, window: Window, palette: Palette) -> Chart:
    """Takes an `arrivals_frame`."""
    reporters = list(dict.fromkeys(frame["reporter"]))
    colours = {RECEIVED: palette[Share.PASSING], GAP: palette[Share.BROKEN], DUE: "transparent"}
    present = [state for state in colours if (frame["state"] == state).any()]
    shown = frame[frame["state"].isin(present)]
    x = days_axis(window)
    y = alt.Y(
        "reporter:N",
        sort=None,
        title=None,
        scale=alt.Scale(domain=reporters, paddingInner=0.2),
        axis=alt.Axis(labelLimit=150, labelOverlap=False, domain=False, ticks=False),
    )
    tooltip = [
        alt.Tooltip("day_text:N", title="Day (UTC)"),
        alt.Tooltip("reporter:N", title="Reporter"),
        alt.Tooltip("state:N", title="Report"),
        alt.Tooltip("reports:Q", title="Reports", format=",d"),
    ]
    of_state = {state: alt.Chart(shown[shown["state"] == state]) for state in present}
    marks: list[alt.Chart] = []  # none of them empty: a screen reader would find nothing in it
    if RECEIVED in of_state:
        marks.append(of_state[RECEIVED].mark_rect(color=colours[RECEIVED]))
    if GAP in of_state:
        cells = of_state[GAP].mark_rect(fill="transparent", stroke=colours[GAP], strokeWidth=1)
        parts = (-1, -0.5, 0, 0.5, 1)
        marks += [cells, *(_hatch(of_state[GAP], colours[GAP], part) for part in parts)]
    if DUE in of_state:
        grey = palette[Share.NO_RESULT]
        marks.append(
            of_state[DUE].mark_point(shape="circle", filled=True, opacity=0.55, size=8, color=grey)
        )
    layers = [each.encode(x=x, y=y, tooltip=tooltip) for each in marks]
    return alt.layer(*layers, height=ROW_HEIGHT * len(reporters))


def _hatch(gaps: alt.Chart, colour: str, part: float) -> alt.Chart:
    """Diagonals in the middle of a gap, or `part` of the way to its left or right end: a square
    fills no wide cell."""
    chart: alt.Chart = gaps.mark_point(
        shape=HATCH,
        filled=False,
        opacity=1,
        stroke=colour,
        strokeWidth=1.4,
        size=alt.ExprRef(f"pow({SIDE}, 2)"),
        xOffset=alt.ExprRef(f"{part} * (bandwidth('x') - {SIDE}) / 2"),
    )
    return chart


def gap_words(rows: Sequence[Row]) -> str:
    """The strip in words."""
    days = [row for row in rows if row["reporter"] is None and row["state"] == Arrival.GAP]
    gaps = [row for row in rows if row["reporter"] is not None and row["state"] == Arrival.GAP]
    who = len({row["reporter"] for row in gaps})
    if not days and not gaps:
        return "Every expected report arrived."
    parts = []
    if days:
        parts.append(f"{formatting.amount(len(days), 'day')} without any report")
    if gaps:
        missed = formatting.amount(len(gaps), "day")
        parts.append(
            f"{missed} without an expected report from {formatting.amount(who, 'reporter')}"
        )
    return f"{' and '.join(parts)} (hatched)."
