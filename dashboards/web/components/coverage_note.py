"""What a screen does not know, said on it: what nothing proves, what is late, what is too few."""

import streamlit as st

from analytics.query.window import Window
from dashboards.common.formatting import amount, day, percent
from dashboards.web.session.query_cache import Row

__all__ = ["say_unknowns"]

FEW_MESSAGES = 100


def say_unknowns(total: Row, feed: Row, window: Window) -> None:
    """One caption; `total` as of `drilldown.total`, `feed` of `freshness.feed`."""
    said = [
        "Only receivers that send reports are seen here: there is more mail than is counted.",
        _unverified(total),
        _late(feed, window),
        _few(total),
    ]
    st.caption(" ".join(each for each in said if each))


def _unverified(total: Row) -> str:
    if not total["messages"]:
        return ""
    share = total["unverified"] / total["messages"]
    if not total["unverified"]:
        return "All of these reports are proven to be their senders'."
    counted = f"{amount(total['unverified'])} of {amount(total['messages'], 'message')}"
    return f"Unverified: {counted} ({percent(share)}) stand in reports that nothing proves genuine."


def _late(feed: Row, window: Window) -> str:
    last = feed["last_report_day"]
    if last is None or last >= window.last or last < window.first:
        return ""
    return f"No report covers a day after {day(last)}."


def _few(total: Row) -> str:
    if 0 < total["messages"] < FEW_MESSAGES:
        return f"These are but {amount(total['messages'], 'message')}: too few to tell a share by."
    return ""
