"""Down from services to records: who sends, from where, what each record says.

The frame chooses days and domains; the rest of the way down is `Narrowed`, as the URL has it.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analytics.query.question import Question
from analytics.reports.freshness import feed
from analytics.sources import drilldown
from analytics.sources.drilldown import Drilldown, network_of
from analytics.sources.labels import labels as all_labels
from analytics.sources.services import EVERY, service_counts
from analytics.sources.services import service_page as page_of_services
from analytics.sources.summary import by_service
from analytics.sources.summary import sources as ask_sources
from analytics.sources.totals import arrived
from dashboards.common.asked import asked
from dashboards.web.session.query_cache import Chosen, Row, answer, settings
from schemas.config.settings import Settings
from schemas.store.reader import Reader

__all__ = [
    "MOST_RECORDS",
    "Narrowed",
    "Service",
    "Services",
    "networks",
    "record_page",
    "reporters",
    "service",
    "service_page",
    "services",
    "strips",
    "whole_list",
    "whole_records",
]

MOST_RECORDS = 50_000  # of one download; `rua sql` and `rua reports` know no such limit
COUNTS = ("messages", "aligned", "dkim_aligned", "spf_aligned", "indeterminate")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """How far down, and what of it: None is any. `of` is the policy domain of the row that was
    opened, while others are still chosen above."""

    source: str | None = None
    of: str | None = None
    network: str | None = None
    ip: str | None = None
    class_: str | None = None
    reporter: str | None = None
    failing: bool = False

    @property
    def is_opened(self) -> bool:
        """Whether one service, network or address is looked at."""
        return bool(self.source or self.network or self.ip)

    @property
    def upper(self) -> "Narrowed":
        """The same on the way's first step."""
        return Narrowed(reporter=self.reporter, failing=self.failing)

    @property
    def drilldown(self) -> Drilldown:
        """The same as a question's."""
        return Drilldown(
            source=self.source,
            network=self.network,
            source_ip=self.ip,
            class_=self.class_,
            reporter=self.reporter,
            failing=self.failing,
        )

    def domains(self, chosen: Chosen) -> tuple[str, ...] | None:
        """Those it is about; never one that is not among those chosen."""
        if self.of is not None and chosen.holds(self.of):
            return (self.of,)
        return chosen.domains


@dataclass(frozen=True, slots=True)
class Services:
    """The answer of the upper list: `counts` are services by class, `feed` and `arrived` as of
    Monday, `total` of `analytics.sources.drilldown.total`."""

    feed: Row
    arrived: Row
    total: Row
    counts: Mapping[str, int]

    def count(self, class_: str | None) -> int:
        """Services of a class, None meaning all."""
        return sum(self.counts.values()) if class_ is None else self.counts.get(class_, 0)


@dataclass(frozen=True, slots=True)
class Service:
    """What was opened: its addresses, days and reporters, and the owner's words on its domains."""

    feed: Row
    arrived: Row
    total: Row
    addresses: list[Row]
    days: list[Row]
    reporters: list[Row]
    labels: list[Row]


def services(chosen: Chosen, narrowed: Narrowed) -> Services:
    """Of all sources. Raises StoreError (missing, locked, damaged) and ConfigError."""
    return answer(_services, chosen, narrowed.upper)


def service_page(chosen: Chosen, narrowed: Narrowed, *, most: int, skip: int) -> list[Row]:
    """A page of them, of one class where one is chosen, most mail first: rows as of `by_service`,
    numbers as far as they are sought."""
    return answer(_service_page, chosen, narrowed.upper, narrowed.class_, most, skip)


def whole_list(chosen: Chosen, narrowed: Narrowed) -> list[Row]:
    """All of them, for a download."""
    return answer(_service_page, chosen, narrowed.upper, narrowed.class_, EVERY, 0)


def service(chosen: Chosen, narrowed: Narrowed) -> Service:
    """Of the source, network or address that was opened. Raises as `services`."""
    return answer(_service, chosen, narrowed)


def strips(chosen: Chosen, narrowed: Narrowed, rows: Iterable[Row]) -> list[Row]:
    """Days of these services alone: domain, source, day, messages, aligned."""
    listed = tuple((row["domain"], row["source"]) for row in rows)
    return answer(_strips, chosen, narrowed.upper, listed) if listed else []


