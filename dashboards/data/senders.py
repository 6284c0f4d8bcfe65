"""Who is new or cannot be told: the addresses, and where on earth they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from analytics import sought
from analytics.feed import feed
from analytics.likely import likely
from analytics.mail import NEW_DAYS
from analytics.mail import sources as ask_sources
from analytics.overview import arrived
from analytics.sought import Sought
from dashboards.data import Chosen, Row, answer
from dashboards.naming import words_of
from schemas.settings import Settings
from schemas.store import Connection

__all__ = ["NEW_DAYS", "Senders", "countries", "senders"]

KEPT = (
    *("domain", "source_ip", "source", "class", "decided_by", "messages", "aligned"),
    *("first_seen", "last_seen", "country", "asn", "as_name", "ptr", "settled_by", "is_new"),
)


@dataclass(frozen=True, slots=True)
class Senders:
    """`rows` are new or undecided addresses, these first, then by mail: the keys of `rua sources`,
    `likely` (a class or None) and `why`. `known` counts all other addresses of the window;
    `total` is of all mail."""

    feed: Row
    arrived: Row
    total: Row
    rows: list[Row]
    known: int


def senders(chosen: Chosen) -> Senders:
    """Raises StoreError (missing, locked, damaged) and ConfigError."""
    return answer(_senders, chosen)


def countries(rows: Iterable[Row]) -> list[Row]:
    """One row per country, None for an address without one: country, addresses, undecided
    (addresses), messages; most mail first."""
    found: dict[str | None, Row] = {}
    for row in rows:
        empty = {"country": row["country"], "addresses": 0, "undecided": 0, "messages": 0}
        one = found.setdefault(row["country"], empty)
        one["addresses"] += 1
        one["undecided"] += row["class"] == "undecided"
        one["messages"] += row["messages"]
    return sorted(found.values(), key=lambda row: (-row["messages"], row["country"] or ""))


def _senders(con: Connection, told: Settings, chosen: Chosen) -> Senders:
    words, window = words_of(con, told), chosen.window
    rows = [
        row for row in ask_sources(con, window, chosen.domain, words) if chosen.holds(row["domain"])
    ]
    unknown = [row for row in rows if row["is_new"] or row["class"] == "undecided"]
    return Senders(
        feed=feed(con, window.as_of),
        arrived=arrived(con, window, chosen.domains),
        total=sought.total(con, window, Sought(domains=chosen.domains), words),
        rows=[_sender(row) for row in sorted(unknown, key=_is_decided)],
        known=len(rows) - len(unknown),
    )


def _is_decided(row: Row) -> bool:
    return bool(row["class"] != "undecided")


def _sender(row: Row) -> Row:
    class_, why = likely(row)
    return {**{key: row[key] for key in KEPT}, "likely": class_, "why": why}
