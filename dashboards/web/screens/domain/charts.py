"""Charts of one domain: pass rates, policy changes on the time axis, losses and outcomes."""

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from analytics.query.window import Window
from dashboards.common import formatting
from dashboards.common.formatting import interval, percent, table_cell
from dashboards.common.palette import Palette, Share
from dashboards.web.components.charts import (
    COUNTS,
    HEIGHT,
    LEGEND,
    PADDING,
    Chart,
    Row,
    days_axis,
    pass_rate_per_day,
)

__all__ = [
    "loss_chart",
    "loss_frame",
    "outcomes_frame",
    "outcomes_per_day",
    "per_day",
    "policy_frame",
    "rate_per_day",
    "rates_chart",
    "rates_frame",
    "with_policy",
    "with_required",
]

MOST_SOURCES = 12
ROW_HEIGHT, AXIS = 26, 24  # pixels
# The outcome of a message -> the share whose colour it has.
OUTCOMES = {
    "passes": Share.PASSING,
    "rejected": Share.BROKEN,
    "quarantined": Share.UNDECIDED,
    "fails": Share.SPOOF,
    "indeterminate": Share.NO_RESULT,
}
SIDES = {"reports": "reports show", "dns": "DNS publishes"}


def policy_frame(rows: Sequence[Row], window: Window) -> pd.DataFrame:
    """One row per policy change in the window: day, day_text, label, by (in words).

    Takes rows of `analytics.policy.history`; the policy that was seen first is no change.
    """
    records = [
        {
            "day": row["day"].isoformat(),
            "day_text": f"{row['day']:%a} {formatting.day(row['day'])}",
            "label": _tags(row),
            "by": SIDES[row["by"]],
        }
        for row in rows
        if row["before"] is not None and window.first <= row["day"] <= window.last
    ]
    return pd.DataFrame(records, columns=["day", "day_text", "label", "by"])


def _tags(row: Row) -> str:
    after = [f"{tag}={row['after'][tag]}" for tag in row["tags"] if row["after"][tag]]
    gone = [f"no {tag}" for tag in row["tags"] if not row["after"][tag]]
    return table_cell(", ".join(after + gone)) or ""


def rate_per_day(
    frame: pd.DataFrame,
    window: Window,
    palette: Palette,
    changes: pd.DataFrame,
    required: tuple[float, str] | None,
) -> Chart:
    """Pass rates (a `rate_frame`) with the required rate and its label, and policy changes (a
    `policy_frame`)."""
    chart = pass_rate_per_day(frame, window, palette)
    if required is not None:
        chart = with_required(chart, *required, palette)
    return with_policy(chart, changes, window, palette, is_low=True)


def per_day(
    make: Callable[[pd.DataFrame, Window, Palette], Chart],
    frame: pd.DataFrame,
    window: Window,
    palette: Palette,
    changes: pd.DataFrame,
) -> Chart:
    """A chart of days with policy changes (a `policy_frame`)."""
    return with_policy(make(frame, window, palette), changes, window, palette)


