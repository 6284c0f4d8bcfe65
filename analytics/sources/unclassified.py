"""New and undecided addresses: their number, their countries, and what they probably are.

Most new addresses are abuse, tens of thousands of them, so they come in pages.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.query.window import Window
from analytics.sources.classes import SourceClass
from analytics.sources.classification import source_class
from analytics.sources.summary import ALL, NEW_DAYS, source

__all__ = ["NEW_DAYS", "Unknown", "likely", "unknown", "unknown_countries"]

# For the likely class of an undecided address.
FEW_A_DAY = 10
BRIEF_DAYS = 2
FORWARDING_DAYS = 4


@dataclass(frozen=True, slots=True)
class Unknown:
    """Which addresses: undecided, new, or either; of one country unless `anywhere` (None: those
    without a country)."""

    undecided: bool = True
    new: bool = True
    anywhere: bool = True
    country: str | None = None


def unknown(q: Question, wanted: Unknown, *, most: int, skip: int = 0) -> list[Row]:
    """A page of addresses, undecided first, then by mail: the keys of `sources`, with `likely` (a
    class or None) and `why`."""
    page = {"everything": False, "most": most, "skip": skip}
    asked = ALL | asdict(wanted) | _since(q.window) | q.named | page
    rows = ask_cached(q.reader, "sources/sources", asked, source_class(q))
    return [_with_likely(source(row, q.window)) for row in rows]


def unknown_countries(q: Question, wanted: Unknown) -> list[Row]:
    """One row per country with addresses in the window, None for those without one: `every`
    address; and of the wanted ones `addresses`, `undecided`, `new`, `messages`."""
    kind = {"undecided": wanted.undecided, "new": wanted.new}
    asked = q.named | kind | _since(q.window)
    return ask_cached(q.reader, "sources/unknown_countries", asked, source_class(q))


def _since(window: Window) -> dict[str, Any]:
    return {"since": window.last - timedelta(days=NEW_DAYS)}


def _with_likely(row: Row) -> Row:
    class_, why = likely(row)
    return {**row, "likely": class_, "why": why}


def likely(row: Mapping[str, Any]) -> tuple[str | None, str]:
    """(class, why) for a row of `summary.sources`: its class, or the likely class of an undecided
    source, None without one. Only shown; nothing counts by it."""
    if row["class"] != SourceClass.UNDECIDED:
        return row["class"], row["reason"]
    if row["decided_by"] == "label":
        return None, row["reason"]
    class_, sign = _likely(row)
    return class_, f"{sign}; {row['reason']}"


def _likely(row: Mapping[str, Any]) -> tuple[str | None, str]:
    days, authenticated = row["days"], row["other_dkim"] or row["other_spf"]
    if row["rule"] == "temporary":
        return None, "no message was evaluated without an error"
    if row["rhythm"]:
        return SourceClass.BROKEN.value, f"it sends {row['rhythm']}, as your own mail would"
    if row["rule"] == "undecided-vendor":
        return SourceClass.BROKEN.value, f"{row['source']} sends for customers: are you one?"
    if not authenticated and days <= BRIEF_DAYS:
        return SourceClass.SPOOF.value, "no authentication, and seen only briefly"
    if authenticated and days >= FORWARDING_DAYS and row["messages"] <= FEW_A_DAY * days:
        return SourceClass.FORWARDER.value, "a few messages a day, authenticated by another domain"
    return None, "the evidence points to no class"
