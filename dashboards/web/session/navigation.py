"""The screens, in the order a postmaster reads them, and links between them."""

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import Page

from dashboards.web.session.filters import shared
from dashboards.web.session.url_state import replace

__all__ = ["SCREENS", "go", "has", "here", "link", "pages"]

# Folder in screens/ and path of the URL -> title in the navigation.
SCREENS: Mapping[str, str] = {
    "monday": "Monday",
    "domain": "Domain",
    "sources": "Sources",
    "senders": "Unknown senders",
    "tls": "TLS",
    "reports": "Reports",
    "report": "Report",
    "pipeline": "Pipeline",
}
HIDDEN = ("report",)  # not in the navigation: opened by links


def pages() -> list[Page]:
    """For `st.navigation`; the first one is the landing page, at /."""
    return [_page(name) for name in SCREENS]


def has(screen: str) -> bool:
    """Whether there is such a screen to link to."""
    return screen in SCREENS


def link(screen: str, label: str, **parameters: str | None) -> None:
    """A link to a screen with the same days, group and domain; a parameter of None is removed.

    `label` is Markdown: text from a report goes through `formatting.quoted` first. Values may be
    anything: they are percent-encoded.
    """
    st.page_link(_page(screen), label=label, query_params=_query(parameters), width="content")


def go(screen: str, **parameters: str | None) -> None:
    """Show another screen at once, as a `link` would."""
    st.switch_page(_page(screen), query_params=_query(parameters))


def here(parameters: Mapping[str, str | None]) -> None:
    """Show this screen anew with these parameters of its own; to be called from a button."""
    replace(_query(parameters))


def _page(screen: str) -> Page:
    """Streamlit knows a page by its URL, which it would guess from the name of a file alone."""
    return st.Page(
        f"screens/{screen}/page.py",
        title=SCREENS[screen],
        url_path=screen,
        default=screen == next(iter(SCREENS)),
        visibility="hidden" if screen in HIDDEN else "visible",
    )


def _query(parameters: Mapping[str, str | None]) -> dict[str, str]:
    both = {**shared(), **parameters}
    return {key: value for key, value in both.items() if value is not None}
