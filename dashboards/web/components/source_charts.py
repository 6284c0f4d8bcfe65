"""Charts of sources: the days of each as a strip, one source day by day, and the map.

Pure functions from rows to frames and from frames to Altair, as in `components.charts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from analytics.query.window import Window
from dashboards.common import formatting
from dashboards.common.palette import Palette, Share
from dashboards.web.components.charts import LEGEND, PADDING, Chart, days_axis
from dashboards.web.components.countries import World
from schemas.sanitize import cell

__all__ = [
    "day_frame",
    "messages_by_day",
    "strip_chart",
    "strip_frame",
    "world_chart",
]

Row = Mapping[str, Any]

# How much mail, in steps of ten: light is little on light ground, dark is little on dark ground.
# Lightness alone tells them apart, whatever colours one sees.
LEVELS = ("1 – 9", "10 – 99", "100 – 999", "1,000 and more")
ON_LIGHT_STEPS = ("#a9cde8", "#5aa2d2", "#2271ae", "#08306b")
ON_DARK_STEPS = ("#1f4e79", "#3d86bf", "#8cc4ea", "#e3f2fd")
LAND = {"light": "#eceae6", "dark": "#3a3c42"}
ROW_HEIGHT, AXIS, CHART_HEIGHT, MAP_HEIGHT = 20, 90, 220, 380  # AXIS with the legend
PASSES, NO_RESULT, FAILS = "passes", "no result", "fails"


def level(messages: int) -> str:
    """The step that a number of messages stands on."""
    return LEVELS[min(len(str(messages)), len(LEVELS)) - 1]


def strip_frame(rows: Iterable[Row], order: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """One row per (service, day): name, day, day_text, messages, aligned, level.

    Takes rows of `drilldown.strips`, and the (domain, source) of the services in their
    order; a service's name holds its domain where there are several.
    """
    names = strip_names(order)
    records = [
        {
            "name": names[row["domain"], row["source"]],
            "day": row["day"].isoformat(),
            "day_text": f"{row['day']:%a} {formatting.day(row['day'])}",
            "messages": row["messages"],
            "aligned": row["aligned"],
            "level": level(row["messages"]),
        }
        for row in rows
    ]
    columns = ["name", "day", "day_text", "messages", "aligned", "level"]
    return pd.DataFrame(records, columns=columns)


def strip_names(order: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What each service is called on the axis; no two are called alike."""
    several = len({domain for domain, _ in order}) > 1
    return {
        (domain, source): cell(f"{source} · {domain}" if several else source)
        for domain, source in order
    }


def strip_chart(
    frame: pd.DataFrame, order: Sequence[tuple[str, str]], window: Window, *, dark: bool
) -> Chart:
    """A row of cells for each service, one for each day with mail. Takes a `strip_frame`."""
    names = list(strip_names(order).values())
    chart: Chart = (
        alt.Chart(frame)
        .mark_rect(cornerRadius=1.5)
        .encode(
            x=days_axis(window),
            y=alt.Y(
                "name:N",
                title=None,
                sort=names,
                scale=alt.Scale(domain=names, paddingInner=0.25),
                axis=alt.Axis(
                    labelLimit=alt.ExprRef("width < 480 ? 90 : 220"), ticks=False, domain=False
                ),
            ),
            color=_steps("level:O", dark=dark),
            tooltip=[
                alt.Tooltip("name:N", title="Source"),
                alt.Tooltip("day_text:N", title="Day (UTC)"),
                alt.Tooltip("messages:Q", title="Messages", format=",d"),
                alt.Tooltip("aligned:Q", title="Passing", format=",d"),
            ],
        )
    )
    return alt.layer(chart, height=AXIS + ROW_HEIGHT * len(names), padding=PADDING)


def day_frame(rows: Iterable[Row]) -> pd.DataFrame:
    """One row per (day, result) with mail: day, day_text, result, rank, messages.

    Takes rows of `analytics.sources.drilldown.days`.
    """
    records = [
        {
            "day": row["day"].isoformat(),
            "day_text": f"{row['day']:%a} {formatting.day(row['day'])}",
            "result": result,
            "rank": rank,
            "messages": count,
        }
        for row in rows
        for rank, (result, count) in enumerate(_results(row))
        if count
    ]
    return pd.DataFrame(records, columns=["day", "day_text", "result", "rank", "messages"])


