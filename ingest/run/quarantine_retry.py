"""Reads quarantined documents again, after an update or once the reason has passed.

A retry gives what a rebuild, or an ingest with today's readers, would give: a document's proof is
still that of its own mail, and the documents in a container are deliveries of the container's mail.
"""

from collections.abc import Sequence

from ingest.columns.sql import execute
from ingest.load.conflicts import settle_conflicts
from ingest.load.dedup import Decisions, decide
from ingest.load.misdated import flag_misdated
from ingest.load.raw_tables import insert_deliveries
from ingest.load.stored_documents import (
    in_batches,
    judge_deliveries,
    judged,
    refused_ids,
    unchanged,
)
from ingest.load.writer import Writer, known_reports
from ingest.model.batch import Batch
from ingest.model.document import Kind, StoredDocument
from ingest.model.proof import Trust
from ingest.model.source import Arrival
from ingest.workers.pool import Items, Readers
from ingest.workers.read import merged
from schemas.store.store import Connection, Store

__all__ = ["retry"]


def retry(store: Store, writer: Writer, workers: int, ids: Sequence[int] = ()) -> dict[str, int]:
    """Read refused documents again, all or the given ones: {"tried", "read", "refused"}.

    The store stays open to others while they are read; what can be read now is written in batches.
    """
    tried = read = 0
    with store.read() as con:
        chosen = [number for number in refused_ids(con) if not ids or number in ids]
    with Readers(workers) as readers:
        again = _Retry(store, writer, readers)
        for batch in in_batches(store, chosen):
            tried += len(batch)
            read += again.documents([each for each in batch if not each.is_container])
            read += sum(again.container(each) for each in batch if each.is_container)
    return {"tried": tried, "read": read, "refused": tried - read}


class _Retry:
    """One retry: each batch is read first, then written in a transaction of its own."""

    def __init__(self, store: Store, writer: Writer, readers: Readers) -> None:
        self._store = store
        self._writer = writer
        self._readers = readers

    def documents(self, batch: Sequence[StoredDocument]) -> int:
        """Give those that can be read now a new outcome; returns how many there are."""
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
            for n, is_refused in enumerate(_still_refused(con, batch))
            if is_refused and read.readings[n].is_report
        ]
        readings = [read.readings[n] for n in chosen]
        ids = [batch[n].document_id for n in chosen]
        decisions = decide(readings, ids, {}, known_reports(con, readings))
        decisions.replaced.extend(ids)
        rows: list[int | None] = [None] * len(batch)
        for n, document in zip(chosen, decisions.row_documents, strict=True):
            rows[n] = document
        decisions.row_documents = rows
        self._writer.insert_reports(con, read.tables, decisions)
        judge_deliveries(con, judged([batch[n] for n in chosen], readings))
        _settle(con, decisions)
        return len(chosen)

    def container(self, stored: StoredDocument) -> bool:
        """Whether a container opens now; its documents become deliveries of its mail."""
        is_mail = stored.kind == Kind.MESSAGE
        if is_mail and stored.carrier_size > len(stored.data):
            return False  # only its header was fetched
        arrival = Arrival(
            stored.path, stored.data, is_mail=is_mail, is_stored=True, headers=stored.headers
        )
        batch = self._read([arrival], Trust(given=stored.proof))
        if any(reading.sha256 == stored.sha256 for reading in batch.readings):
            return False
        with self._store.write() as con:
            con.execute("begin")
            (is_refused,) = _still_refused(con, [stored])
            if is_refused:
                self._open(con, stored, batch)
            con.execute("commit")
        return is_refused

    def _open(self, con: Connection, stored: StoredDocument, batch: Batch) -> None:
        decisions = self._writer.decide(con, batch)
        insert_deliveries(con, [(stored.carrier_id, batch.carriers[0])], batch, decisions)
        self._writer.insert_reports(con, batch.tables, decisions)
        _settle(con, decisions)
        # In the delivery, too: a rebuild reads that.
        execute(con, "run/mark_delivery_opened", document_id=stored.document_id)
        execute(con, "run/mark_outcome_opened", document_id=stored.document_id)

    def _read(self, items: Items, trust: Trust | None = None) -> Batch:
        parts = self._readers.submit(items, trust) if trust else self._readers.submit(items)
        return merged([part.result() for part in parts])


def _settle(con: Connection, decisions: Decisions) -> None:
    flag_misdated(con, decisions.affected())
    settle_conflicts(con, decisions.contested)


def _still_refused(con: Connection, batch: Sequence[StoredDocument]) -> list[bool]:
    """For each whether it is still refused, for the same reason: others may have written."""
    refused = set(refused_ids(con))
    is_same = unchanged(con, [each.first_delivery for each in batch])
    return [same and each.document_id in refused for same, each in zip(is_same, batch, strict=True)]
