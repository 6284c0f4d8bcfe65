"""Quarantined documents read again, after an update or when the reason has passed.

A retry comes to what a rebuild, or an ingest with today's readers, would have come to: what a
document proves stays what its own mail proved, and what a container holds is delivered by the
mail that brought the container.
"""

from collections.abc import Sequence

from ingest.arrived import insert_deliveries
from ingest.authenticity import Trust
from ingest.contest import settle_contests
from ingest.placing import place
from ingest.reading import Batch, Carrier, merged
from ingest.sniff import Kind
from ingest.sources import Arrival
from ingest.stored import StoredDocument, judge_deliveries, refused_documents
from ingest.workers import Items, Readers
from ingest.writer import Writer, known_reports
from schemas.store import Connection, Store

__all__ = ["retry"]


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
        read = self._read(batch)
        chosen = [n for n, reading in enumerate(read.readings) if reading.is_report]
        if not chosen:
            return 0
        readings = [read.readings[n] for n in chosen]
        ids = [batch[n].document_id for n in chosen]
        placement = place(readings, ids, {}, known_reports(self._con, readings))
        placement.replaced.extend(ids)
        rows: list[int | None] = [None] * len(batch)
        for n, document in zip(chosen, placement.row_documents, strict=True):
            rows[n] = document
        placement.row_documents = rows
        self._writer.insert_reports(self._con, read.tables, placement)
        judge_deliveries(self._con, [batch[n] for n in chosen], readings)
        settle_contests(self._con, placement.contested)
        return len(chosen)

    def container(self, stored: StoredDocument) -> bool:
        """Whether a container opens now; what it holds is a delivery of the mail it came in."""
        if stored.kind == Kind.MESSAGE and stored.carrier_size > len(stored.data):
            return False  # only its header was fetched
        is_mail = stored.kind == Kind.MESSAGE
        arrival = Arrival(
            stored.path, stored.data, is_mail=is_mail, is_stored=True, headers=stored.headers
        )
        batch = self._read([arrival], Trust(given=stored.proof))
        if any(reading.sha256 == stored.sha256 for reading in batch.readings):
            return False
        placement = self._writer.place(self._con, batch)
        brought: Carrier = batch.carriers[0]
        insert_deliveries(self._con, [(stored.carrier_id, brought)], batch, placement)
        self._writer.insert_reports(self._con, batch.tables, placement)
        settle_contests(self._con, placement.contested)
        self._mark_opened(stored.document_id)
        return True

    def _read(self, items: Items, trust: Trust | None = None) -> Batch:
        parts = self._readers.submit(items, trust) if trust else self._readers.submit(items)
        return merged([part.result() for part in parts])

    def _mark_opened(self, document_id: int) -> None:
        """In the delivery too, which a rebuild goes by."""
        for table, change in (
            ("delivery", "refusal_code = null, refusal_reason = null"),
            ("outcome", "status = 'opened', code = null, reason = null"),
        ):
            where = "where document_id = $1"
            self._con.execute(f"update {table} set {change} {where}", [document_id])
