"""What is known of addresses and domains, written down once, as they first appear in a batch.

The tables `address` and `known_domain`; a rebuild makes them again.
"""

from dataclasses import fields
from typing import Any

import pyarrow as pa

from ingest.bulk import insert_rows
from ingest.enrich import Addresses, AddressFacts
from schemas.store import Connection

__all__ = ["describe_addresses", "describe_domains"]

AT_ONCE = 5000  # whose facts are held at a time: each costs a kilobyte in Python
TEXT, WHOLE = pa.string(), pa.int64()
ADDRESS = {each.name: TEXT for each in fields(AddressFacts)} | {"version": WHOLE, "asn": WHOLE}
DOMAIN = {"domain": TEXT, "registered": TEXT, "service": TEXT, "service_type": TEXT}


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
