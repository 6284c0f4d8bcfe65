"""Quarantined documents read again, after an update or when the reason has passed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ingest.placing import place
from ingest.reading import Batch, read_batch
from ingest.rows import Rows
from ingest.sniff import Kind
from ingest.sources import Arrival
from ingest.stored import StoredDocument, read_stored, refused_documents
from ingest.writer import Run, Writer, known_reports
from schemas.store import Connection, Store

__all__ = ["retry"]

SOURCE = "quarantine"


def retry(store: Store, writer: Writer, ids: Sequence[int] = ()) -> dict[str, int]:
    """Read refused documents again, all or the given ones: {"tried", "read", "refused"}."""
    tried = read = 0
    with store.write() as con:
        con.execute("begin")
        for batch in list(refused_documents(con, ids)):
            tried += len(batch)
            read += _read_documents(con, [each for each in batch if not each.is_container], writer)
            containers = [each for each in batch if each.is_container]
            read += sum(_opened(con, each, writer) for each in containers)
        con.execute("commit")
    return {"tried": tried, "read": read, "refused": tried - read}


def _read_documents(con: Connection, batch: Sequence[StoredDocument], writer: Writer) -> int:
    """Those that can be read now get a new outcome; the others keep theirs."""
    rows = Rows()
    readings = read_stored(batch, rows)
    readable = [number for number, reading in enumerate(readings) if reading.is_report]
    if not readable:
        return 0
    rows = Rows()
    chosen = [batch[number] for number in readable]
    readings = read_stored(chosen, rows)
    ids = [each.document_id for each in chosen]
    con.execute("delete from outcome where document_id in (select unnest($1::bigint[]))", [ids])
    placement = place(readings, ids, {}, known_reports(con, readings))
    writer.insert_reports(con, rows.tables(), placement)
    return len(readable)


def _opened(con: Connection, stored: StoredDocument, writer: Writer) -> bool:
    """Whether a container opens now; what it holds is then taken in as if it came today."""
    key = f"document {stored.document_id}"
    arrival = Arrival(key, stored.data, is_mail=stored.kind == Kind.MESSAGE)
    if stored.code == "limit" and stored.kind == Kind.MESSAGE:
        return False  # only its header was fetched
    batch: Batch = read_batch([arrival])
    if any(reading.sha256 == stored.sha256 for reading in batch.readings):
        return False
    run = Run(SOURCE, datetime.now(UTC).replace(tzinfo=None))
    writer.add(con, batch, run, None)
    mark = "update delivery set refusal_code = null, refusal_reason = null where document_id = $1"
    con.execute(mark, [stored.document_id])
    opened = "update outcome set status = 'opened', code = null, reason = null"
    con.execute(f"{opened} where document_id = $1", [stored.document_id])
    return True