def with_policy(
    chart: Chart, changes: pd.DataFrame, window: Window, palette: Palette, *, is_low: bool = False
) -> Chart:
    """The chart with a rule and a label where the policy changed: dashed where DNS says so. Labels
    stand at the top, or `is_low` at the bottom."""
    if changes.empty:
        return chart
    # Labels of one day stand below one another.
    changes = changes.assign(line=changes.groupby("day").cumcount())
    x, grey = days_axis(window), palette[Share.NO_RESULT]
    tooltip = [
        alt.Tooltip("day_text:N", title="Day (UTC)"),
        alt.Tooltip("label:N", title="Policy"),
        alt.Tooltip("by:N", title="Seen by"),
    ]
    dash = alt.condition(alt.datum.by == SIDES["dns"], alt.value([5, 4]), alt.value([1, 0]))
    rules = alt.Chart(changes).mark_rule(color=grey, strokeWidth=2)
    layers: Any = chart + rules.encode(x=x, strokeDash=dash, tooltip=tooltip)
    for right in (False, True):
        middle = date.fromordinal((window.first.toordinal() + window.last.toordinal()) // 2)
        side = changes[(changes["day"] > middle.isoformat()) == right]
        if side.empty:
            continue
        words = alt.Chart(side).mark_text(
            align="right" if right else "left",
            dx=-5 if right else 5,
            baseline="bottom" if is_low else "top",
            color=grey,
            fontSize=12,
            fontWeight="bold",
        )
        place = "height - 2 - 15 * datum.line" if is_low else "2 + 15 * datum.line"
        y = alt.value(alt.ExprRef(place))
        layers += words.encode(x=x, y=y, text=alt.Text("label:N"), tooltip=tooltip)
    return layers  # type: ignore[no-any-return]


def with_required(chart: Chart, rate: float, words: str, palette: Palette) -> Chart:
    """The chart of rates with the line of the required rate and its label."""
    frame = pd.DataFrame([{"rate": rate, "words": words}])
    colour = palette[Share.UNDECIDED]
    line = alt.Chart(frame).mark_rule(color=colour, strokeDash=[7, 4], strokeWidth=2)
    label = alt.Chart(frame).mark_text(
        align="left", baseline="top", dx=4, dy=4, color=colour, fontSize=12, fontWeight="bold"
    )
    rule = line.encode(y=alt.Y("rate:Q"))
    name = label.encode(y=alt.Y("rate:Q"), x=alt.value(0), text=alt.Text("words:N"))
    whole: Any = chart + rule + name
    return whole  # type: ignore[no-any-return]


def rates_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per source, the largest first: source, rate, low, high, messages, words, is_firm.

    Takes rows of `analytics.sources.totals`.
    """
    records = [
        {
            "source": table_cell(row["source"]),
            "rate": row["legitimate_aligned"] / row["legitimate"],
            "low": row["interval"][0],
            "high": row["interval"][1],
            "messages": row["legitimate"],
            "words": _words(row),
            "is_firm": row["enough"],
        }
        for row in rows
        if row["interval"]
    ]
    columns = ["source", "rate", "low", "high", "messages", "words", "is_firm"]
    return pd.DataFrame(records, columns=columns)


def _words(row: Row) -> str:
    counts = f"{row['legitimate_aligned']:,} of {row['legitimate']:,}"
    if not row["enough"]:
        return f"{counts}: too few messages"
    rate = percent(row["legitimate_aligned"] / row["legitimate"])
    return f"{rate} ({counts}), 95 % interval {interval(row['interval'])}"


def rates_chart(frame: pd.DataFrame, floor: float, palette: Palette) -> Chart:
    """Each source's rate with its interval; hollow where there is too little to tell."""
    shown = frame.head(MOST_SOURCES)
    blue, orange = palette[Share.PASSING], palette[Share.UNDECIDED]
    lowest = min([*shown["low"], floor], default=0.0)
    scale = alt.Scale(domain=[max(0, math.ceil(lowest * 20) - 1) / 20, 1], nice=False, zero=False)
    percents = alt.Axis(tickCount=5, labelExpr="format(datum.value * 100, '.3~f') + ' %'")
    x = alt.X("rate:Q", title=None, scale=scale, axis=percents)
    y = alt.Y("source:N", sort=None, title=None, axis=alt.Axis(labelLimit=150, labelOverlap=False))
    tooltip = [
        alt.Tooltip("source:N", title="Source"),
        alt.Tooltip("words:N", title="Passes"),
    ]
    firm = alt.datum.is_firm
    whiskers = alt.Chart(shown).mark_rule(strokeWidth=2, opacity=0.5, color=blue)
    points = alt.Chart(shown).mark_point(size=60, opacity=1, strokeWidth=1.8)
    line = alt.Chart(pd.DataFrame([{"rate": floor}])).mark_rule(
        color=orange, strokeDash=[7, 4], strokeWidth=2
    )
    return alt.layer(
        whiskers.encode(x=alt.X("low:Q", scale=scale, axis=percents), x2=alt.X2("high:Q"), y=y),
        points.encode(
            x=x,
            y=y,
            fill=alt.condition(firm, alt.value(blue), alt.value("transparent")),
            stroke=alt.condition(firm, alt.value(blue), alt.value(orange)),
            tooltip=tooltip,
        ),
        line.encode(x=alt.X("rate:Q")),
        height=AXIS + ROW_HEIGHT * len(shown),
        padding=PADDING,
    )


def loss_frame(replay: Row) -> pd.DataFrame:
    """What is left of the legitimate loss after each source is fixed, the largest first: step,
    source, left. Takes a row of `rua whatif`."""
    mine = [row for row in replay["by_source"] if row["class"] in ("own", "broken")]
    rows = [{"step": "now", "source": "", "left": replay["legitimate_lost"]}]
    rows += [
        {
            "step": f"{n}. fix {table_cell(row['source'])}",
            "source": table_cell(row["source"]) or "",
            "left": row["left_after"],
        }
        for n, row in enumerate(mine, start=1)
    ]
    return pd.DataFrame(rows, columns=["step", "source", "left"])


def loss_chart(frame: pd.DataFrame, palette: Palette) -> Chart:
    """Bars of what would still be lost, down to nothing. Takes a `loss_frame`."""
    shown = frame.head(MOST_SOURCES)
    most = int(shown["left"].max()) or 1
    y = alt.Y("step:N", sort=None, title=None, axis=alt.Axis(labelLimit=190, labelOverlap=False))
    x = alt.X(
        "left:Q",
        title=None,
        scale=alt.Scale(domain=[0, most * 1.12]),
        axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1),
    )
    tooltip = [
        alt.Tooltip("step:N", title="After"),
        alt.Tooltip("left:Q", title="Still lost, messages", format=",d"),
    ]
    bars = alt.Chart(shown).mark_bar(color=palette[Share.BROKEN]).encode(x=x, y=y, tooltip=tooltip)
    words = (
        alt.Chart(shown)
        .mark_text(align="left", dx=5, color=palette[Share.NO_RESULT], fontWeight="bold")
        .encode(x=x, y=y, text=alt.Text("left:Q", format=",d"))
    )
    return alt.layer(bars, words, height=AXIS + ROW_HEIGHT * len(shown), padding=PADDING)


