"""Facts of addresses and domains, stored once, when a batch first holds them.

The tables `address` and `known_domain` are derived, and a rebuild makes them again. The table
`ptr_lookup`, the answers of reverse DNS, is primary: DNS may answer differently tomorrow.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa

from ingest.columns.sql import execute, insert_rows
from ingest.enrich.ip_info import Addresses, AddressFacts
from ingest.model.ptr import PtrAnswer, PtrOutcome
from schemas.store.store import Connection

__all__ = [
    "describe_addresses",
    "describe_domains",
    "describe_names",
    "write_names",
]

AT_ONCE = 5000  # addresses whose facts are in memory at a time: 1 kB each
TEXT, WHOLE = pa.string(), pa.int64()
ADDRESS = {each.name: TEXT for each in fields(AddressFacts)} | {"version": WHOLE, "asn": WHOLE}
DOMAIN = {"domain": TEXT, "registered": TEXT, "service": TEXT, "service_type": TEXT}
PTR = {
    "source_ip": TEXT,
    "name": TEXT,
    "confirmed": pa.bool_(),
    "outcome": TEXT,
    "asked_at": pa.timestamp("us"),
}


def describe_addresses(con: Connection, known: Addresses, records: Any) -> None:
    """Add the facts of the new addresses of `records` (Arrow rows of dmarc_record)."""
    new = _new(con, "enrich/new_addresses", "source_ip", records.column("source_ip"))
    for start in range(0, len(new), AT_ONCE):
        slice_ = known.facts(new[start : start + AT_ONCE])
        facts = [tuple(getattr(fact, name) for name in ADDRESS) for fact in slice_]
        insert_rows(con, "address", ADDRESS, facts)


def describe_domains(con: Connection, known: Addresses, records: Any) -> None:
    """Add the owners of new domains, not the policy domain's own, that authenticate mail."""
    seen = pa.concat_arrays([records.column(each).unique() for each in ("other_dkim", "other_spf")])
    _describe(con, known, seen)


def describe_names(con: Connection, known: Addresses) -> None:
    """Add the owners of new confirmed host names."""
    names = [name for (name,) in execute(con, "enrich/confirmed_names")]
    _describe(con, known, pa.array(names, TEXT))


def write_names(con: Connection, known: Addresses, answers: Sequence[PtrAnswer]) -> None:
    """Replace the names of addresses by answers, one for each address. An error says nothing
    about a name, so the earlier name stays."""
    asked = [each.source_ip for each in answers]
    before = {row[0]: row[1:] for row in execute(con, "enrich/known_names", addresses=asked)}
    rows = [_ptr_row(each, *before.get(each.source_ip, (None, False))) for each in answers]
    execute(con, "enrich/delete_names", addresses=asked)
    insert_rows(con, "ptr_lookup", PTR, rows)
    describe_names(con, known)
    names = {name for _, name, is_confirmed, *_ in rows if is_confirmed}
    gone = {name for name, is_confirmed in before.values() if is_confirmed} - names
    if gone:
        execute(con, "enrich/delete_unused_domains", domains=sorted(gone))


def _ptr_row(answer: PtrAnswer, name: str | None, confirmed: bool) -> tuple[Any, ...]:
    """`name` and `confirmed` are the earlier ones."""
    if answer.outcome != PtrOutcome.ERROR:
        name, confirmed = answer.name, answer.outcome == PtrOutcome.FOUND
    return answer.source_ip, name, confirmed, answer.outcome.value, answer.asked_at


def _describe(con: Connection, known: Addresses, seen: Any) -> None:
    new = _new(con, "enrich/new_domains", "domain", seen)
    if new:
        insert_rows(con, "known_domain", DOMAIN, [(name, *known.owner(name)) for name in new])


def _new(con: Connection, question: str, column: str, seen: Any) -> list[str]:
    """The distinct values that have no row yet, in order."""
    con.register("incoming", pa.table({column: seen.unique()}))
    new = [row[0] for row in execute(con, question)]
    con.unregister("incoming")
    return new
