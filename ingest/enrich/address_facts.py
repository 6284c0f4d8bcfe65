"""What is known of addresses and domains, written down once, as they first appear in a batch.

The tables `address` and `known_domain`; a rebuild makes them again. And `ptr_lookup`, what reverse
DNS said of addresses, which is primary: DNS does not answer twice alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa

from ingest.columns.insert import insert_rows
from ingest.enrich.ip_info import Addresses, AddressFacts
from ingest.model.ptr import PtrAnswer, PtrOutcome
from schemas.store.store import Connection

__all__ = [
    "describe_addresses",
    "describe_domains",
    "describe_names",
    "write_names",
]

AT_ONCE = 5000  # whose facts are held at a time: each costs a kilobyte in Python
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
    """Facts of the addresses of `records` (Arrow rows of dmarc_record) that are new."""
    new = _new(con, "address", "source_ip", records.column("source_ip"))
    for start in range(0, len(new), AT_ONCE):
        slice_ = known.facts(new[start : start + AT_ONCE])
        facts = [tuple(getattr(fact, name) for name in ADDRESS) for fact in slice_]
        insert_rows(con, "address", ADDRESS, facts)


def describe_domains(con: Connection, known: Addresses, records: Any) -> None:
    """Whose the domains are that authenticate mail and are not the owner's, of the new ones."""
    met = pa.concat_arrays([records.column(each).unique() for each in ("other_dkim", "other_spf")])
    _describe(con, known, met)


def describe_names(con: Connection, known: Addresses) -> None:
    """Whose the confirmed names of addresses are, of those that are new."""
    rows = con.execute("select name from ptr_lookup where confirmed").fetchall()
    _describe(con, known, pa.array([name for (name,) in rows], TEXT))


def write_names(con: Connection, known: Addresses, answers: Sequence[PtrAnswer]) -> None:
    """Put answers, one for each address, in place of older ones. After an error, which says
    nothing of the name, the older one stays."""
    asked = [each.source_ip for each in answers]
    chosen = "source_ip in (select unnest($1::text[]))"
    question = f"select source_ip, name, confirmed from ptr_lookup where {chosen}"
    before = {row[0]: row[1:] for row in con.execute(question, [asked]).fetchall()}
    rows = [_ptr_row(each, *before.get(each.source_ip, (None, False))) for each in answers]
    con.execute(f"delete from ptr_lookup where {chosen}", [asked])
    insert_rows(con, "ptr_lookup", PTR, rows)
    describe_names(con, known)
    names = {name for _, name, is_confirmed, *_ in rows if is_confirmed}
    _forget(con, {name for name, is_confirmed in before.values() if is_confirmed} - names)


def _ptr_row(answer: PtrAnswer, name: str | None, confirmed: bool) -> tuple[Any, ...]:
    """`name` and `confirmed` are what was known before."""
    if answer.outcome != PtrOutcome.ERROR:
        name, confirmed = answer.name, answer.outcome == PtrOutcome.FOUND
    return answer.source_ip, name, confirmed, answer.outcome.value, answer.asked_at


def _forget(con: Connection, names: Iterable[str]) -> None:
    """Take those domains away that a rebuild would not meet any more."""
    gone = sorted(names)
    if gone:
        con.execute(
            """
            delete from known_domain
            where domain in (select unnest($1::text[]))
                and not exists (from ptr_lookup where confirmed and name = domain)
                and not exists (from dmarc_record where other_dkim = domain or other_spf = domain)
            """,
            [gone],
        )


def _describe(con: Connection, known: Addresses, met: Any) -> None:
    new = _new(con, "known_domain", "domain", met)
    if new:
        insert_rows(con, "known_domain", DOMAIN, [(name, *known.owner(name)) for name in new])


def _new(con: Connection, table: str, column: str, met: Any) -> list[str]:
    """The distinct values that the table does not have yet, in order."""
    con.register("met", pa.table({column: met.unique()}))
    question = f"""
        select {column}
        from met
        anti join {table} using ({column})
        where {column} is not null
        order by {column}
    """
    new = [row[0] for row in con.execute(question).fetchall()]
    con.unregister("met")
    return new
