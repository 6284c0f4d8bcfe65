"""Writes and removes labels: the one place where screens change them.

The write checks the viewer's rights, whatever a screen offered.
"""

from analytics.sources import labels
from analytics.sources.classes import CLASSES
from dashboards.web.session.query_cache import Row, change, known_domains
from schemas.errors import ConfigError

__all__ = ["put_label", "remove_label"]


def put_label(domain: str, match: str, class_: str, note: str | None) -> Row:
    """Label what `match` names for a domain, as `rua label` does; returns the label's row.

    The store is open for the write alone. Raises AccessDenied, StoreError (locked, full) and
    ConfigError.
    """
    if class_ not in CLASSES:
        raise ConfigError(f"there is no class {class_[:80]!r}")
    _check_domain(domain)
    return change(labels.add, domain, match, class_, (note or "").strip() or None)


def remove_label(domain: str, match: str) -> None:
    """Remove the label on `match`, as `rua label --remove` does. Raises as `put_label`."""
    _check_domain(domain)
    if not change(labels.remove, domain, match):
        raise ConfigError(f"{domain} has no label on {match[:80]!r} any more")


def _check_domain(domain: str) -> None:
    if domain not in known_domains():
        raise ConfigError(f"there are no reports about {domain[:80]!r}, nor settings")
