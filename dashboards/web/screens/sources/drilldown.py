"""How far the Sources screen is opened: source, network, address and the filters, in the URL."""

from collections.abc import Mapping, Sequence

import streamlit as st

from analytics.sources.classes import CLASSES
from dashboards.common.formatting import quoted
from dashboards.web.screens.sources.data import Narrowed
from dashboards.web.session.navigation import go, here
from dashboards.web.session.query_cache import Chosen
from dashboards.web.session.url_state import (
    CLASS,
    FAILING,
    IP,
    NETWORK,
    OF,
    REPORTER,
    SOURCE,
    bind,
)
from schemas.sanitize import cell

__all__ = ["choose", "crumbs", "narrowed", "open_below"]

SCREEN = "sources"


def narrowed(chosen: Chosen) -> Narrowed:
    """What the URL says; of a broken link, what makes sense."""
    of = OF.get()
    return Narrowed(
        source=SOURCE.get(),
        of=of if of is not None and chosen.holds(of) else None,
        network=NETWORK.get(),
        ip=IP.get(),
        class_=CLASS.get(),
        reporter=REPORTER.get(),
        failing=bool(FAILING.get()),
    )


def choose(now: Narrowed, reporters: Sequence[str]) -> None:
    """The filters of this screen: class, reporter, only what fails."""
    names = list(reporters)
    if now.reporter is not None and now.reporter not in names:
        names.append(now.reporter)  # of a link; it reports nothing in this period
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Class",
            CLASSES,
            index=None,
            placeholder="All classes",
            key="sources class",
            on_change=bind(CLASS, "sources class"),
            width=200,
        )
        st.selectbox(
            "Reporter",
            names,
            index=None,
            placeholder="All reporters",
            format_func=cell,
            key="sources reporter",
            on_change=bind(REPORTER, "sources reporter"),
            width=300,
        )
        changed = bind(FAILING, "sources failing", default=False)
        st.toggle("Failing only", key="sources failing", on_change=changed)


def open_below(now: Narrowed, **below: str | None) -> None:
    """Open a row; the class filter goes, since what is below may have another class."""
    go(SCREEN, **(_place(now) | _filters(now) | below))


def crumbs(now: Narrowed) -> None:
    """The way back up, a button for each step: a link to the present page would not change the
    address bar."""
    if not now.is_opened:
        return
    steps = _steps(now)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _step(0, "All sources", _filters(now))
        for number, (words, parameters) in enumerate(steps, start=1):
            st.markdown("›", width="content")
            if number < len(steps):
                _step(number, words, parameters | _filters(now))
            else:
                st.markdown(f"**{words}**", width="content")


def _step(number: int, words: str, parameters: Mapping[str, str | None]) -> None:
    st.button(words, key=f"up {number}", on_click=here, args=(parameters,), type="tertiary")


def _steps(now: Narrowed) -> list[tuple[str, dict[str, str | None]]]:
    """(words, parameters) of each step taken, from the top."""
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


def _filters(now: Narrowed) -> dict[str, str | None]:
    """The filters that hold on every step."""
    return {"reporter": now.reporter, "failing": "1" if now.failing else None}
