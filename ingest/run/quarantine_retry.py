"""Quarantined documents read again, after an update or when the reason has passed.

A retry comes to what a rebuild, or an ingest with today's readers, would have come to: what a
document proves stays what its own mail proved, and what a container holds is delivered by the
mail that brought the container.
"""

from collections.abc import Sequence

from ingest.load.conflicts import settle_contests
from ingest.load.dedup import place
from ingest.load.misdated import flag_future
from ingest.load.raw_tables import insert_deliveries
from ingest.load.stored_documents import (
    in_batches,
    judge_deliveries,
    judged,
    refused_ids,
    unchanged,
)
from ingest.load.writer import Writer, known_reports
from ingest.model.batch import Batch, Carrier
from ingest.model.document import Kind, StoredDocument
from ingest.model.proof import Trust
from ingest.model.source import Arrival
from ingest.workers.pool import Items, Readers
from ingest.workers.read import merged
from schemas.store.store import Connection, Store

__all__ = ["retry"]


def retry(store: Store, writer: Writer, workers: int, ids: Sequence[int] = ()) -> dict[str, int]:
    """Read refused documents again, all or the given ones: {"tried", "read", "refused"}.

    They are read while others use the store; what can be read now is written batch by batch.
    """
    tried = read = 0
    with store.read() as con:
        wanted = [number for number in refused_ids(con) if not ids or number in ids]
    with Readers(workers) as readers:
        again = _Retry(store, writer, readers)
        for batch in in_batches(store, wanted):
            tried += len(batch)
            read += again.documents([each for each in batch if not each.is_container])
            read += sum(again.container(each) for each in batch if each.is_container)
    return {"tried": tried, "read": read, "refused": tried - read}


class _Retry:
    """One retry: each batch read first, and then written in a transaction of its own."""

    def __init__(self, store: Store, writer: Writer, readers: Readers) -> None:
        self._store = store
        self._writer = writer
        self._readers = readers

    def documents(self, batch: Sequence[StoredDocument]) -> int:
        """Those that can be read now get a new outcome, the others keep theirs."""
        read = self._read(batch)
        if not any(reading.is_report for reading in read.readings):
            return 0
        with self._store.write() as con:
            con.execute("begin")
            count = self._write(con, batch, read)
            con.execute("commit")
        return count

    def _write(self, con: Connection, batch: Sequence[StoredDocument], read: Batch) -> int:
        chosen = [
            n
            for n, is_waiting in enumerate(_still_waiting(con, batch))
            if is_waiting and read.readings[n].is_report
        ]
        readings = [read.readings[n] for n in chosen]
        ids = [batch[n].document_id for n in chosen]
        placement = place(readings, ids, {}, known_reports(con, readings))
        placement.replaced.extend(ids)
        rows: list[int | None] = [None] * len(batch)
        for n, document in zip(chosen, placement.row_documents, strict=True):
            rows[n] = document
        placement.row_documents = rows
        self._writer.insert_reports(con, read.tables, placement)
        judge_deliveries(con, judged([batch[n] for n in chosen], readings))
        flag_future(con, placement.touched())
        settle_contests(con, placement.contested)
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
        with self._store.write() as con:
            con.execute("begin")
            is_waiting = _still_waiting(con, [stored])[0]
            if is_waiting:
                self._open(con, stored, batch)
            con.execute("commit")
        return is_waiting

    def _open(self, con: Connection, stored: StoredDocument, batch: Batch) -> None:
        placement = self._writer.place(con, batch)
        brought: Carrier = batch.carriers[0]
        insert_deliveries(con, [(stored.carrier_id, brought)], batch, placement)
        self._writer.insert_reports(con, batch.tables, placement)
        flag_future(con, placement.touched())
        settle_contests(con, placement.contested)
        _mark_opened(con, stored.document_id)

    def _read(self, items: Items, trust: Trust | None = None) -> Batch:
        parts = self._readers.submit(items, trust) if trust else self._readers.submit(items)
        return merged([part.result() for part in parts])


def _still_waiting(con: Connection, batch: Sequence[StoredDocument]) -> list[bool]:
    """For each whether it is refused still, and for what it was: others may have written."""
    refused = set(refused_ids(con))
    same = unchanged(con, [each.first_delivery for each in batch])
    return [s and each.document_id in refused for s, each in zip(same, batch, strict=True)]


def _mark_opened(con: Connection, document_id: int) -> None:
    """In the delivery too, which a rebuild goes by."""
    for table, change in (
        ("delivery", "refusal_code = null, refusal_reason = null"),
        ("outcome", "status = 'opened', code = null, reason = null"),
    ):
        con.execute(f"update {table} set {change} where document_id = $1", [document_id])
