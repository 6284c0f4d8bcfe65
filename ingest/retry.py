"""Quarantined documents read again, after an update or when the reason has passed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ingest.contest import settle_contests
from ingest.placing import place
from ingest.reading import Batch, merged
from ingest.sniff import Kind
from ingest.sources import Arrival
from ingest.stored import StoredDocument, judge_deliveries, refused_documents
from ingest.workers import Items, Readers
from ingest.writer import Run, Writer, known_reports
from schemas.errors import LimitExceeded
from schemas.store import Connection, Store

__all__ = ["retry"]

SOURCE = "quarantine"


def retry(store: Store, writer: Writer, workers: int, ids: Sequence[int] = ()) -> dict[str, int]:
    """Read refused documents again, all or the given ones: {"tried", "read", "refused"}."""
    tried = read = 0
    with Readers(workers) as readers, store.write() as con:
        again = _Retry(con, writer, readers)
        con.execute("begin")
        for batch in refused_documents(con, ids):
            tried += len(batch)
            read += again.documents([each for each in batch if not each.is_container])
            read += sum(again.container(each) for each in batch if each.is_container)
        con.execute("commit")
    return {"tried": tried, "read": read, "refused": tried - read}


class _Retry:
    """One retry's transaction."""

    def __init__(self, con: Connection, writer: Writer, readers: Readers) -> None:
        self._con = con
        self._writer = writer
        self._readers = readers

    def documents(self, batch: Sequence[StoredDocument]) -> int:
        """Those that can be read now get a new outcome, the others keep theirs."""
        first = self._read(batch).readings
        chosen = [each for each, reading in zip(batch, first, strict=True) if reading.is_report]
        if not chosen:
            return 0
        read = self._read(chosen)
        ids = [each.document_id for each in chosen]
        gone = "delete from outcome where document_id in (select unnest($1::bigint[]))"
        self._con.execute(gone, [ids])
        placement = place(read.readings, ids, {}, known_reports(self._con, read.readings))
        self._writer.insert_reports(self._con, read.tables, placement)
        judge_deliveries(self._con, chosen, read.readings)
        settle_contests(self._con, placement.contested)
        return len(chosen)

    def container(self, stored: StoredDocument) -> bool:
        """Whether a container opens now; what it holds is taken in as if it came today."""
        if stored.code == LimitExceeded.code and stored.kind == Kind.MESSAGE:
            return False  # only its header was fetched
        key = f"document {stored.document_id}"
        batch = self._read([Arrival(key, stored.data, is_mail=stored.kind == Kind.MESSAGE)])
        if any(reading.sha256 == stored.sha256 for reading in batch.readings):
            return False
        run = Run(SOURCE, datetime.now(UTC).replace(tzinfo=None))
        self._writer.add(self._con, batch, run, None)
        self._mark_opened(stored.document_id)
        return True

    def _read(self, items: Items) -> Batch:
        return merged([part.result() for part in self._readers.submit(items)])

    def _mark_opened(self, document_id: int) -> None:
        """In the delivery too, which a rebuild goes by."""
        for table, change in (
            ("delivery", "refusal_code = null, refusal_reason = null"),
            ("outcome", "status = 'opened', code = null, reason = null"),
        ):
            where = "where document_id = $1"
            self._con.execute(f"update {table} set {change} {where}", [document_id])
