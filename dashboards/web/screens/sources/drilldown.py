"""How far down the screen of sources has been opened: in the URL, beside the shared filters.

The URL is the truth: widgets are set by it on every run and write into it when they are changed,
so that links, going back and what is chosen agree.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from analytics.sources.classification import CLASSES
from dashboards.common.formatting import quoted
from dashboards.web.screens.sources.data import Narrowed
from dashboards.web.session.filters import shared
from dashboards.web.session.navigation import go
from dashboards.web.session.query_cache import Chosen
from schemas.sanitize import cell

__all__ = ["choose", "crumbs", "here", "narrowed", "open_below"]

SCREEN = "sources"


def narrowed(chosen: Chosen) -> Narrowed:
    """What the URL says; of a broken link, what makes sense."""
    said = {key: st.query_params.get(key) or None for key in ("source", "of", "ip", "reporter")}
    class_ = st.query_params.get("class")
    of = said["of"]
    return Narrowed(
        source=said["source"],
        of=of if of is not None and chosen.holds(of) else None,
        network=_network(st.query_params.get("network")),
        ip=said["ip"],
        class_=class_ if class_ in CLASSES else None,
        reporter=said["reporter"],
        failing=st.query_params.get("failing") == "1",
    )


def _network(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_network(text or "", strict=False))
    except ValueError:
        return None


def choose(now: Narrowed, reporters: Sequence[str]) -> None:
    """The filters of this screen: class, reporter, only what fails."""
    names = list(reporters)
    if now.reporter is not None and now.reporter not in names:
        names.append(now.reporter)  # of a link; it tells of nothing in these days
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _bound("class", now.class_)
        st.selectbox(
            "Class",
            CLASSES,
            index=None,
            placeholder="All classes",
            key="sources class",
            on_change=_write("class"),
            width=200,
        )
        _bound("reporter", now.reporter)
        st.selectbox(
            "Reporter",
            names,
            index=None,
            placeholder="All reporters",
            format_func=cell,
            key="sources reporter",
            on_change=_write("reporter"),
            width=300,
        )
        _bound("failing", now.failing)
        st.toggle("Only what fails", key="sources failing", on_change=_write("failing"))


def _bound(parameter: str, value: Any) -> None:
    st.session_state[f"sources {parameter}"] = value


def _write(parameter: str) -> Callable[[], None]:
    def write() -> None:
        value = st.session_state[f"sources {parameter}"]
        if value:
            st.query_params[parameter] = "1" if value is True else value
        else:
            st.query_params.pop(parameter, None)

    return write


def open_below(now: Narrowed, **below: str | None) -> None:
    """Go down from here; the class is left behind, for what lies below may be of another."""
    go(SCREEN, **(_place(now) | _kept(now) | below))


def crumbs(now: Narrowed) -> None:
    """The way back up, a button for each step: a link to the page that one is on would leave the
    address bar as it is."""
    if not now.is_opened:
        return
    steps = _steps(now)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _step(0, "All sources", _kept(now))
        for number, (words, parameters) in enumerate(steps, start=1):
            st.markdown("›", width="content")
            if number < len(steps):
                _step(number, words, parameters | _kept(now))
            else:
                st.markdown(f"**{words}**", width="content")


def _step(number: int, words: str, parameters: Mapping[str, str | None]) -> None:
    st.button(words, key=f"up {number}", on_click=here, args=(parameters,), type="tertiary")


def here(parameters: Mapping[str, str | None]) -> None:
    """Show this screen anew with these of its own parameters; to be called from a button."""
    said = {key: value for key, value in parameters.items() if value is not None}
    st.query_params.from_dict({**shared(), **said})


def _steps(now: Narrowed) -> list[tuple[str, dict[str, str | None]]]:
    """(words, parameters) of each step that was taken, from the top."""
    so_far: dict[str, str | None] = {"of": now.of}
    steps: list[tuple[str, dict[str, str | None]]] = []
    sends_as = f" as {quoted(now.of)}" if now.of else ""
    for key, value in (("source", now.source), ("network", now.network), ("ip", now.ip)):
        if value is not None:
            so_far = {**so_far, key: value}
            steps.append((f"{quoted(value)}{'' if steps else sends_as}", so_far))
    return steps


def _place(now: Narrowed) -> dict[str, str | None]:
    return {"source": now.source, "of": now.of, "network": now.network, "ip": now.ip}


def _kept(now: Narrowed) -> dict[str, str | None]:
    """What is chosen on this screen and holds on every step."""
    return {"reporter": now.reporter, "failing": "1" if now.failing else None}
