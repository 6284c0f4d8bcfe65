"""The owner's word, written from the dashboard: the one place where these screens change the store.

Whoever may not change a domain's labels is to be refused here, whatever a screen offered him.
"""

from collections.abc import Callable
from typing import TypeVar

from analytics import labels
from analytics.classes import CLASSES
from dashboards.data import Row, known_domains, settings
from schemas.errors import ConfigError
from schemas.store import Store

__all__ = ["put_label", "take_back"]

T = TypeVar("T")


def put_label(domain: str, match: str, class_: str, note: str | None) -> Row:
    """Label what `match` names for a domain, as `rua label` does; returns the label's row.

    The store is open for the write alone. Raises StoreError (locked, full) and ConfigError.
    """
    if class_ not in CLASSES:
        raise ConfigError(f"there is no class {class_[:80]!r}")
    _check_domain(domain)
    return _change(labels.add, domain, match, class_, (note or "").strip() or None)


def take_back(domain: str, match: str) -> None:
    """Remove the label on `match`, as `rua label --remove` does. Raises as `put_label`."""
    _check_domain(domain)
    if not _change(labels.remove, domain, match):
        raise ConfigError(f"{domain} has no label on {match[:80]!r} any more")


def _check_domain(domain: str) -> None:
    if domain not in known_domains():
        raise ConfigError(f"there are no reports about {domain[:80]!r}, nor settings")


def _change(action: Callable[..., T], *arguments: object) -> T:
    """`action(store, *arguments)`."""
    told = settings()
    return action(Store(told.store, lock_timeout=told.lock_timeout), *arguments)
