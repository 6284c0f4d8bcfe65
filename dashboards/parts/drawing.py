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

__all__ = ["draw"]

CHECKED = False
disable_debug_mode()


@dataclass(frozen=True, slots=True)
class _Drawn:
    """All that Streamlit asks a chart for."""

    chart: alt.TopLevelMixin

    def to_dict(self) -> dict[str, Any]:
        return self.chart.to_dict(validate=CHECKED)


def draw(chart: alt.TopLevelMixin, name: str) -> None:
    """Draw a chart; `name` is what a screen reader calls it."""
    st.altair_chart(cast(alt.Chart, _Drawn(chart)), alt=name)