def outcomes_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (day, outcome): day, day_text, outcome, rank, messages, legitimate.

    Takes rows of `analytics.sources.totals.replayed_fates`.
    """
    ranks = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}
    records = [
        {
            "day": row["day"].isoformat(),
            "day_text": f"{row['day']:%a} {formatting.day(row['day'])}",
            "outcome": row["fate"],
            "rank": ranks[row["fate"]],
            "messages": row["messages"],
            "legitimate": row["legitimate"],
        }
        for row in rows
    ]
    columns = ["day", "day_text", "outcome", "rank", "messages", "legitimate"]
    return pd.DataFrame(records, columns=columns)


def outcomes_per_day(frame: pd.DataFrame, window: Window, palette: Palette) -> Chart:
    """Stacked bars, what passes at the bottom. Takes an `outcomes_frame`."""
    present = [each for each in OUTCOMES if (frame["outcome"] == each).any()]
    scale = alt.Scale(domain=present, range=[palette[OUTCOMES[each]] for each in present])
    bars = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=days_axis(window),
            y=alt.Y("messages:Q", title=None, axis=COUNTS),
            color=alt.Color("outcome:N", scale=scale, legend=alt.Legend(**LEGEND)),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("day_text:N", title="Day (UTC)"),
                alt.Tooltip("outcome:N", title="Outcome"),
                alt.Tooltip("messages:Q", title="Messages", format=",d"),
                alt.Tooltip("legitimate:Q", title="of them legitimate", format=",d"),
            ],
        )
    )
    return alt.layer(bars, height=HEIGHT, padding=PADDING)
