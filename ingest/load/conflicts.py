"""Which report of an identity counts when several deliveries claim it.

The decision looks at all of them together, so the order of arrival does not matter:

1. verified beats unverified beats failed;
2. of equals, a report without flags beats one with flags: a flagged one counts in no rate anyway,
   and its sender must not displace the true one;
3. then the document that was stored first counts.

A failed report never counts. Documents of equal content are one claim, as genuine as the most
genuine mail that brought one of them.
"""

from collections.abc import Iterable

from ingest.columns.sql import execute
from schemas.store.store import Connection

__all__ = ["settle_conflicts"]


def settle_conflicts(con: Connection, identities: Iterable[str]) -> None:
    """Bring the outcomes and reports of contested identities up to date."""
    contested = sorted(identities)
    if not contested:
        return
    execute(con, "load/claims", identities=contested)
    execute(con, "load/settle_dmarc_reports")
    execute(con, "load/settle_tls_reports")
    execute(con, "load/settle_outcomes")
    con.execute("drop table claim")
