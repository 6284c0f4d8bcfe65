"""Addresses that are new or undecided: how many, where they are, and a page of them at a time.

Most new addresses are those of abuse, tens of thousands of them: no list of all is made.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.query.window import Window
from analytics.sources.classification import source_class
from analytics.sources.likely_class import likely
from analytics.sources.summary import ALL, NEW_DAYS, source

__all__ = ["NEW_DAYS", "Unknown", "unknown", "unknown_countries"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Which of them: undecided, new, or either; and of a country, where not `anywhere` (None:
    those without one)."""

    undecided: bool = True
    new: bool = True
    anywhere: bool = True
    country: str | None = None


def unknown(q: Question, wanted: Unknown, *, most: int, skip: int = 0) -> list[Row]:
    """A page of them, the undecided first, then by mail: the keys of `sources`, with `likely` (a
    class or None) and `why`."""
    page = {"everything": False, "most": most, "skip": skip}
    asked = ALL | asdict(wanted) | _since(q.window) | q.named | page
    rows = ask_cached(q.reader, "sources/sources", asked, source_class(q))
    return [_leaning(source(row, q.window)) for row in rows]


def unknown_countries(q: Question, wanted: Unknown) -> list[Row]:
    """One row per country with addresses of the window, None for those without one: `every` address
    of it; and of those that are wanted, of any country, `addresses`, `undecided`, `new`,
    `messages`."""
    kind = {"undecided": wanted.undecided, "new": wanted.new}
    asked = q.named | kind | _since(q.window)
    return ask_cached(q.reader, "sources/unknown_countries", asked, source_class(q))


def _since(window: Window) -> dict[str, Any]:
    return {"since": window.last - timedelta(days=NEW_DAYS)}


def _leaning(row: Row) -> Row:
    class_, why = likely(row)
    return {**row, "likely": class_, "why": why}
