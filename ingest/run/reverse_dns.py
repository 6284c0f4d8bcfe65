"""What reverse DNS calls the addresses of sources: asked after the commit, kept with its age.

A name counts only when it is confirmed: whoever holds an address names it as he likes in his own
reverse zone, but only who holds the name can make it lead back to the address (RFC 8601 §2.7.3,
iprev). The outcome is

    found        a name that leads back to the address            asked again after 30 days
    unconfirmed  a name that does not; kept, and used for nothing  30 days
    none         no name, or one that is no domain                 7 days
    error        no answer, or none of use; the name stays         1 day
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
from schemas.store.store import Connection, Store

if TYPE_CHECKING:
    from ingest.enrich.ptr_lookup import Asking

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
    tell: Callable[[str], None] | None = None,
    *,
    now: datetime | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Ask for the names that are due, within model.limits, and say in a line what came of it.

    `tell` has that line where nothing is wrong. No fault of DNS or the store leaves here: it is
    said. An interrupt does, once what was asked so far is written. Ends soon after stopping() is
    true. `now` is UTC without a zone.
    """
    if dns.offline or not store.exists():
        return
    moment = now or utc_now()
    try:
        with store.read() as con:
            due = _due(con, moment, lambda address: bool(dns.nameservers) or _is_public(address))
    except StoreError as error:
        say(f"rua: no host names were asked for: {error}")
        return
    if not due:
        return
    from ingest.enrich.ptr_lookup import Asking  # asyncio and DNS load only where a name is due

    asking = Asking(dns, due, moment)
    try:
        asking.run(stopping)
    finally:
        _keep(asking, writer, say, tell or say)


def _due(con: Connection, now: datetime, is_asked: Callable[[str], bool]) -> list[str]:
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


def _addresses(con: Connection, name: str, values: dict[str, Any]) -> Iterator[str]:
    answer = con.execute(statement(name), values)
    while rows := answer.fetchmany(ROWS):
        yield from (row[0] for row in rows)


def _is_public(address: str) -> bool:
    """Of private addresses only a resolver that the owner named may know anything."""
    return ipaddress.ip_address(address).is_global


def _keep(
    asking: "Asking", writer: Writer, say: Callable[[str], None], tell: Callable[[str], None]
) -> None:
    try:
        if asking.answers:
            writer.write_names(asking.answers)
    except StoreError as error:
        say(f"rua: the host names were not stored: {error}")
        return
    (say if asking.is_dead else tell)(f"rua: {asking.told()}")
