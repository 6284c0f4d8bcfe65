"""Derived tables made again from the documents: after an update of the readers, or a doubt.

Everything is read and placed into a file of its own first, while others use the store. One short
transaction then puts the new tables in the place of the old ones; who reads the store sees the
old or the new, and a rebuild that is killed before leaves the old.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from ingest.columns.insert import insert_rows
from ingest.load.conflicts import settle_contests
from ingest.load.dedup import Known, KnownDocument, Outcome, place
from ingest.load.misdated import flag_future
from ingest.load.stored_documents import (
    FIRST_DELIVERIES,
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

CONTESTED = """
    select outcome.identity
    from outcome
    join delivery using (document_id)
    where outcome.identity is not null
    group by outcome.identity
    having count(*) > 1
"""
CAME_AS = {
    "document_id": pa.int64(),
    "carrier_id": pa.int64(),
    "path": pa.string(),
    "code": pa.string(),
    "reason": pa.string(),
}
CAME_OTHERWISE = f"""
    select count(*)
    from rebuilt.came_as
    anti join ({FIRST_DELIVERIES}) as now using ({", ".join(CAME_AS)})
"""


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
        "what came with the stored documents changed at each try; all is as it was",
        where=str(store.path),
        todo="let no other rua quarantine run meanwhile, and rebuild again",
    )


class _Rebuild:
    """One try. Documents are placed in the order in which they were stored: the first of two
    contradicting reports counts again."""

    def __init__(self, store: Store, writer: Writer, readers: Readers, file: Path) -> None:
        self._store, self._writer, self._readers = store, writer, readers
        self._file = file
        self._documents: dict[str, KnownDocument] = {}
        self._reports: Known = {}
        self._judged: list[Judged] = []
        self._total = 0
        self._last = 0

    def run(self) -> int | None:
        """How many documents there were; None when what came with one of them has changed."""
        while ids := self._unread():
            self._read(ids)
        while True:
            with self._store.write() as con:
                if not document_ids(con, self._last):
                    return self._total if self._put(con) else None
            # Some came between the last look and the lock: read them, too, outside of it.
            self._read(self._unread())

    def _unread(self) -> list[int]:
        with self._store.read() as con:
            return document_ids(con, self._last)

    def _read(self, ids: Sequence[int]) -> None:
        with self._store.aside(self._file, DERIVED) as aside:
            columns = "document_id bigint, carrier_id bigint, path text, code text, reason text"
            aside.execute(f"create table if not exists came_as ({columns})")
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
        placement = place(read.readings, ids, self._documents, self._reports)
        self._writer.insert_reports(aside, read.tables, placement)
        write_outcomes(aside, [_container(each) for each in batch if each.is_container])
        self._judged += judged(readable, read.readings)
        came_as = [tuple(getattr(each, name) for name in CAME_AS) for each in batch]
        insert_rows(aside, "came_as", CAME_AS, came_as)

    def _put(self, con: Connection) -> bool:
        """All derived tables at once, and what follows from all of them together."""
        if not self._total:
            return True
        with attached(con, self._file, "rebuilt"):
            if con.execute(CAME_OTHERWISE).fetchall() != [(0,)]:
                return False
            con.execute("begin")
            for table in DERIVED:
                con.execute(f"delete from {table}")
                con.execute(f"insert into {table} by name select * from rebuilt.{table}")
            self._writer.describe_names(con)
            judge_deliveries(con, self._judged)
            flag_future(con, document_ids(con))
            settle_contests(con, [row[0] for row in con.execute(CONTESTED).fetchall()])
            con.execute("commit")
        return True


def _container(stored: StoredDocument) -> Outcome:
    """What was said when the container came; a later retry may have opened it."""
    if not stored.code:
        return Outcome(stored.document_id, "opened")
    return Outcome(stored.document_id, "refused", code=stored.code, reason=stored.reason)
