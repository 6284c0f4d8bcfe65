"""Derived tables made again from the documents: after an update of the readers, or a doubt."""

from collections.abc import Sequence

from ingest.contest import settle_contests
from ingest.placing import Known, KnownDocument, Outcome, place
from ingest.reading import merged
from ingest.stored import StoredDocument, all_documents, judge_deliveries
from ingest.workers import Readers
from ingest.writer import Writer, write_outcomes
from schemas.store import Connection, Store

__all__ = ["DERIVED", "rebuild"]

DERIVED = (
    "outcome",
    "dmarc_report",
    "dmarc_record",
    "dmarc_reason",
    "dmarc_dkim",
    "dmarc_spf",
    "dmarc_refused_record",
    "tls_report",
    "tls_policy",
    "tls_failure",
    "address",
    "known_domain",
)

CONTESTED = """
    select outcome.identity
    from outcome
    join delivery using (document_id)
    where outcome.identity is not null
    group by outcome.identity
    having count(*) > 1
"""


def rebuild(store: Store, writer: Writer, workers: int) -> int:
    """Read every stored document again, in one transaction. Returns how many there were."""
    documents: dict[str, KnownDocument] = {}
    reports: Known = {}
    total = 0
    with Readers(workers) as readers, store.write() as con:
        con.execute("begin")
        for table in DERIVED:
            con.execute(f"delete from {table}")
        for batch in all_documents(con):
            _read_again(con, batch, readers, writer, documents, reports)
            total += len(batch)
        writer.describe_names(con)
        settle_contests(con, [row[0] for row in con.execute(CONTESTED).fetchall()])
        con.execute("commit")
    return total


def _read_again(
    con: Connection,
    batch: Sequence[StoredDocument],
    readers: Readers,
    writer: Writer,
    documents: dict[str, KnownDocument],
    reports: Known,
) -> None:
    """Decide anew in the old order: the first of two contradicting reports counts again."""
    readable = [each for each in batch if not each.is_container]
    read = merged([part.result() for part in readers.submit(readable)])
    placement = place(read.readings, [each.document_id for each in readable], documents, reports)
    writer.insert_reports(con, read.tables, placement)
    judge_deliveries(con, readable, read.readings)
    write_outcomes(con, [_container(each) for each in batch if each.is_container])


def _container(stored: StoredDocument) -> Outcome:
    """What was said when the container came; a later retry may have opened it."""
    if not stored.code:
        return Outcome(stored.document_id, "opened")
    return Outcome(stored.document_id, "refused", code=stored.code, reason=stored.reason)
