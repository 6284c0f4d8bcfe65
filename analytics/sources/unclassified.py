"""Addresses that are new or undecided: how many, where they are, and a page of them at a time.

Most new addresses are those of abuse, tens of thousands of them: no list of all is made.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from analytics.query.run import Row
from analytics.query.window import Window
from analytics.sources.classified_query import ask_classified
from analytics.sources.labels import Word
from analytics.sources.likely_class import likely
from analytics.sources.summary import ALL, NEW_DAYS, source
from schemas.store.store import Connection

__all__ = ["NEW_DAYS", "Unknown", "unknown", "unknown_countries"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Which of them: of these policy domains (None: all), undecided, new, or either; and of a
    country, where not `anywhere` (None: those without one)."""

    domains: tuple[str, ...] | None = None
    undecided: bool = True
    new: bool = True
    anywhere: bool = True
    country: str | None = None


def unknown(
    con: Connection,
    window: Window,
    wanted: Unknown,
    words: Sequence[Word] = (),
    *,
    most: int,
    skip: int = 0,
) -> list[Row]:
    """A page of them, the undecided first, then by mail: the keys of `sources`, with `likely` (a
    class or None) and `why`."""
    asked = ALL | asdict(wanted) | _since(window) | {"everything": False}
    page = {"most": most, "skip": skip}
    asked = asked | _named(wanted) | page
    rows = ask_classified(con, "sources/sources", asked, window, words, _only(wanted))
    return [_leaning(source(row, window)) for row in rows]


def unknown_countries(
    con: Connection, window: Window, wanted: Unknown, words: Sequence[Word] = ()
) -> list[Row]:
    """One row per country with addresses of the window, None for those without one: `every` address
    of it; and of those that are wanted, of any country, `addresses`, `undecided`, `new`,
    `messages`."""
    kind = {"undecided": wanted.undecided, "new": wanted.new}
    asked = _named(wanted) | kind | _since(window)
    return ask_classified(con, "sources/unknown_countries", asked, window, words, _only(wanted))


def _since(window: Window) -> dict[str, Any]:
    return {"since": window.last - timedelta(days=NEW_DAYS)}


def _named(wanted: Unknown) -> dict[str, Any]:
    return {"domains": None if wanted.domains is None else list(wanted.domains)}


def _only(wanted: Unknown) -> tuple[str, ...] | None:
    """One domain is classified alone; all are, where several are looked at."""
    return wanted.domains if wanted.domains is not None and len(wanted.domains) == 1 else None


def _leaning(row: Row) -> Row:
    class_, why = likely(row)
    return {**row, "likely": class_, "why": why}