def reporters(chosen: Chosen) -> list[Row]:
    """All that one can choose between in these days, most mail first."""
    return answer(_reporters, chosen)


def record_page(chosen: Chosen, narrowed: Narrowed, *, most: int, skip: int) -> list[Row]:
    """Records of what was opened, newest first."""
    return answer(_records, chosen, narrowed, most, skip)


def whole_records(chosen: Chosen, narrowed: Narrowed) -> list[Row]:
    """The newest MOST_RECORDS of them, for a download."""
    return answer(_records, chosen, narrowed, MOST_RECORDS, 0)


def networks(addresses: Iterable[Row]) -> list[Row]:
    """Addresses gathered by (domain, network): `network`, `source_ips`, and AS and country where
    all have the same; most mail first."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in addresses:
        found.setdefault((row["domain"], network_of(row["source_ip"])), []).append(row)
    rows = [_network(name, members) for (_, name), members in found.items()]
    return sorted(rows, key=lambda row: (-row["messages"], row["domain"], _place(row["network"])))


def _network(name: str, members: list[Row]) -> Row:
    gathered = by_service([{**row, "source": name} for row in members], settings().gates)[0]
    return {**gathered, "network": name}


def _place(network: str) -> tuple[int, int]:
    found = ipaddress.ip_network(network)
    return found.version, int(found.network_address)


def _asked(reader: Reader, told: Settings, chosen: Chosen, narrowed: Narrowed) -> Question:
    return asked(reader, told, chosen.window, narrowed.domains(chosen))


def _services(reader: Reader, told: Settings, chosen: Chosen, narrowed: Narrowed) -> Services:
    q, to = _asked(reader, told, chosen, narrowed), narrowed.drilldown
    return Services(
        feed=feed(q),
        arrived=arrived(q.within(chosen.domains)),
        total=drilldown.total(q, to),
        counts=service_counts(q, to),
    )


def _service_page(
    reader: Reader,
    told: Settings,
    chosen: Chosen,
    narrowed: Narrowed,
    class_: str | None,
    most: int,
    skip: int,
) -> list[Row]:
    q, to = _asked(reader, told, chosen, narrowed), narrowed.drilldown
    return page_of_services(q, to, of_class=class_, most=most, skip=skip)


def _service(reader: Reader, told: Settings, chosen: Chosen, narrowed: Narrowed) -> Service:
    q, to = _asked(reader, told, chosen, narrowed), narrowed.drilldown
    rows = _addresses(reader, told, chosen, narrowed)
    named = {row["domain"] for row in rows}
    return Service(
        feed=feed(q),
        arrived=arrived(q.within(chosen.domains)),
        total=drilldown.total(q, to),
        addresses=rows,
        days=drilldown.days(q, to),
        reporters=drilldown.reporters(q, to),
        labels=[row for row in all_labels(reader) if row["domain"] in named],
    )


def _addresses(reader: Reader, told: Settings, chosen: Chosen, narrowed: Narrowed) -> list[Row]:
    """Addresses with mail that is asked about, counted as far as it is, most mail first."""
    q, to = _asked(reader, told, chosen, narrowed), narrowed.drilldown
    rows = ask_sources(q)
    if to == Drilldown() and q.domains == chosen.domains:
        return rows
    counted = {(row["domain"], row["source_ip"]): row for row in drilldown.addresses(q, to)}
    kept = [
        row | {key: counted[place][key] for key in COUNTS}
        for row in rows
        if (place := (row["domain"], row["source_ip"])) in counted
    ]
    return sorted(kept, key=lambda row: (-row["messages"], row["domain"], row["source_ip"]))


def _strips(
    reader: Reader,
    told: Settings,
    chosen: Chosen,
    narrowed: Narrowed,
    listed: tuple[tuple[str, str], ...],
) -> list[Row]:
    q = _asked(reader, told, chosen, narrowed)
    return drilldown.strips(q, narrowed.drilldown, listed)


def _reporters(reader: Reader, told: Settings, chosen: Chosen) -> list[Row]:
    return drilldown.reporters(asked(reader, told, chosen.window, chosen.domains), Drilldown())


def _records(
    reader: Reader, told: Settings, chosen: Chosen, narrowed: Narrowed, most: int, skip: int
) -> list[Row]:
    q = _asked(reader, told, chosen, narrowed)
    return drilldown.records(q, narrowed.drilldown, most=most, skip=skip)
