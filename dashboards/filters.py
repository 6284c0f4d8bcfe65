"""Which days and which domain, kept in the URL, so that a view can be shared."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from analytics.window import Window
from dashboards.wording import day, span

__all__ = ["choose", "is_today", "look_back_from", "window_of"]

PERIODS = (7, Window.DAYS, 90)
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)


def choose(domains: Sequence[str]) -> tuple[Window, str | None]:
    """The filters; None is all domains. Reads ?days=, ?domain= and ?until= (the last day)."""
    with st.container(horizontal=True, vertical_alignment="top"):
        days = st.segmented_control(
            "Days", PERIODS, default=Window.DAYS, required=True, key="days", bind="query-params"
        )
        domain = st.selectbox(
            "Domain",
            list(domains),
            index=None,
            placeholder="All domains",
            key="domain",
            bind="query-params",
            width=320,
        )
    window = window_of(days or Window.DAYS, st.query_params.get("until"), _today())
    _say_days(window)
    return window, domain


def window_of(days: int, until: str | None, today: date) -> Window:
    """`days` up to `until`, as they looked on that day; up to today when it is no sane day."""
    try:
        last = date.fromisoformat(until or "")
    except ValueError:
        last = today
    if not EARLIEST <= last <= LATEST:
        last = today
    return Window(last - timedelta(days=days - 1), last, last)


def is_today(window: Window) -> bool:
    """Whether the window ends now, and not at a day that the URL names."""
    return window.last == _today()


def look_back_from(last: date) -> None:
    """Put the window's last day into the URL; today needs no word there."""
    if last != _today():
        st.query_params["until"] = last.isoformat()
    else:
        st.query_params.pop("until", None)


def _say_days(window: Window) -> None:
    text = f"{span(window.first, window.last)}, whole days in UTC."
    if is_today(window):
        st.caption(text)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{text} As it looked on {day(window.last)}, not today.", width="content")
        st.button("Back to today", on_click=look_back_from, args=(_today(),), type="tertiary")


def _today() -> date:
    return datetime.now(UTC).date()
