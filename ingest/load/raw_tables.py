"""The primary tables, which no rebuild makes again: documents, carriers, deliveries, the ledger."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from ingest.columns.sql import execute, insert_rows, next_id
from ingest.load.dedup import Decisions
from ingest.model.batch import Batch, Carrier, Reading
from ingest.model.clock import now
from schemas.store.store import Connection

__all__ = ["insert_carriers", "insert_deliveries", "insert_documents", "insert_ledger"]


DOCUMENT_COLUMNS = {
    "document_id": pa.int64(),
    "sha256": pa.string(),
    "kind": pa.string(),
    "size": pa.int64(),
    "bytes": pa.binary(),
    "stored_at": pa.timestamp("us"),
}
SLICE_BYTES = 32 * 1024 * 1024


def insert_documents(con: Connection, readings: Sequence[Reading], decisions: Decisions) -> None:
    """Store new documents; at most 32 MiB of them are unpacked at a time."""
    moment = now()
    rows: list[tuple[Any, ...]] = []
    size = 0
    for reading, number, is_new in zip(
        readings, decisions.documents, decisions.is_new, strict=True
    ):
        if not is_new:
            continue
        data = reading.content()
        if rows and size + len(data) > SLICE_BYTES:
            insert_rows(con, "document", DOCUMENT_COLUMNS, rows)
            rows, size = [], 0
        rows.append((number, reading.sha256, reading.kind, len(data), data, moment))
        size += len(data)
    if rows:
        insert_rows(con, "document", DOCUMENT_COLUMNS, rows)


CARRIER_COLUMNS = {
    "carrier_id": pa.int64(),
    "source": pa.string(),
    "epoch": pa.int64(),
    "key": pa.string(),
    "sha256": pa.string(),
    "is_mail": pa.bool_(),
    "size": pa.int64(),
    "received_at": pa.timestamp("us"),
    "sent_at": pa.timestamp("us"),
    "message_id": pa.string(),
    "from_address": pa.string(),
    "subject": pa.string(),
    "headers": pa.binary(),
    "proof_result": pa.string(),
    "proof_domain": pa.string(),
    "proof_method": pa.string(),
    "proof_detail": pa.string(),
    "stored_at": pa.timestamp("us"),
}
DELIVERY_COLUMNS = {
    "carrier_id": pa.int64(),
    "ordinal": pa.int32(),
    "document_id": pa.int64(),
    "path": pa.string(),
    "refusal_code": pa.string(),
    "refusal_reason": pa.string(),
    "authenticity": pa.string(),
    "authenticity_reason": pa.string(),
}


def insert_carriers(con: Connection, batch: Batch, decisions: Decisions, source: str) -> None:
    """Store the carriers that brought documents, and what each brought.

    A known carrier keeps its ID and gets the deliveries that it does not have yet: a newer rua
    may find more in the same mail, and every document must lead back to its carrier.
    """
    known = _known_carriers(con, source, batch.carriers)
    bringing = [c for c in batch.carriers if c.count]
    fresh = [c for c in bringing if (c.epoch, c.key, c.sha256) not in known]
    moment = now()
    numbers = {id(c): n for n, c in enumerate(fresh, start=next_id(con, "carrier", "carrier_id"))}
    if fresh:
        rows = [(numbers[id(c)], source, *_carrier_columns(c), moment) for c in fresh]
        insert_rows(con, "carrier", CARRIER_COLUMNS, rows)
    numbered = [(numbers.get(id(c)) or known[c.epoch, c.key, c.sha256], c) for c in bringing]
    insert_deliveries(con, numbered, batch, decisions)


def insert_deliveries(
    con: Connection,
    numbered: Sequence[tuple[int, Carrier]],
    batch: Batch,
    decisions: Decisions,
) -> None:
    """Store what carriers, given as (ID, carrier), brought, without what is stored already."""
    carriers = [number for number, _ in numbered]
    known = set(execute(con, "load/known_deliveries", carriers=carriers))
    deliveries = [
        row
        for number, carrier in numbered
        for row in _deliveries(number, carrier, batch, decisions)
        if (row[0], row[2], row[3]) not in known
    ]
    if deliveries:
        insert_rows(con, "delivery", DELIVERY_COLUMNS, deliveries)


def _carrier_columns(c: Carrier) -> tuple[Any, ...]:
    arrived = (c.epoch, _utf8(c.key), c.sha256, c.is_mail, c.size, c.received_at, c.sent_at)
    proof = (c.proof.result, c.proof.domain, c.proof.method, c.proof.detail)
    return (*arrived, c.message_id, c.from_address, c.subject, c.headers, *proof)


def _deliveries(
    carrier_id: int, carrier: Carrier, batch: Batch, decisions: Decisions
) -> Iterator[tuple[Any, ...]]:
    for ordinal in range(carrier.count):
        n = carrier.first + ordinal
        reading = batch.readings[n]
        path = _utf8(reading.path)
        judged = reading.judgement
        said = (judged.authenticity, judged.reason) if judged else (None, None)
        refusal = (reading.code, reading.reason)
        yield carrier_id, ordinal, decisions.documents[n], path, *refusal, *said


def _utf8(text: str) -> str:
    """Text that UTF-8 can hold: a file name may be any bytes."""
    return text.encode("utf-8", "replace").decode()


def _known_carriers(
    con: Connection, source: str, carriers: Sequence[Carrier]
) -> dict[tuple[int, str, str], int]:
    """{(epoch, key, SHA-256): ID} of the carriers that are stored already."""
    hashes = [carrier.sha256 for carrier in carriers]
    rows = execute(con, "load/known_carriers", source=source, hashes=hashes)
    return {(epoch, key, sha256): number for epoch, key, sha256, number in rows}


def insert_ledger(con: Connection, carriers: Sequence[Carrier], ledger_name: str) -> None:
    moment = now()
    columns = {
        "source": pa.string(),
        "epoch": pa.int64(),
        "key": pa.string(),
        "holds_report": pa.bool_(),
        "seen_at": pa.timestamp("us"),
    }
    rows = [(ledger_name, c.epoch, c.key, c.holds_report, moment) for c in carriers]
    insert_rows(con, "ledger", columns, rows)
