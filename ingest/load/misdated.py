"""Flags reports whose period ends after they arrived, so that they count in no rate (D27).

A report covers the past. One whose period ends more than 2 days after its mail or file arrived is
misdated or forged; the 2 days allow for wrong clocks and time zones.

A reader is a pure function of bytes and does not know when a document arrived. So the flag is set
in the store, from the document's first carrier, and alike in an ingest, a retry and a rebuild. The
carrier arrived when the mailbox received it (a file: at its file time); if that is unknown, when
the mail was sent; else when it was stored.
"""

from collections.abc import Collection

from ingest.columns.sql import execute
from schemas.store.store import Connection

__all__ = ["FLAG", "flag_misdated"]

FLAG = "the period ends more than 2 days after the report arrived"


def flag_misdated(con: Connection, documents: Collection[int]) -> None:
    """Bring the time of arrival and the flag up to date on those documents that are reports."""
    numbers = sorted(documents)
    execute(con, "load/set_arrived_at", documents=numbers)
    changed = execute(con, "load/misdated", documents=numbers, flag=FLAG)
    values = {
        "documents": [number for number, _ in changed],
        "misdated": [is_misdated for _, is_misdated in changed],
        "flag": FLAG,
    }
    if changed:
        execute(con, "load/flag_dmarc_reports", **values)
        execute(con, "load/flag_tls_reports", **values)
