"""What a screen cannot know: unverified reports, days without reports, too few messages."""

import streamlit as st

from analytics.query.window import Window
from dashboards.common.formatting import amount, day, percent
from dashboards.web.session.query_cache import Row

__all__ = ["say_unknowns"]

FEW_MESSAGES = 100


def say_unknowns(total: Row, feed: Row, window: Window) -> None:
    """One caption; `total` as of `drilldown.total`, `feed` of `freshness.feed`."""
    notes = [
        _unverified(total),
        _late(feed, window),
        _few(total),
        "Receivers that send no reports are not counted.",
    ]
    st.caption(" ".join(each for each in notes if each))


def _unverified(total: Row) -> str:
    if not total["messages"]:
        return ""
    share = total["unverified"] / total["messages"]
    if not total["unverified"]:
        return "All reports are verified."
    counted = f"{amount(total['unverified'])} of {amount(total['messages'], 'message')}"
    return f"{percent(share)} of messages are in unverified reports: {counted}."


def _late(feed: Row, window: Window) -> str:
    last = feed["last_report_day"]
    if last is None or last >= window.last or last < window.first:
        return ""
    return f"Newest report: {day(last)}."


def _few(total: Row) -> str:
    if 0 < total["messages"] < FEW_MESSAGES:
        return f"Too few messages for a rate: {amount(total['messages'])}."
    return ""
