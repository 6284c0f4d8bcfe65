"""Looks up the host names of sources by reverse DNS, after the commit, and stores them with dates.

A name counts only if it is confirmed: whoever holds an address can put any name into its reverse
zone, but only the holder of the name can make it lead back to the address (RFC 8601 §2.7.3, iprev).
The outcome is

    found        a name that leads back to the address           looked up again after 30 days
    unconfirmed  a name that does not; stored and not used        30 days
    none         no name, or one that is no domain                7 days
    error        no answer, or a useless one; the name stays      1 day
"""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from ingest.columns.sql import statement
from ingest.load.writer import Writer
from ingest.model.clock import now as utc_now
from ingest.model.limits import PTR_ADDRESSES
from ingest.model.ptr import PtrOutcome
from schemas.config.settings import Dns
from schemas.errors import StoreError
from schemas.store.connection import Executes
from schemas.store.store import Store

if TYPE_CHECKING:
    from ingest.enrich.ptr_lookup import PtrLookup

__all__ = ["name_sources"]

DAYS = {
    PtrOutcome.FOUND: 30,
    PtrOutcome.UNCONFIRMED: 30,
    PtrOutcome.NONE: 7,
    PtrOutcome.ERROR: 1,
}
ROWS = 1000


def name_sources(
    store: Store,
    writer: Writer,
    dns: Dns,
    say: Callable[[str], None],
    say_done: Callable[[str], None] | None = None,
    *,
    now: datetime | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Look up the names that are due, within model.limits, and say the result in one line.

    `say_done` gets that line if nothing is wrong. Errors of DNS and the store are said, not raised.
    An interrupt is raised, after the answers so far are stored. Ends soon after stopping() is
    true. `now` is UTC without a zone.
    """
    if dns.offline or not store.exists():
        return
    moment = now or utc_now()
    try:
        with store.read() as reader:
            due = _due(reader, moment, lambda address: bool(dns.nameservers) or _is_public(address))
    except StoreError as error:
        say(f"rua: no host names were looked up: {error}")
        return
    if not due:
        return
    # asyncio and dnspython load only if a name is due.
    from ingest.enrich.ptr_lookup import PtrLookup

    lookup = PtrLookup(dns, due, moment, stopping)
    try:
        lookup.run()
    finally:
        _store(lookup, writer, say, say_done or say)


def _due(con: Executes, now: datetime, is_asked: Callable[[str], bool]) -> list[str]:
    """Addresses to look up. Their order costs a scan of all records, so it is asked for only if
    some are due."""
    values = {
        "outcomes": [each.value for each in DAYS],
        "since": [now - timedelta(days=days) for days in DAYS.values()],
        "now": now,
    }
    if not any(map(is_asked, _addresses(con, "run/due_addresses", values))):
        return []
    chosen = filter(is_asked, _addresses(con, "run/due_addresses_newest_first", values))
    return list(islice(chosen, PTR_ADDRESSES))


def _addresses(con: Executes, name: str, values: dict[str, Any]) -> Iterator[str]:
    answer = con.execute(statement(name), values)
    while rows := answer.fetchmany(ROWS):
        yield from (row[0] for row in rows)


def _is_public(address: str) -> bool:
    """Private addresses are looked up only at a nameserver that the settings name."""
    return ipaddress.ip_address(address).is_global


def _store(
    lookup: "PtrLookup",
    writer: Writer,
    say: Callable[[str], None],
    say_done: Callable[[str], None],
) -> None:
    try:
        if lookup.answers:
            writer.write_names(lookup.answers)
    except StoreError as error:
        say(f"rua: the host names were not stored: {error}")
        return
    (say if lookup.is_dns_dead else say_done)(f"rua: {lookup.summary()}")
