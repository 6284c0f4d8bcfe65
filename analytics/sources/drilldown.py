"""Drills down from a source to its records, by service, network, address, reporter or failure.

Every answer covers the window, counted reports, and the mail that a `Drilldown` selects. There may
be millions of records, so they come in pages with a total order.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.query.question import Question
from analytics.query.relation import Made
from analytics.query.run import Row, ask_cached, made
from analytics.sources.classification import source_class
from schemas.errors import ConfigError

__all__ = [
    "Drilldown",
    "addresses",
    "days",
    "drilldown_relation",
    "network_of",
    "records",
    "reporters",
    "strips",
    "total",
]

SIZES = {4: 24, 6: 48}  # prefix lengths by IP version: the usual allocations


@dataclass(frozen=True, slots=True)
class Drilldown:
    """Which mail; None is any. `source` is a service as `rua sources` names it, `network` an
    address range in CIDR form, `failing` only mail that does not pass DMARC."""

    source: str | None = None
    network: str | None = None
    source_ip: str | None = None
    reporter: str | None = None
    class_: str | None = None
    failing: bool = False


def network_of(source_ip: str) -> str:
    """The network of an address in CIDR form, /24 for IPv4 and /48 for IPv6."""
    address = ipaddress.ip_address(source_ip)
    return str(ipaddress.ip_network((address, SIZES[address.version]), strict=False))


def addresses(q: Question, to: Drilldown) -> list[Row]:
    """One row per (domain, source_ip): messages, aligned, dkim_aligned, spf_aligned,
    indeterminate."""
    return _ask(q, "sources/drilldown_addresses", to)


def days(q: Question, to: Drilldown) -> list[Row]:
    """One row per day with mail: day, messages, aligned, indeterminate."""
    return _ask(q, "sources/drilldown_days", to)


def strips(q: Question, to: Drilldown, services: Sequence[tuple[str, str]]) -> list[Row]:
    """One row per (domain, source, day) with mail, of these (policy domain, service) pairs only:
    domain, source, day, messages, aligned."""
    listed = {
        "of_domains": [domain for domain, _ in services],
        "sources": [source for _, source in services],
    }
    return _ask(q, "sources/drilldown_strips", to, **listed)


def reporters(q: Question, to: Drilldown) -> list[Row]:
    """One row per reporter, whatever reporter `to` selects: reporter, messages, aligned,
    first_seen, last_seen (both within the window), most mail first."""
    return _ask(q, "sources/drilldown_reporters", to, without=("reporter",))


def total(q: Question, to: Drilldown) -> Row:
    """records, reports, reporters, messages, aligned, unverified (messages of unverified
    reports)."""
    return _ask(q, "sources/drilldown_total", to)[0]


def records(q: Question, to: Drilldown, *, most: int, skip: int = 0) -> list[Row]:
    """One row per record, newest first: at most `most` after the first `skip`. `report` is the
    number of its document, as `rua show` takes it."""
    return _ask(q, "sources/drilldown_records", to, most=most, skip=skip)


def _ask(
    q: Question, name: str, to: Drilldown, *, without: Sequence[str] = (), **more: Any
) -> list[Row]:
    chosen = {"reporter": to.reporter, "failing": to.failing}
    filters = {key: value for key, value in chosen.items() if key not in without}
    return ask_cached(
        q.reader, name, {**q.bounds, **filters, **more}, *q.counted, drilldown_relation(q, to)
    )


def drilldown_relation(q: Question, to: Drilldown) -> Made:
    """The relation `drilldown`: the sources that `to` selects (queries/drilldown.sql)."""
    chosen = {"source": to.source, "source_ip": to.source_ip, "class": to.class_}
    parameters = q.named | chosen | _numbers(to.network)
    return made("drilldown", "sources/drilldown", parameters, source_class(q))


def _numbers(network: str | None) -> dict[str, Any]:
    """The first and last address of a network; as text, since drivers round numbers of IPv6."""
    if network is None:
        return dict.fromkeys(("version", "first_number", "last_number"))
    try:
        found = ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise ConfigError(f"{network[:80]!r} is not a network", todo="write 192.0.2.0/24") from None
    ends = {"first_number": str(int(found[0])), "last_number": str(int(found[-1]))}
    return {"version": found.version, **ends}
