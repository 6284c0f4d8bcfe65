"""What the screens show, asked once for each state of the store.

Every cache of the dashboard is here. The file is opened late and closed early: only when it has
changed since the same question was asked, so that open dashboards never hold up an ingest.

The settings come as for every command (RUA_CONFIG, RUA_STORE, RUA_LOCK_TIMEOUT); `rua dashboard`
hands its flags over in these variables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from analytics.feed import feed, reporters
from analytics.mail import by_service, domains, sources
from analytics.overview import arrived, days, domain_names
from analytics.window import Window
from dashboards.naming import approvals, words_of
from schemas.settings import Settings, load_settings
from schemas.store import Store

__all__ = ["Overview", "known_domains", "overview", "settings"]

Row = dict[str, Any]
Stamp = tuple[object, ...]

UNSEEN: Row = {
    "published": None,
    "reports": 0,
    "messages": 0,
    "aligned": 0,
    "legitimate": 0,
    "legitimate_aligned": 0,
    "interval": None,
    "enough": False,
    "undecided_sources": 0,
    "last_report": None,
}


@dataclass(frozen=True, slots=True)
class Overview:
    """The answers of one screen, over one window and either all domains of ours or one.

    `feed` and `missing` (reporters) are of the whole store. `others` are domains that have
    reports but are not in the settings, where these name any.
    """

    feed: Row
    missing: list[Row]
    arrived: Row
    days: list[Row]
    domains: list[Row]
    others: list[Row]
    broken: list[Row]
    undecided: list[Row]


def settings() -> Settings:
    """Raises ConfigError."""
    return load_settings(None, store=None, lock_timeout=None)


def known_domains() -> list[str]:
    """The domains one can choose: those of the settings, and those with reports.

    Raises StoreError (missing, locked, damaged) and ConfigError.
    """
    told = settings()
    return sorted({*told.domains, *_reported_domains(*_asked(told))})


def overview(window: Window, domain: str | None) -> Overview:
    """Raises the same."""
    told = settings()
    return _overview(told, *_asked(told), window, tuple(told.domains), domain)


def _asked(told: Settings) -> tuple[Store, Stamp]:
    """The store, and what an answer from it is kept under."""
    store = Store(
        told.store, lock_timeout=told.lock_timeout, require_verified=told.require_verified
    )
    approved = tuple((name, tuple(said)) for name, said in approvals(told).items())
    return store, (str(told.store), told.require_verified, approved, *_stamp(told.store))


def _stamp(path: Path) -> Stamp:
    """Changes with every commit: the times and sizes of the file and its write-ahead log."""
    stamp: Stamp = ()
    for each in (path, path.with_name(f"{path.name}.wal")):
        try:
            status = each.stat()
        except OSError:
            continue
        stamp += (status.st_mtime_ns, status.st_size, status.st_ino)
    return stamp


@st.cache_data(max_entries=10, show_spinner=False)
def _reported_domains(_store: Store, stamp: Stamp) -> list[str]:
    with _store.read() as con:
        return domain_names(con)


@st.cache_data(max_entries=50, show_spinner="Reading the store …")
def _overview(
    _told: Settings,
    _store: Store,
    stamp: Stamp,
    window: Window,
    configured: tuple[str, ...],
    domain: str | None,
) -> Overview:
    chosen = [domain] if domain else list(configured) or None
    with _store.read() as con:
        words = words_of(con, _told)
        rows = domains(con, window, configured, domain, words)
        senders = sources(con, window, domain, words)
        return Overview(
            feed=feed(con, window.as_of),
            missing=[row for row in reporters(con, window.as_of) if row["is_missing"]],
            arrived=arrived(con, window, chosen),
            days=days(con, window, chosen, words, domain=domain),
            domains=_ours(rows, configured, domain),
            others=[row for row in rows if configured and not row["configured"]],
            broken=_of_class("broken", senders, chosen),
            undecided=_of_class("undecided", senders, chosen),
        )


def _ours(rows: list[Row], configured: Sequence[str], domain: str | None) -> list[Row]:
    """The rows of our domains, one without a report among them."""
    listed = [row for row in rows if row["configured"] or not configured]
    seen = {row["domain"] for row in listed}
    wanted = [name for name in configured if domain in (None, name) and name not in seen]
    unseen = [UNSEEN | {"domain": name, "configured": True} for name in wanted]
    return listed + unseen


def _of_class(class_: str, senders: list[Row], chosen: Sequence[str] | None) -> list[Row]:
    """Addresses of one class gathered into services. Other addresses of a service stay out first:
    of what it sends, they are not what is broken or unknown."""
    return by_service(
        row
        for row in senders
        if row["class"] == class_ and (chosen is None or row["domain"] in chosen)
    )
