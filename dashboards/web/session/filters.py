"""Which days, which group and which domain: chosen once, for all screens, and kept in the URL, so
that a view can be shared. The frame (app.py) calls `choose`; a screen asks `chosen`.

The navigation drops the URL's parameters and links bring their own, so both are reconciled on
every run: parameters that are there and are not what was written last come from a link, and are
taken over; otherwise what is chosen is written. Streamlit's own binding of a widget to a parameter
does not let a link or a button change it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from analytics.query.window import Window
from dashboards.common.formatting import day, span
from dashboards.web.session.query_cache import Chosen

__all__ = [
    "all_domains",
    "choose",
    "chosen",
    "day_of",
    "is_today",
    "look_back_from",
    "shared",
    "window_of",
]

PERIODS = (7, Window.DAYS, 90)
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
NO_GROUP = "In no group"
KEYS = ("days", "group", "domain", "until")  # of widgets, and of the URL's parameters
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
    """What was chosen in this run."""
    found: Chosen = st.session_state[CHOSEN]
    return found


def shared() -> dict[str, str]:
    """The parameters that mean the same on every screen, for links from one to another: those that
    `choose` has written into the URL. A screen has hundreds of links, and the URL takes time."""
    return dict(st.session_state[WRITTEN])


def _said() -> dict[str, str]:
    """The same as the URL has them."""
    return {key: st.query_params[key] for key in KEYS if key in st.query_params}


def _take_over(domains: Sequence[str], groups: Mapping[str, Sequence[str]]) -> None:
    """Before the widgets are drawn: a link's parameters; of a broken link, what makes sense."""
    said = _said()
    if "days" not in st.session_state:
        st.session_state.update(_read({}, domains, groups))
    if said and said != st.session_state.get(WRITTEN):
        st.session_state.update(_read(said, domains, groups))


def _read(
    said: Mapping[str, str], domains: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> dict[str, object]:
    days, group, domain = (said.get(key) for key in ("days", "group", "domain"))
    group = group if group in groups else None
    listed = domains if group is None else groups[group]
    return {
        "days": next((each for each in PERIODS if str(each) == days), Window.DAYS),
        "group": group,
        "domain": domain if domain in listed else None,
        "until": day_of(said.get("until")),
    }


def day_of(text: str | None) -> date | None:
    """A day of the URL, or None where it is no sane one."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None


def _write(found: Chosen) -> None:
    last = None if is_today(found.window) else found.window.last.isoformat()
    values = {"days": str(found.window.days), "group": found.group, "domain": found.domain}
    wanted = {key: value for key, value in {**values, "until": last}.items() if value is not None}
    st.session_state[WRITTEN] = wanted
    if _said() != wanted:
        others = {key: value for key, value in st.query_params.items() if key not in KEYS}
        st.query_params.from_dict({**wanted, **others})


def _group(groups: Mapping[str, Sequence[str]]) -> str | None:
    """Asked for only where there are groups to choose between; None is all of them."""
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
    """The domains that the choice comes down to; those of the settings, where they name any."""
    if domain is not None:
        return (domain,)
    if group is not None:
        return tuple(groups[group])
    return all_domains(groups)


def all_domains(groups: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """What is looked at where nothing is chosen; None, where the settings name no domain."""
    return tuple(sorted(name for names in groups.values() for name in names)) or None


def window_of(days: int, last: date | None, today: date) -> Window:
    """`days` up to the last one, today when it is None."""
    last = last or today
    return Window(last - timedelta(days=days - 1), last, last)


def is_today(window: Window) -> bool:
    """Whether the window ends now, and not at a day that was chosen."""
    return window.last == _today()


def look_back_from(last: date) -> None:
    """Choose the last day; to be called from a button, before the widgets are drawn."""
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
