"""Down from a source to its records: by service, network, address and reporter, or what fails.

Every question here is of the window, of counted reports, and of what a `Sought` names. Records can
be millions, so they come in pages, the order of which is total.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.query.run import Row, question
from analytics.query.window import Window
from analytics.sources.classification import classify
from analytics.sources.classified_query import ask_after
from analytics.sources.labels import Word
from schemas.errors import ConfigError
from schemas.store.store import Connection

__all__ = [
    "Sought",
    "addresses",
    "days",
    "network_of",
    "records",
    "reporters",
    "seek",
    "strips",
    "total",
]

SOUGHT = question("sources/sought")
SIZES = {4: 24, 6: 48}  # of the networks that addresses are gathered into, as they are given away


@dataclass(frozen=True, slots=True)
class Sought:
    """Which mail; None is any. `domains` are policy domains, `source` a service as `rua sources`
    names it, `network` an address range in CIDR form, `failing` only what does not pass aligned."""

    domains: tuple[str, ...] | None = None
    source: str | None = None
    network: str | None = None
    source_ip: str | None = None
    reporter: str | None = None
    class_: str | None = None
    failing: bool = False


def network_of(source_ip: str) -> str:
    """The network of an address, 24 bits of IPv4 and 48 of IPv6, in CIDR form."""
    address = ipaddress.ip_address(source_ip)
    return str(ipaddress.ip_network((address, SIZES[address.version]), strict=False))


def addresses(
    con: Connection, window: Window, sought: Sought, words: Sequence[Word] = ()
) -> list[Row]:
    """One row per (domain, source_ip): messages, aligned, dkim_aligned, spf_aligned,
    indeterminate."""
    return _ask(con, "sources/sought_addresses", window, sought, words)


def days(con: Connection, window: Window, sought: Sought, words: Sequence[Word] = ()) -> list[Row]:
    """One row per day with mail: day, messages, aligned, indeterminate."""
    return _ask(con, "sources/sought_days", window, sought, words)


def strips(
    con: Connection,
    window: Window,
    sought: Sought,
    services: Sequence[tuple[str, str]],
    words: Sequence[Word] = (),
) -> list[Row]:
    """One row per (domain, source, day) with mail, of these (policy domain, service) alone:
    domain, source, day, messages, aligned."""
    listed = {
        "of_domains": [domain for domain, _ in services],
        "sources": [source for _, source in services],
    }
    return _ask(con, "sources/sought_strips", window, sought, words, **listed)


def reporters(
    con: Connection, window: Window, sought: Sought, words: Sequence[Word] = ()
) -> list[Row]:
    """One row per reporter, whichever is sought: reporter, messages, aligned, first_seen,
    last_seen (both within the window), the most mail first."""
    return _ask(con, "sources/sought_reporters", window, sought, words, without=("reporter",))


def total(con: Connection, window: Window, sought: Sought, words: Sequence[Word] = ()) -> Row:
    """records, reports, reporters, messages, aligned, unverified (messages that only reports tell
    of whose mail proves nothing of its sender)."""
    return _ask(con, "sources/sought_total", window, sought, words)[0]


def records(
    con: Connection,
    window: Window,
    sought: Sought,
    words: Sequence[Word] = (),
    *,
    most: int,
    skip: int = 0,
) -> list[Row]:
    """One row per record, newest first: at most `most` after the first `skip`. `report` is the
    number of its document, as `rua show` takes it."""
    return _ask(con, "sources/sought_records", window, sought, words, most=most, skip=skip)


def _ask(
    con: Connection,
    name: str,
    window: Window,
    sought: Sought,
    words: Sequence[Word],
    *,
    without: Sequence[str] = (),
    **more: Any,
) -> list[Row]:
    chosen = {"reporter": sought.reporter, "failing": sought.failing, "domains": _listed(sought)}
    kept = {key: value for key, value in chosen.items() if key not in without}
    days = {"first": window.first, "last": window.last}
    asked = (window, sought, words)
    return ask_after(
        con, name, {**days, **kept, **more}, asked, lambda: seek(con, window, sought, words)
    )


def seek(con: Connection, window: Window, sought: Sought, words: Sequence[Word]) -> None:
    """Make the temporary table `sought`, of the sources that it names (queries/sought.sql)."""
    only = sought.domains if sought.domains and len(sought.domains) == 1 else None
    classify(con, window, words, only)
    bounds = {"domains": _listed(sought), "source": sought.source, "source_ip": sought.source_ip}
    bounds["class"] = sought.class_
    con.execute(
        f"create or replace temp table sought as {SOUGHT}", bounds | _numbers(sought.network)
    )


def _listed(sought: Sought) -> list[str] | None:
    """They are named to each question, too: reports of one domain are few, and found first."""
    return None if sought.domains is None else list(sought.domains)


def _numbers(network: str | None) -> dict[str, Any]:
    """The ends of a network; numbers of IPv6 go as text, which no driver rounds."""
    if network is None:
        return dict.fromkeys(("version", "first_number", "last_number"))
    try:
        found = ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise ConfigError(f"{network[:80]!r} is no network", todo="write 192.0.2.0/24") from None
    ends = {"first_number": str(int(found[0])), "last_number": str(int(found[-1]))}
    return {"version": found.version, **ends}
