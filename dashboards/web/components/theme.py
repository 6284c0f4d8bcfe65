"""Whether the browser shows a dark page, and the chart colours for it."""

import streamlit as st

from dashboards.common.palette import ON_DARK, ON_LIGHT, Colour, Palette

__all__ = ["blue", "is_dark", "palette"]


def is_dark() -> bool:
    return bool(st.context.theme.type == "dark")


def palette() -> Palette:
    """The colours of what a message is counted as."""
    return ON_DARK if is_dark() else ON_LIGHT


def blue() -> str:
    """The colour of what is in order."""
    return (Colour.SKY if is_dark() else Colour.BLUE).value
