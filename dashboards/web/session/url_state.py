"""What the URL holds: the period, the domains, and how far a screen has been opened.

A shared link opens the same view, so the parameters' names are public and stay. A value that makes
no sense counts as absent.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import streamlit as st

from analytics.advice.domain_state import LEVELS
from analytics.query.window import Window
from analytics.sources.classes import CLASSES

__all__ = [
    "ADKIM",
    "ASPF",
    "CLASS",
    "COUNTRY",
    "DAYS",
    "DOMAIN",
    "EARLIEST",
    "FAILING",
    "GROUP",
    "IP",
    "LARGEST_REPORT",
    "LATEST",
    "NETWORK",
    "NP",
    "OF",
    "PERIODS",
    "REPORT",
    "REPORTER",
    "SHOW",
    "SOURCE",
    "SP",
    "UNTIL",
    "VIEW",
    "P",
    "Parameter",
    "address",
    "bind",
    "replace",
    "texts",
]

T = TypeVar("T")

PERIODS = (7, Window.DAYS, 90)
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
LARGEST_REPORT = 2**53 - 1  # a browser's largest whole number


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """One parameter of the URL. `read` gives None for a text that makes no sense."""

    name: str
    read: Callable[[str], T | None]
    write: Callable[[T], str] = str

    def get(self) -> T | None:
        text = st.query_params.get(self.name)
        return None if text is None else self.read(text)

    def set(self, value: T | None) -> None:
        text = None if value is None else self.write(value)
        if text is None:
            st.query_params.pop(self.name, None)
        elif st.query_params.get(self.name) != text:
            st.query_params[self.name] = text


def _one_of(name: str, options: Iterable[T]) -> Parameter[T]:
    known = {str(each): each for each in options}
    return Parameter(name, known.get)


def _text(name: str) -> Parameter[str]:
    return Parameter(name, lambda text: text or None)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None


def _network(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


def _report(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= 16
    return int(text) if is_number and 1 <= int(text) <= LARGEST_REPORT else None


# Of every screen. "" is the group of the domains without one.
DAYS: Parameter[int] = _one_of("days", PERIODS)
GROUP: Parameter[str] = Parameter("group", str)
DOMAIN: Parameter[str] = _text("domain")
UNTIL: Parameter[date] = Parameter("until", _day)

# Sources: how far down, of which policy domain, and which of the messages.
SOURCE: Parameter[str] = _text("source")
OF: Parameter[str] = _text("of")
NETWORK: Parameter[str] = Parameter("network", _network)
IP: Parameter[str] = _text("ip")
CLASS: Parameter[str] = _one_of("class", CLASSES)
REPORTER: Parameter[str] = _text("reporter")
FAILING: Parameter[bool] = Parameter("failing", {"1": True}.get, lambda value: "1")

# Domain: the policy of the what-if mode.
P: Parameter[str] = _one_of("p", LEVELS)
SP: Parameter[str] = _one_of("sp", LEVELS)
NP: Parameter[str] = _one_of("np", LEVELS)
ADKIM: Parameter[str] = _one_of("adkim", ("r", "s"))
ASPF: Parameter[str] = _one_of("aspf", ("r", "s"))

# Unknown senders, Reports, Report.
SHOW: Parameter[str] = _one_of("show", ("all", "undecided", "new"))
COUNTRY: Parameter[str] = _text("country")
VIEW: Parameter[str] = _one_of("view", ("browse", "conflicts", "quarantine", "genuine", "coverage"))
REPORT: Parameter[int] = Parameter("report", _report)


def bind(parameter: Parameter[Any], key: str, default: Any = None) -> Callable[[], None]:
    """Before the widget `key` is drawn: it shows what the URL says, else the default. The result is
    the widget's `on_change`, which writes what was chosen into the URL."""
    value = parameter.get()
    st.session_state[key] = default if value is None else value

    def changed() -> None:
        chosen = st.session_state[key]
        parameter.set(None if chosen == default else chosen)

    return changed


def texts(parameters: Iterable[Parameter[Any]]) -> dict[str, str]:
    """These parameters as the URL has them."""
    names = [each.name for each in parameters]
    return {name: st.query_params[name] for name in names if name in st.query_params}


def replace(values: Mapping[str, str]) -> None:
    """The URL holds these parameters, and no other."""
    st.query_params.from_dict(dict(values))


def address(screen: str, values: Mapping[str, str]) -> str:
    """A screen with these parameters, as a link from another screen takes it."""
    return f"{screen}?{urlencode(values)}"
