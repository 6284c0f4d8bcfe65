"""Draws charts on the page.

Altair checks every part of a chart against Vega-Lite's schema when it is made, and the whole when
it is drawn: half of the time that a screen takes. Only tests check (`CHECKED`). A chart is a pure
function of its numbers, so it is made once for all visitors.
"""

import hashlib
import json
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import altair as alt
import pyarrow as pa
import streamlit as st
from altair.utils.schemapi import disable_debug_mode

from dashboards.web.components.charts import Chart

__all__ = ["draw"]

CHECKED = False
MOST_KEPT = 100
disable_debug_mode()


def draw(name: str, make: Callable[..., Chart], *arguments: object, **named: object) -> None:
    """Draw the chart `make(*arguments, **named)`; `name` is what a screen reader calls it.

    Arguments can be pickled and never change.
    """
    call = (make, arguments, named)
    text, data = _made(_Call(*call, hashlib.sha256(pickle.dumps(call)).digest()))
    st.vega_lite_chart(spec=json.loads(text) | {"datasets": dict(data)}, alt=name)


@dataclass(frozen=True, slots=True)
class _Call:
    """Equal to another one of the same chart and numbers."""

    make: Callable[..., Chart] = field(compare=False)
    arguments: tuple[object, ...] = field(compare=False)
    named: dict[str, object] = field(compare=False)
    digest: bytes


@lru_cache(maxsize=MOST_KEPT)
def _made(call: _Call) -> tuple[str, dict[str, Any]]:
    """The chart in Vega-Lite's JSON, and by their names what data it refers to."""
    chart = call.make(*call.arguments, **call.named)
    data: dict[str, Any] = {}
    if chart.datasets is not alt.Undefined:
        # Altair would look at each number of named data (the map's shapes: half a second).
        data |= chart.datasets
        chart = chart.copy(deep=False)
        chart.datasets = alt.Undefined
    with _ALTAIR, alt.theme.enable("none"), alt.data_transformers.enable("aside", data=data):
        spec = chart.to_dict(validate=CHECKED)
    data |= spec.pop("datasets", {})
    return json.dumps(spec), data


_ALTAIR = threading.Lock()  # what is enabled is so for all threads


def _aside(frame: Any, data: dict[str, Any]) -> dict[str, str]:
    """Numbers stand beside the chart, under a name of their own."""
    name = hashlib.sha256(pickle.dumps(frame)).hexdigest()[:32]
    data[name] = pa.Table.from_pandas(frame, preserve_index=False)
    return {"name": name}


alt.data_transformers.register("aside", _aside)