def _results(row: Row) -> tuple[tuple[str, int], ...]:
    failing = row["messages"] - row["aligned"] - row["indeterminate"]
    return (PASSES, row["aligned"]), (NO_RESULT, row["indeterminate"]), (FAILS, failing)


def messages_by_day(frame: pd.DataFrame, window: Window, palette: Palette) -> Chart:
    """Stacked bars of one source, what passes at the bottom. Takes a `day_frame`."""
    shares = {PASSES: Share.PASSING, NO_RESULT: Share.NO_RESULT, FAILS: Share.BROKEN}
    present = [name for name in shares if (frame["result"] == name).any()]
    scale = alt.Scale(domain=present, range=[palette[shares[name]] for name in present])
    chart: Chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=days_axis(window),
            y=alt.Y("messages:Q", title=None, axis=alt.Axis(format=",d", tickCount=4)),
            color=alt.Color("result:N", scale=scale, legend=alt.Legend(**LEGEND)),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("day_text:N", title="Day (UTC)"),
                alt.Tooltip("result:N", title="DMARC"),
                alt.Tooltip("messages:Q", title="Messages", format=",d"),
            ],
        )
    )
    return alt.layer(chart, height=CHART_HEIGHT, padding=PADDING)


def world_chart(rows: Iterable[Row], world: World, *, dark: bool) -> Chart:
    """Countries by messages, as of `data.countries`; small ones are dots."""
    counted = {row["country"]: row for row in rows}
    facts = {code: _facts(world, code, row) for code, row in counted.items() if code}
    ground = LAND["dark" if dark else "light"]
    shapes = alt.Chart(_features()).mark_geoshape(fill=ground, stroke=None, aria=False)
    found = [{**facts[each["code"]], **each} for each in world.places if each["code"] in facts]
    layers = [shapes, _filled(dark=dark)]
    if found:
        layers.append(_dots(found, dark=dark))
    return alt.layer(
        *layers,
        height=MAP_HEIGHT,
        padding=PADDING,
        projection=alt.Projection(type="equalEarth"),
        # By name: Altair copies whatever a layer holds a dozen times.
        datasets={"world": _with_facts(world.topology, facts)},
    )


def _facts(world: World, code: str, row: Row) -> dict[str, Any]:
    counts = {key: row[key] for key in ("addresses", "undecided", "messages")}
    return {"name": world.name(code), "level": level(row["messages"]), **counts}


def _features() -> alt.NamedData:
    form = alt.TopoDataFormat(feature="countries", type="topojson")
    return alt.NamedData(name="world", format=form)


def _with_facts(
    topology: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The topology, with our numbers as the properties of the countries with mail."""
    shapes = [
        {**each, "properties": facts.get(each["properties"].get("code"), {})}
        for each in topology["objects"]["countries"]["geometries"]
    ]
    countries = {"type": "GeometryCollection", "geometries": shapes}
    return {**topology, "objects": {"countries": countries}}


def _filled(*, dark: bool) -> alt.Chart:
    edge = LAND["dark" if dark else "light"]
    chart: alt.Chart = (
        alt.Chart(_features())
        .transform_filter("isValid(datum.properties.level)")
        .mark_geoshape(stroke=edge, strokeWidth=0.5, aria=False)
        .encode(color=_steps("properties.level:O", dark=dark), tooltip=_tooltip("properties."))
    )
    return chart


def _dots(places: Sequence[Row], *, dark: bool) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(places))
        .mark_circle(size=70, opacity=1, stroke="#808080", strokeWidth=0.8)
        .encode(
            longitude=alt.Longitude("longitude:Q"),
            latitude=alt.Latitude("latitude:Q"),
            color=_steps("level:O", dark=dark),
            tooltip=_tooltip(""),
        )
    )
    return chart


def _tooltip(before: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip(f"{before}name:N", title="Country"),
        alt.Tooltip(f"{before}messages:Q", title="Messages", format=",d"),
        alt.Tooltip(f"{before}addresses:Q", title="Senders", format=",d"),
        alt.Tooltip(f"{before}undecided:Q", title="Undecided senders", format=",d"),
    ]


def _steps(field: str, *, dark: bool) -> alt.Color:
    steps = ON_DARK_STEPS if dark else ON_LIGHT_STEPS
    legend = {**LEGEND, "title": "Messages", "symbolType": "square", "values": list(LEVELS)}
    return alt.Color(
        field,
        scale=alt.Scale(domain=list(LEVELS), range=list(steps)),
        legend=alt.Legend(**legend),
    )
