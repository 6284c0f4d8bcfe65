"""The screens, in the order in which a postmaster looks at them, and links between them."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from dashboards.web import screens
from dashboards.web.session.filters import shared

__all__ = ["SCREENS", "go", "has", "link", "pages"]

# Folder in screens/, which is also the path of its URL -> title in the navigation.
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
FOLDER = Path(screens.__file__).parent
HIDDEN = ("report",)  # not in the navigation: a link leads there


def pages() -> list[Page]:
    """For `st.navigation`; the first one is the landing page, at /."""
    first = next(iter(SCREENS))
    return [
        st.Page(
            _file(name),
            title=title,
            url_path=name,
            default=name == first,
            visibility="hidden" if name in HIDDEN else "visible",
        )
        for name, title in SCREENS.items()
    ]


def has(screen: str) -> bool:
    """Whether there is such a screen to link to."""
    return screen in SCREENS


def link(screen: str, label: str, **parameters: str | None) -> None:
    """A link to a screen of the same days, group and domain; a parameter of None is taken out.

    `label` is Markdown: text from a report goes through `wording.quoted` first. Values may be
    anything: they are percent-encoded.
    """
    st.page_link(_file(screen), label=label, query_params=_query(parameters), width="content")


def go(screen: str, **parameters: str | None) -> None:
    """Show another screen at once, as a `link` would."""
    st.switch_page(_file(screen), query_params=_query(parameters))


def _file(screen: str) -> str:
    return str(FOLDER / screen / "page.py")


def _query(parameters: Mapping[str, str | None]) -> dict[str, str]:
    both = {**shared(), **parameters}
    return {key: value for key, value in both.items() if value is not None}
