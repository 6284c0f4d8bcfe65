"""The screen on reports: browsing, conflicts, quarantine, who is genuine, who covers what."""

from dataclasses import dataclass

from analytics.reports.browse import (
    Wanted,
    browse,
    conflicts,
    genuine,
    genuine_days,
    genuine_reasons,
    reporter_days,
)
from analytics.reports.freshness import reporters
from analytics.reports.quarantine import codes, held, quarantine_page
from dashboards.web.session.query_cache import Chosen, Row, answer
from schemas.config.settings import Settings
from schemas.store.store import Connection

__all__ = [
    "Genuine",
    "Quarantine",
    "browsed",
    "conflicting",
    "coverage",
    "quarantine",
    "reporter_names",
    "trusted",
]


@dataclass(frozen=True, slots=True)
class Genuine:
    """By reporter and kind, by day, and the reasons that their mails gave."""

    reporters: list[Row]
    days: list[Row]
    reasons: list[Row]


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A page of what could not be read, of one code or of any; `codes` are of all of it, `held` is
    what takes room."""

    rows: list[Row]
    codes: list[Row]
    held: Row


@dataclass(frozen=True, slots=True)
class Coverage:
    """`reporters` are of the whole store up to the window's last day, `days` of what is chosen."""

    reporters: list[Row]
    days: list[Row]


def browsed(chosen: Chosen, wanted: Wanted, most: int, skip: int = 0) -> list[Row]:
    """A page of reports. Raises StoreError (missing, locked, damaged) and ConfigError."""
    found: list[Row] = answer(_browsed, chosen, wanted, most, skip)
    return found


def conflicting(chosen: Chosen) -> list[Row]:
    """Raises the same."""
    found: list[Row] = answer(_conflicts, chosen)
    return found


def quarantine(code: str | None, most: int, skip: int = 0) -> Quarantine:
    """Raises the same."""
    return answer(_quarantine, code, most, skip)


def reporter_names(chosen: Chosen) -> list[str]:
    """Who has sent reports of either kind. Raises the same."""
    return answer(_reporter_names, chosen)


def trusted(chosen: Chosen) -> Genuine:
    """Raises the same."""
    return answer(_genuine, chosen)


def coverage(chosen: Chosen) -> Coverage:
    """Raises the same."""
    return answer(_coverage, chosen)


def _browsed(
    con: Connection, told: Settings, chosen: Chosen, wanted: Wanted, most: int, skip: int
) -> list[Row]:
    return browse(con, chosen.window, chosen.domains, wanted, most=most, skip=skip)


def _conflicts(con: Connection, told: Settings, chosen: Chosen) -> list[Row]:
    return conflicts(con, chosen.window, chosen.domains)


def _quarantine(
    con: Connection, told: Settings, code: str | None, most: int, skip: int
) -> Quarantine:
    rows = quarantine_page(con, code, most=most, skip=skip)
    return Quarantine(rows, codes(con), held(con))


def _reporter_names(con: Connection, told: Settings, chosen: Chosen) -> list[str]:
    rows = genuine(con, chosen.window, chosen.domains)
    return sorted({row["reporter"] for row in rows})


def _genuine(con: Connection, told: Settings, chosen: Chosen) -> Genuine:
    asked = (con, chosen.window, chosen.domains)
    return Genuine(genuine(*asked), genuine_days(*asked), genuine_reasons(*asked))


def _coverage(con: Connection, told: Settings, chosen: Chosen) -> Coverage:
    days = reporter_days(con, chosen.window, chosen.domains)
    return Coverage(reporters(con, chosen.window.as_of), days)
