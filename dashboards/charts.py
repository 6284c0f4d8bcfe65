"""Charts: pure functions from a frame to Altair, with nothing in them but days and counts.

Days are UTC. The scales say so, because a browser would move them into its own time zone.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt
import pandas as pd

from analytics.window import Window
from dashboards.theme import Colour, Share
from dashboards.wording import interval, is_telling, percent

__all__ = ["messages_frame", "messages_per_day", "pass_rate_per_day", "rate_frame"]

Row = dict[str, Any]

SHARES = {
    Share.PASSING: Colour.BLUE,
    Share.FAILING: Colour.VERMILION,
    Share.UNDECIDED: Colour.GREY,
    Share.NO_RESULT: Colour.ORANGE,
}
HEIGHT = 260
FEW_DAYS = 10


def messages_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (day, share) with mail: day, share, order, messages. Rows as of `days`."""
    counted = [(row["day"], share, count) for row in rows for share, count in _shares(row)]
    frame = pd.DataFrame(counted, columns=["day", "share", "messages"])
    frame["day"] = pd.to_datetime(frame["day"])
    frame["order"] = frame["share"].map({str(share): n for n, share in enumerate(SHARES)})
    return frame[frame["messages"] > 0].reset_index(drop=True)


def _shares(row: Row) -> list[tuple[str, int]]:
    """What a day's messages are counted as; the four add up to all of them."""
    no_result = row["messages"] - row["undecided"] - row["legitimate"]
    return [
        (str(Share.PASSING), row["legitimate_aligned"]),
        (str(Share.FAILING), row["legitimate"] - row["legitimate_aligned"]),
        (str(Share.UNDECIDED), row["undecided"]),
        (str(Share.NO_RESULT), no_result),
    ]


def messages_per_day(frame: pd.DataFrame, window: Window) -> alt.Chart:
    """Stacked bars, what passes at the bottom. Takes a `messages_frame`."""
    present = [share for share in SHARES if (frame["share"] == share).any()]
    colour = alt.Color("share:N", title=None).scale(
        domain=[str(share) for share in present],
        range=[str(SHARES[share]) for share in present],
    )
    return (
        alt.Chart(frame)
        .mark_bar(width=alt.RelativeBandSize(0.8))
        .encode(
            x=_days_axis(window),
            y=alt.Y("messages:Q", title=None).stack("zero").axis(format=",d", tickCount=5),
            color=colour.legend(**LEGEND),
            order=alt.Order("order:O"),
            tooltip=[DAY_TIP, alt.Tooltip("share:N", title="Counted as"),
                     alt.Tooltip("messages:Q", title="Messages", format=",d")],
        )
        .properties(height=HEIGHT)
    )


def rate_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per day of legitimate mail: its rate and 95 % interval, and whether that is firm.

    `firm_rate` is missing on other days, so that a line through it breaks there; days without
    mail in between are there, empty, for the same reason.
    """
    records = [_rate(row) for row in rows if row["interval"]]
    columns = ["day", "rate", "firm_rate", "low", "high", "firm", "said"]
    frame = pd.DataFrame(records, columns=columns)
    frame["day"] = pd.to_datetime(frame["day"])
    if frame.empty:
        return frame
    every = pd.date_range(frame["day"].min(), frame["day"].max(), name="day")
    return frame.set_index("day").reindex(every).reset_index()


def _rate(row: Row) -> Row:
    low, high = row["interval"]
    rate = row["legitimate_aligned"] / row["legitimate"]
    firm = is_telling(row["interval"])
    of = f"{row['legitimate_aligned']:,} of {row['legitimate']:,}"
    said = f"{percent(rate)} ({of}), 95 % interval {interval(row['interval'])}"
    return {
        "day": row["day"],
        "rate": rate,
        "firm_rate": rate if firm else None,
        "low": low,
        "high": high,
        "firm": firm,
        "said": said if firm else f"too few to tell: {of} pass",
    }


def pass_rate_per_day(frame: pd.DataFrame, window: Window) -> alt.LayerChart:
    """Firm days as points on a line, the others as hollow points; a whisker is the interval."""
    scale = alt.Scale(domain=[_floor(frame), 1], nice=False)
    axis = alt.Axis(format=".0%" if _floor(frame) < 0.95 else ".1%", tickCount=5)
    rate_y = alt.Y("rate:Q", title=None, scale=scale, axis=axis)
    tips = [DAY_TIP, alt.Tooltip("said:N", title="Passes")]
    base = alt.Chart(frame).encode(x=_days_axis(window))
    whiskers = base.mark_rule(opacity=0.45, strokeWidth=2, clip=True).encode(
        y=alt.Y("low:Q", title=None, scale=scale, axis=axis), y2="high:Q",
        color=alt.when("datum.firm").then(BLUE).otherwise(GREY),
    )
    line = base.mark_line(color=Colour.BLUE, strokeWidth=1.5, clip=True).encode(
        y=alt.Y("firm_rate:Q", title=None, scale=scale, axis=axis)
    )
    points = base.mark_point(size=38, opacity=1, strokeWidth=1.5).encode(
        y=rate_y,
        color=alt.when("datum.firm").then(BLUE).otherwise(GREY),
        fill=alt.when("datum.firm").then(BLUE).otherwise(alt.value("transparent")),
        tooltip=tips,
    )
    return alt.layer(whiskers, line, points).properties(height=HEIGHT)


def _floor(frame: pd.DataFrame) -> float:
    """The lower end of the scale: below every rate and every firm interval, in steps of 5 points.

    The whiskers of other days may leave the picture: what they cannot tell needs no room.
    """
    lowest = min(frame["rate"].min(), frame.loc[frame["firm"] == True, "low"].min())  # noqa: E712
    return max(0.0, (int(lowest * 20 - 1e-9)) / 20) if pd.notna(lowest) else 0.0


def _days_axis(window: Window) -> alt.X:
    """All days of the window, whether they have mail or not."""
    ends = [_instant(window.first), _instant(window.last + timedelta(days=1))]
    step = "day" if window.days <= FEW_DAYS else "week" if window.days <= 60 else "month"
    return (
        alt.X("utcyearmonthdate(day):T", title=None)
        .scale(type="utc", domain=ends)
        .axis(
            format="%-d %b", labelAngle=0, labelOverlap=True, grid=False, labelBound=True,
            tickCount=alt.TimeIntervalStep(alt.TimeInterval(step), 1),
        )
    )


def _instant(value: date) -> alt.DateTime:
    return alt.DateTime(year=value.year, month=value.month, date=value.day, utc=True)


BLUE, GREY = alt.value(str(Colour.BLUE)), alt.value(str(Colour.GREY))
DAY_TIP = alt.Tooltip("utcyearmonthdate(day):T", title="Day (UTC)", format="%a %-d %b %Y")
LEGEND: dict[str, Any] = {"orient": "top", "symbolType": "square", "labelLimit": 0}
