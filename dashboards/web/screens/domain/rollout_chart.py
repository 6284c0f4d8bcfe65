"""The road from p=none to p=reject as a picture: the present policy and the next checks."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from analytics.advice.domain_state import LEVELS
from dashboards.common.formatting import amount, day
from dashboards.common.palette import Palette, Share
from dashboards.web.components.charts import PADDING, Chart
from dashboards.web.screens.domain.data import Place
from dashboards.web.session.query_cache import Row
from schemas.sanitize import cell

__all__ = ["CLOSED", "OPEN", "gates_frame", "road", "road_name"]

HEIGHT = 130
STEP, GATE_FIRST, GATE_LAST = 100, 16, 84  # along the road; checks are between two steps
OPEN, CLOSED = "passes", "fails"
TEXT = {"fontSize": 13}


def gates_frame(place: Place) -> pd.DataFrame:
    """One row per check before the next step: x, state, gate, measured, required."""
    start = STEP * LEVELS.index(place.level)
    count = len(place.gates)
    apart = (GATE_LAST - GATE_FIRST) / max(1, count - 1)
    rows = [
        {
            "x": start + GATE_FIRST + n * apart,
            "state": OPEN if gate["ok"] else CLOSED,
            "gate": gate["name"],
            "measured": cell(gate["measured"]),
            "required": gate["required"],
        }
        for n, gate in enumerate(place.gates)
    ]
    columns = ["x", "state", "gate", "measured", "required"]
    return pd.DataFrame(rows, columns=columns)


def road(place: Place, advice: Row, tried: str | None, palette: Palette) -> Chart:
    """`tried` is the level of the what-if mode. Passed checks are rings, failed ones crosses."""
    here, end = STEP * LEVELS.index(place.level), STEP * LEVELS.index(place.goal)
    end = max(here, end)
    blue, red = palette[Share.PASSING], palette[Share.BROKEN]
    grey = palette[Share.NO_RESULT]
    layers: list[Chart] = [
        _line(0, end, grey, 3),
        _line(0, here, blue, 7),
        _steps(place, blue, grey),
        _words([(STEP * n, name) for n, name in enumerate(LEVELS) if STEP * n <= end], 32, grey),
        _words([(here, _here_since(advice))], -34, grey, size=12),
    ]
    if place.next is not None and place.gates:
        layers.append(_gates(gates_frame(place), blue, red))
    if tried is not None:
        layers.append(_tried(STEP * LEVELS.index(tried), palette[Share.UNDECIDED]))
    return alt.layer(*layers, height=HEIGHT, padding=PADDING)


def _here_since(advice: Row) -> str:
    since = advice["window"]["policy_since"]
    days = (advice["window"]["last_report_day"] - since).days + 1
    return f"here since {day(since)}, {amount(days, 'day')}"


def _x(field: str = "x:Q") -> alt.X:
    scale = alt.Scale(domain=[-28, 2 * STEP + 28], nice=False, zero=False)
    return alt.X(field, scale=scale, axis=None)


def _y(value: int = 0) -> Any:
    return alt.YDatum(value, type="quantitative", scale=alt.Scale(domain=[-1, 1]), axis=None)


def _line(start: int, end: int, colour: str, width: int) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame([{"x": start, "to": end}]))
        .mark_rule(color=colour, strokeWidth=width, strokeCap="round")
        .encode(x=_x(), x2=alt.X2("to:Q"), y=_y())
    )
    return chart


def _steps(place: Place, blue: str, grey: str) -> alt.Chart:
    here, goal = LEVELS.index(place.level), LEVELS.index(place.goal)
    rows = [
        {
            "x": STEP * n,
            "fill": blue if n <= here else "transparent",
            "stroke": blue if n <= here else grey,
            "size": 520 if n == here else 240,
            "words": f"p={name}" + (", the goal" if n == goal else ""),
        }
        for n, name in enumerate(LEVELS)
        if n <= max(here, goal)
    ]
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_point(shape="circle", opacity=1, strokeWidth=3)
        .encode(
            x=_x(),
            y=_y(),
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.Stroke("stroke:N", scale=None),
            size=alt.Size("size:Q", scale=None),
            tooltip=[alt.Tooltip("words:N", title="Step")],
        )
    )
    return chart


def _words(
    texts: Sequence[tuple[int, str]], dy: int, colour: str, size: int = TEXT["fontSize"]
) -> alt.Chart:
    rows = [{"x": x, "text": text} for x, text in texts]
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_text(dy=dy, color=colour, fontSize=size, fontWeight="bold")
        .encode(x=_x(), y=_y(), text=alt.Text("text:N"))
    )
    return chart


def _gates(frame: pd.DataFrame, blue: str, red: str) -> alt.Chart:
    colours = alt.Scale(domain=[OPEN, CLOSED], range=[blue, red])
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_point(size=110, opacity=1, strokeWidth=2.4)
        .encode(
            x=_x(),
            y=_y(),
            shape=alt.Shape(
                "state:N",
                scale=alt.Scale(
                    domain=[OPEN, CLOSED], range=["circle", "M-.7,-.7L.7,.7M.7,-.7L-.7,.7"]
                ),
                legend=None,
            ),
            stroke=alt.Stroke("state:N", scale=colours, legend=None),
            tooltip=[
                alt.Tooltip("gate:N", title="Check"),
                alt.Tooltip("state:N", title="State"),
                alt.Tooltip("measured:N", title="Measured"),
                alt.Tooltip("required:N", title="Required"),
            ],
        )
    )
    return chart


def _tried(x: int, colour: str) -> Chart:
    frame = pd.DataFrame([{"x": x, "text": "what if"}])
    mark = alt.Chart(frame).mark_point(
        shape="diamond", filled=True, size=150, color=colour, opacity=1, yOffset=-52
    )
    words = alt.Chart(frame).mark_text(dy=-52, dx=12, align="left", color=colour, fontSize=12)
    return alt.layer(
        mark.encode(x=_x(), y=_y()), words.encode(x=_x(), y=_y(), text=alt.Text("text:N"))
    )


def road_name(name: str, place: Place, advice: Row, tried: str | None) -> str:
    """The picture for a screen reader."""
    failed = [gate["name"] for gate in place.gates if not gate["ok"]]
    words = [f"{name} is at p={place.level}, {_here_since(advice)}; the goal is p={place.goal}."]
    if place.next is not None and place.gates:
        count = len(place.gates)
        words.append(f"{count - len(failed)} of {count} checks before p={place.next} pass.")
        words += [f"Failing: {', '.join(failed)}."] if failed else []
    if tried is not None:
        words.append(f"What if: p={tried}.")
    return " ".join(words)
