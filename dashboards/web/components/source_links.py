"""Links from a statement to its evidence: the one place that knows which screen shows what."""

from collections.abc import Mapping
from typing import Any

from dashboards.web.session import navigation

__all__ = ["of_change", "of_domain", "of_feed", "of_source"]

Row = Mapping[str, Any]

SOURCES, SENDERS, REPORTS, TLS, DOMAIN = "sources", "senders", "reports", "tls", "domain"


def of_domain(domain: str, label: str) -> None:
    """Where a domain stands, and why."""
    _first((DOMAIN,), label, domain=domain)


def of_source(
    domain: str, source: str, label: str, class_: str | None = None, *, else_domain: bool = True
) -> None:
    """The mail of a source; of an undecided one, the screen with the label form."""
    screens = (SENDERS, SOURCES) if class_ == "undecided" else (SOURCES,)
    _first((*screens, DOMAIN) if else_domain else screens, label, domain=domain, source=source)


def of_feed(label: str) -> None:
    """The reports received, and those missing."""
    if navigation.has(REPORTS):
        navigation.link(REPORTS, label, view="coverage")


def of_change(link: Row, label: str) -> None:
    """`link` is that of a row of `analytics.changes.detect`."""
    if link["to"] == "reporters":
        of_feed(label)
    elif link["to"] == "source":
        of_source(link["domain"], link["source"], label)
    elif link["to"] == "tls":
        _first((TLS, DOMAIN), label, domain=link["domain"])
    else:
        of_domain(link["domain"], label)


def _first(screens: tuple[str, ...], label: str, **parameters: str | None) -> None:
    found = next((each for each in screens if navigation.has(each)), None)
    if found is not None:
        navigation.link(found, label, **parameters)
