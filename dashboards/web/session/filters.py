"""The filters of all screens: days, group, domain and last day. The frame (app.py) calls `choose`;
a screen asks `chosen`.

They are kept in the URL, so that a view can be shared. The navigation drops the URL's parameters
and links bring their own: parameters that differ from those written last come from a link and are
adopted; otherwise the choice is written into the URL. Streamlit's own binding of a widget to a
parameter does not let a link or a button change it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import streamlit as st

from analytics.query.window import Window
from dashboards.common.formatting import day, span
from dashboards.web.session.query_cache import Chosen
from dashboards.web.session.url_state import (
    DAYS,
    DOMAIN,
    EARLIEST,
    GROUP,
    LATEST,
    PERIODS,
    UNTIL,
    Parameter,
    replace,
    texts,
)

__all__ = [
    "all_domains",
    "choose",
    "chosen",
    "is_today",
    "look_back_from",
    "shared",
    "window_of",
]

NO_GROUP = "No group"
PARAMETERS: tuple[Parameter[Any], ...] = (DAYS, GROUP, DOMAIN, UNTIL)  # their names: widgets' keys
CHOSEN = "chosen by the filters"  # keys in the session that no widget has
WRITTEN = "written into the URL"


def choose(domains: Sequence[str], groups: Mapping[str, Sequence[str]]) -> None:
    """The filters. `domains` are all that can be looked at; `groups` those of the settings, ""
    for no group. Reads and writes ?days=, ?group=, ?domain= and ?until= (the last day)."""
    _take_over(domains, groups)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.segmented_control("Days", PERIODS, required=True, key="days")
        group = _group(groups)
        domain = _domain(domains if group is None else groups[group])
        last = st.date_input(
            "Up to",
            min_value=EARLIEST,
            max_value=LATEST,
            key="until",
            format="YYYY-MM-DD",
            help="The last day, UTC; today when empty",
            width=150,
        )
    window = window_of(days or Window.DAYS, last, _today())
    _say_days(window)
    found = Chosen(window, domain, group, _those(domain, group, groups))
    st.session_state[CHOSEN] = found
    _write(found)


def chosen() -> Chosen:
    """What is chosen in this run."""
    found: Chosen = st.session_state[CHOSEN]
    return found


def shared() -> dict[str, str]:
    """The parameters that hold on every screen, for links, as `choose` wrote them into the URL: a
    screen has hundreds of links, and reading the URL takes time."""
    return dict(st.session_state[WRITTEN])


def _take_over(domains: Sequence[str], groups: Mapping[str, Sequence[str]]) -> None:
    """Before the widgets are drawn: a link's parameters; of a broken link, what makes sense."""
    linked = texts(PARAMETERS)
    if linked and linked != st.session_state.get(WRITTEN):
        st.session_state.update(_linked(domains, groups))
    elif "days" not in st.session_state:
        st.session_state.update(days=Window.DAYS, group=None, domain=None, until=None)


def _linked(domains: Sequence[str], groups: Mapping[str, Sequence[str]]) -> dict[str, object]:
    group, domain = GROUP.get(), DOMAIN.get()
    group = group if group in groups else None
    listed = domains if group is None else groups[group]
    return {
        "days": DAYS.get() or Window.DAYS,
        "group": group,
        "domain": domain if domain in listed else None,
        "until": UNTIL.get(),
    }


def _write(found: Chosen) -> None:
    last = None if is_today(found.window) else found.window.last.isoformat()
    values = {"days": str(found.window.days), "group": found.group, "domain": found.domain}
    wanted = {key: value for key, value in {**values, "until": last}.items() if value is not None}
    st.session_state[WRITTEN] = wanted
    if texts(PARAMETERS) != wanted:
        names = {each.name for each in PARAMETERS}
        others = {key: value for key, value in st.query_params.items() if key not in names}
        replace({**wanted, **others})


def _group(groups: Mapping[str, Sequence[str]]) -> str | None:
    """A choice only where there are several groups; None is all of them."""
    if len(groups) < 2:
        return None
    return st.selectbox(
        "Group",
        list(groups),
        index=None,
        placeholder="All groups",
        format_func=lambda name: name or NO_GROUP,
        key="group",
        width=200,
    )


def _domain(listed: Sequence[str]) -> str | None:
    if st.session_state["domain"] not in listed:
        st.session_state["domain"] = None  # of another group
    return st.selectbox(
        "Domain", listed, index=None, placeholder="All domains", key="domain", width=300
    )


def _those(
    domain: str | None, group: str | None, groups: Mapping[str, Sequence[str]]
) -> tuple[str, ...] | None:
    """The domains of the choice; those of the settings, where they name any."""
    if domain is not None:
        return (domain,)
    if group is not None:
        return tuple(groups[group])
    return all_domains(groups)


def all_domains(groups: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """The domains where nothing is chosen; None where the settings name none."""
    return tuple(sorted(name for names in groups.values() for name in names)) or None


def window_of(days: int, last: date | None, today: date) -> Window:
    """`days` up to the last one, today when it is None."""
    last = last or today
    return Window(last - timedelta(days=days - 1), last, last)


def is_today(window: Window) -> bool:
    """Whether the window ends today, and not at a chosen day."""
    return window.last == _today()


def look_back_from(last: date) -> None:
    """Choose the last day; call it from a button, before the widgets are drawn."""
    st.session_state["until"] = last if last != _today() else None


def _say_days(window: Window) -> None:
    text = f"{span(window.first, window.last)}, whole days in UTC."
    if is_today(window):
        st.caption(text)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{text} As of {day(window.last)}, not today.", width="content")
        st.button("Back to today", on_click=look_back_from, args=(_today(),), type="tertiary")


def _today() -> date:
    return datetime.now(UTC).date()
