"""Charts onto the page.

Altair holds every part of a chart against Vega-Lite's schema when it is made, and the whole when it
is drawn: half of the time that a screen takes. A chart is right or wrong as its code is, so that is
for the tests (`CHECKED`), and not for each visitor.
"""

from dataclasses import dataclass
from typing import Any, cast

import altair as alt
import streamlit as st
from altair.utils.schemapi import disable_debug_mode

from dashboards.parts.charts import Chart

__all__ = ["draw"]

CHECKED = False
disable_debug_mode()


@dataclass(frozen=True, slots=True)
class _Drawn:
    """All that Streamlit asks a chart for."""

    chart: Chart

    def to_dict(self) -> dict[str, Any]:
        named = self.chart.datasets
        if named is alt.Undefined:
            return self._without_data(self.chart)
        # Altair would look at each number of named data (the map's shapes: half a second).
        chart = self.chart.copy(deep=False)
        chart.datasets = alt.Undefined
        drawn = self._without_data(chart)
        return drawn | {"datasets": {**named, **drawn.get("datasets", {})}}

    @staticmethod
    def _without_data(chart: Chart) -> dict[str, Any]:
        return chart.to_dict(validate=CHECKED)


def draw(chart: Chart, name: str) -> None:
    """Draw a chart; `name` is what a screen reader calls it."""
    st.altair_chart(cast(alt.Chart, _Drawn(chart)), alt=name)
