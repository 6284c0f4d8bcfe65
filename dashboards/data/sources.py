"""Down from services to records: who sends, from where, what each record says.

The frame chooses days and domains; the rest of the way down is `Narrowed`, as the URL has it.
"""

import ipaddress
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from analytics import sought
from analytics.feed import feed
from analytics.labels import labels as all_labels
from analytics.mail import by_service
from analytics.mail import sources as ask_sources
from analytics.overview import arrived
from analytics.services import services as all_services
from analytics.services import services_named
from analytics.sought import Sought, network_of
from dashboards.data import Chosen, Row, answer
from dashboards.naming import words_of
from schemas.settings import Settings
from schemas.store import Connection

__all__ = [
    "MOST_RECORDS",
    "Narrowed",
    "Service",
    "Services",
    "networks",
    "record_page",
    "reporters",
    "service",
    "services",
    "strips",
    "told",
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

    def sought(self, chosen: Chosen) -> Sought:
        """The same as a question; never of a domain that is not among those chosen."""
        return Sought(
            domains=self.domains(chosen),
            source=self.source,
            network=self.network,
            source_ip=self.ip,
            class_=self.class_,
            reporter=self.reporter,
            failing=self.failing,
        )

    def domains(self, chosen: Chosen) -> tuple[str, ...] | None:
        if self.of is not None and chosen.holds(self.of):
            return (self.of,)
        return chosen.domains


@dataclass(frozen=True, slots=True)
class Services:
    """The answer of the upper list: `rows` as of `by_service`, numbers as far as they are sought,
    reasons of a page alone (`told`);
    `feed` and `arrived` as of the Overview, `total` of `analytics.sought.total`."""

    feed: Row
    arrived: Row
    total: Row
    rows: list[Row]


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
    upper = Narrowed(reporter=narrowed.reporter, failing=narrowed.failing)
    return answer(_services, chosen, upper)


def told(chosen: Chosen, rows: Sequence[Row]) -> list[Row]:
    """A page of `rows` with its reasons."""
    missing = tuple((row["domain"], row["source"]) for row in rows if row["reason"] is None)
    if not missing:
        return list(rows)
    found = {(row["domain"], row["source"]): row for row in answer(_told, chosen, missing)}
    return [found.get((row["domain"], row["source"]), row) for row in rows]


def whole_list(chosen: Chosen, narrowed: Narrowed) -> list[Row]:
    """The rows of `services` with all reasons, of one class where one is chosen."""
    upper = Narrowed(reporter=narrowed.reporter, failing=narrowed.failing)
    rows = answer(_whole_list, chosen, upper)
    return [row for row in rows if narrowed.class_ in (None, row["class"])]


def service(chosen: Chosen, narrowed: Narrowed) -> Service:
    """Of the source, network or address that was opened. Raises as `services`."""
    return answer(_service, chosen, narrowed)


def strips(chosen: Chosen, narrowed: Narrowed, rows: Iterable[Row]) -> list[Row]:
    """Days of these services alone: domain, source, day, messages, aligned."""
    listed = tuple((row["domain"], row["source"]) for row in rows)
    upper = Narrowed(reporter=narrowed.reporter, failing=narrowed.failing)
    return answer(_strips, chosen, upper, listed) if listed else []


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
    gathered = by_service([{**row, "source": name} for row in members])[0]
    return {**gathered, "network": name}


def _place(network: str) -> tuple[int, int]:
    found = ipaddress.ip_network(network)
    return found.version, int(found.network_address)


def _services(con: Connection, told: Settings, chosen: Chosen, narrowed: Narrowed) -> Services:
    words, wanted = words_of(con, told), narrowed.sought(chosen)
    return Services(
        feed=feed(con, chosen.window.as_of),
        arrived=arrived(con, chosen.window, chosen.domains),
        total=sought.total(con, chosen.window, wanted, words),
        rows=_list(con, told, chosen, narrowed, ()),
    )


def _whole_list(con: Connection, told: Settings, chosen: Chosen, narrowed: Narrowed) -> list[Row]:
    return _list(con, told, chosen, narrowed, None)


def _list(
    con: Connection,
    told: Settings,
    chosen: Chosen,
    narrowed: Narrowed,
    reasons: Collection[str] | None,
) -> list[Row]:
    """Services with mail that is sought; `reasons` of these classes at least, None meaning all."""
    wanted = narrowed.sought(chosen)
    if wanted != Sought(domains=chosen.domains):
        return by_service(_addresses(con, told, chosen, narrowed))
    words, only = words_of(con, told), _one(wanted.domains)
    rows = all_services(con, chosen.window, only, words, reasons)
    return [row for row in rows if chosen.holds(row["domain"])]


def _told(
    con: Connection, told: Settings, chosen: Chosen, names: tuple[tuple[str, str], ...]
) -> list[Row]:
    words, only = words_of(con, told), _one(chosen.domains)
    return services_named(con, chosen.window, names, only, words)


def _service(con: Connection, told: Settings, chosen: Chosen, narrowed: Narrowed) -> Service:
    window, wanted, words = chosen.window, narrowed.sought(chosen), words_of(con, told)
    rows = _addresses(con, told, chosen, narrowed)
    named = {row["domain"] for row in rows}
    return Service(
        feed=feed(con, window.as_of),
        arrived=arrived(con, window, chosen.domains),
        total=sought.total(con, window, wanted, words),
        addresses=rows,
        days=sought.days(con, window, wanted, words),
        reporters=sought.reporters(con, window, wanted, words),
        labels=[row for row in all_labels(con) if row["domain"] in named],
    )


def _addresses(con: Connection, told: Settings, chosen: Chosen, narrowed: Narrowed) -> list[Row]:
    """Addresses with mail that is sought, counted as far as it is sought, most mail first."""
    words, wanted = words_of(con, told), narrowed.sought(chosen)
    rows = ask_sources(con, chosen.window, _one(wanted.domains), words)
    if wanted == Sought(domains=chosen.domains):
        return [row for row in rows if chosen.holds(row["domain"])]
    counted = {
        (row["domain"], row["source_ip"]): row
        for row in sought.addresses(con, chosen.window, wanted, words)
    }
    kept = [
        row | {key: counted[place][key] for key in COUNTS}
        for row in rows
        if (place := (row["domain"], row["source_ip"])) in counted
    ]
    return sorted(kept, key=lambda row: (-row["messages"], row["domain"], row["source_ip"]))


def _one(domains: Sequence[str] | None) -> str | None:
    return domains[0] if domains and len(domains) == 1 else None


def _strips(
    con: Connection,
    told: Settings,
    chosen: Chosen,
    narrowed: Narrowed,
    listed: tuple[tuple[str, str], ...],
) -> list[Row]:
    wanted = narrowed.sought(chosen)
    return sought.strips(con, chosen.window, wanted, listed, words_of(con, told))


def _reporters(con: Connection, told: Settings, chosen: Chosen) -> list[Row]:
    everything = Sought(domains=chosen.domains)
    return sought.reporters(con, chosen.window, everything, words_of(con, told))


def _records(
    con: Connection, told: Settings, chosen: Chosen, narrowed: Narrowed, most: int, skip: int
) -> list[Row]:
    wanted, words = narrowed.sought(chosen), words_of(con, told)
    return sought.records(con, chosen.window, wanted, words, most=most, skip=skip)
