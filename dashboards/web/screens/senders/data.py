"""Who is new or cannot be told: the addresses, and where on earth they are."""

from dataclasses import dataclass

from analytics.reports.freshness import feed
from analytics.sources import drilldown
from analytics.sources.drilldown import Drilldown
from analytics.sources.totals import arrived
from analytics.sources.unclassified import NEW_DAYS, Unknown, unknown, unknown_countries
from dashboards.common.asked import asked
from dashboards.web.session.query_cache import Chosen, Row, answer
from schemas.config.settings import Settings
from schemas.store.reader import Reader

__all__ = ["MOST_SAVED", "NEW_DAYS", "Senders", "sender_page", "senders", "whole_senders"]

MOST_SAVED = 50_000  # of one download; `rua sources` knows no such limit


@dataclass(frozen=True, slots=True)
class Senders:
    """`countries` are rows of `unknown_countries` with addresses that are wanted; `every` counts
    all addresses of the window; `total` is of all mail."""

    feed: Row
    arrived: Row
    total: Row
    countries: list[Row]
    every: int


def senders(chosen: Chosen, wanted: Unknown) -> Senders:
    """Raises StoreError (missing, locked, damaged) and ConfigError."""
    return answer(_senders, chosen, wanted)


def sender_page(chosen: Chosen, wanted: Unknown, *, most: int, skip: int) -> list[Row]:
    """Rows of `unknown`."""
    return answer(_page, chosen, wanted, most, skip)


def whole_senders(chosen: Chosen, wanted: Unknown) -> list[Row]:
    """The first MOST_SAVED of them, for a download."""
    return answer(_page, chosen, wanted, MOST_SAVED, 0)


def _senders(reader: Reader, told: Settings, chosen: Chosen, wanted: Unknown) -> Senders:
    q = asked(reader, told, chosen.window, chosen.domains)
    countries = unknown_countries(q, wanted)
    return Senders(
        feed=feed(q),
        arrived=arrived(q),
        total=drilldown.total(q, Drilldown()),
        countries=[row for row in countries if row["addresses"]],
        every=sum(row["every"] for row in countries),
    )


def _page(
    reader: Reader, told: Settings, chosen: Chosen, wanted: Unknown, most: int, skip: int
) -> list[Row]:
    q = asked(reader, told, chosen.window, chosen.domains)
    return unknown(q, wanted, most=most, skip=skip)
