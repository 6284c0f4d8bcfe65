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
from dashboards.common.asked import asked
from dashboards.web.session.query_cache import Chosen, Row, answer
from schemas.config.settings import Settings
from schemas.store.reader import Reader

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
    reader: Reader, told: Settings, chosen: Chosen, wanted: Wanted, most: int, skip: int
) -> list[Row]:
    return browse(asked(reader, told, chosen.window, chosen.domains), wanted, most=most, skip=skip)


def _conflicts(reader: Reader, told: Settings, chosen: Chosen) -> list[Row]:
    return conflicts(asked(reader, told, chosen.window, chosen.domains))


def _quarantine(
    reader: Reader, told: Settings, code: str | None, most: int, skip: int
) -> Quarantine:
    rows = quarantine_page(reader, code, most=most, skip=skip)
    return Quarantine(rows, codes(reader), held(reader))


def _reporter_names(reader: Reader, told: Settings, chosen: Chosen) -> list[str]:
    rows = genuine(asked(reader, told, chosen.window, chosen.domains))
    return sorted({row["reporter"] for row in rows})


def _genuine(reader: Reader, told: Settings, chosen: Chosen) -> Genuine:
    q = asked(reader, told, chosen.window, chosen.domains)
    return Genuine(genuine(q), genuine_days(q), genuine_reasons(q))


def _coverage(reader: Reader, told: Settings, chosen: Chosen) -> Coverage:
    q = asked(reader, told, chosen.window, chosen.domains)
    return Coverage(reporters(q.about(), chosen.window.as_of), reporter_days(q))
