"""Makes the derived tables again from the stored documents, for example after an update.

Everything is read into a file beside the store first, while others use the store. One short
transaction then replaces the old tables by the new ones. Readers of the store see the old or the
new tables, and a rebuild that is killed before that leaves the old ones.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from ingest.columns.sql import execute, insert_rows, statement
from ingest.load.conflicts import settle_conflicts
from ingest.load.dedup import KnownDocument, KnownReports, Outcome, decide
from ingest.load.misdated import flag_misdated
from ingest.load.stored_documents import (
    Judged,
    document_ids,
    in_batches,
    judge_deliveries,
    judged,
)
from ingest.load.writer import Writer, write_outcomes
from ingest.model.document import StoredDocument
from ingest.workers.pool import Readers
from ingest.workers.read import merged
from schemas.errors import StoreError
from schemas.store.store import Connection, Store, attached
from schemas.store.temp_dirs import scratch_folder

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
TRIES = 3
FIRST_DELIVERY = {
    "document_id": pa.int64(),
    "carrier_id": pa.int64(),
    "path": pa.string(),
    "code": pa.string(),
    "reason": pa.string(),
}


def rebuild(store: Store, writer: Writer, workers: int) -> int:
    """Read every stored document again. Returns how many there were. Raises StoreError."""
    for _ in range(TRIES):
        try:
            with (
                scratch_folder(store.path.parent, f".{store.path.name}-rebuild-") as folder,
                Readers(workers) as readers,
            ):
                total = _Rebuild(store, writer, readers, folder / "derived.duckdb").run()
        except OSError as error:
            where = str(store.path.parent)
            raise StoreError(f"cannot be written: {error.strerror}", where=where) from None
        if total is not None:
            return total
    raise StoreError(
        "the deliveries of stored documents changed during each try; nothing was changed",
        where=str(store.path),
        todo="rebuild again while no rua quarantine runs",
    )


class _Rebuild:
    """One try. Documents are read in the order in which they were stored, so that of two reports
    in conflict the same one counts again."""

    def __init__(self, store: Store, writer: Writer, readers: Readers, file: Path) -> None:
        self._store, self._writer, self._readers = store, writer, readers
        self._file = file
        self._documents: dict[str, KnownDocument] = {}
        self._reports: KnownReports = {}
        self._judged: list[Judged] = []
        self._total = 0
        self._last = 0

    def run(self) -> int | None:
        """How many documents there were; None if the first delivery of one has changed."""
        while ids := self._unread():
            self._read(ids)
        while True:
            with self._store.write() as con:
                if not document_ids(con, self._last):
                    return self._total if self._replace(con) else None
            # Some came before the lock was taken: read them, too, without the lock.
            self._read(self._unread())

    def _unread(self) -> list[int]:
        with self._store.read() as reader:
            return document_ids(reader, self._last)

    def _read(self, ids: Sequence[int]) -> None:
        with self._store.aside(self._file, DERIVED) as aside:
            execute(aside, "run/create_first_delivery")
            for batch in in_batches(self._store, ids):
                aside.execute("begin")
                self._read_again(aside, batch)
                aside.execute("commit")
        self._last = ids[-1]
        self._total += len(ids)

    def _read_again(self, aside: Connection, batch: Sequence[StoredDocument]) -> None:
        readable = [each for each in batch if not each.is_container]
        read = merged([part.result() for part in self._readers.submit(readable)])
        ids = [each.document_id for each in readable]
        decisions = decide(read.readings, ids, self._documents, self._reports)
        self._writer.insert_reports(aside, read.tables, decisions)
        write_outcomes(aside, [_container(each) for each in batch if each.is_container])
        self._judged += judged(readable, read.readings)
        firsts = [tuple(getattr(each, name) for name in FIRST_DELIVERY) for each in batch]
        insert_rows(aside, "first_delivery", FIRST_DELIVERY, firsts)

    def _replace(self, con: Connection) -> bool:
        """Replace all derived tables at once, then settle what depends on all of them."""
        if not self._total:
            return True
        with attached(con, self._file, "rebuilt"):
            if _count_changed(con):
                return False
            con.execute("begin")
            for table in DERIVED:
                con.execute(f"delete from {table}")
                con.execute(f"insert into {table} by name select * from rebuilt.{table}")
            self._writer.describe_names(con)
            judge_deliveries(con, self._judged)
            flag_misdated(con, document_ids(con))
            settle_conflicts(con, [row[0] for row in execute(con, "run/contested")])
            con.execute("commit")
        return True


def _count_changed(con: Connection) -> int:
    """How many documents now have another first delivery than when they were read."""
    present = f"create temp table present as {statement('load/first_deliveries')}"
    con.execute(present, {"ids": None})
    ((count,),) = execute(con, "run/changed_deliveries")
    con.execute("drop table present")
    return int(count)


def _container(stored: StoredDocument) -> Outcome:
    """The outcome of a container: a retry may have opened it since it came."""
    if not stored.code:
        return Outcome(stored.document_id, "opened")
    return Outcome(stored.document_id, "refused", code=stored.code, reason=stored.reason)
