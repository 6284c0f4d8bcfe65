"""Documents taken out of the store again, with what came with them."""

import email
import email.message
import email.policy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.authenticity import Proof, ProofResult
from ingest.reading import Batch, CameWith, Reading, Watch, read_document, unwatched
from ingest.rows import Rows
from ingest.sniff import Kind
from schemas.errors import Refusal, StoreDamaged
from schemas.store import Connection

__all__ = [
    "StoredDocument",
    "all_documents",
    "judge_deliveries",
    "read_stored",
    "refused_documents",
    "unread_stored",
]

BATCH = 500
BATCH_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document and its first delivery; `code` is why it was refused when it came, or ""."""

    document_id: int
    sha256: str
    kind: str
    data: bytes
    path: str
    headers: bytes
    code: str
    reason: str
    proof: Proof
    carrier_id: int
    carrier_size: int

    @property
    def is_container(self) -> bool:
        """What could not be opened, or was not fetched whole: there is nothing to read in it."""
        return self.kind not in (Kind.XML, Kind.JSON)


CAME_WITH = """
    select
        document.document_id,
        document.sha256,
        document.kind,
        document.bytes,
        first_delivery.path,
        carrier.headers,
        first_delivery.code,
        first_delivery.reason,
        carrier.proof_result,
        carrier.proof_domain,
        carrier.proof_method,
        carrier.proof_detail,
        carrier.carrier_id,
        carrier.size
    from document
    join (
        select
            document_id,
            min(carrier_id) as carrier_id,
            arg_min(path, (carrier_id, ordinal)) as path,
            arg_min(coalesce(refusal_code, ''), (carrier_id, ordinal)) as code,
            arg_min(coalesce(refusal_reason, ''), (carrier_id, ordinal)) as reason
        from delivery
        where document_id in (select unnest($ids::bigint[]))
        group by document_id
    ) as first_delivery using (document_id)
    join carrier using (carrier_id)
    order by document.document_id
"""
EVERY_ID = "select document_id from document order by document_id"
REFUSED_ID = "select document_id from outcome where status = 'refused' order by document_id"


def all_documents(con: Connection) -> Iterator[list[StoredDocument]]:
    """Every document, oldest first, in batches."""
    yield from _in_batches(con, [row[0] for row in con.execute(EVERY_ID).fetchall()])


def refused_documents(con: Connection, ids: Sequence[int]) -> Iterator[list[StoredDocument]]:
    """The refused documents, all or those of `ids`, in batches."""
    refused = [row[0] for row in con.execute(REFUSED_ID).fetchall()]
    yield from _in_batches(con, [number for number in refused if not ids or number in ids])


def _in_batches(con: Connection, ids: Sequence[int]) -> Iterator[list[StoredDocument]]:
    """At most BATCH documents and, but for a single larger one, BATCH_BYTES at a time."""
    sizes = dict(con.execute("select document_id, size from document").fetchall()) if ids else {}
    chosen: list[int] = []
    for number in ids:
        size = sum(sizes[each] for each in chosen) + sizes[number]
        if chosen and (len(chosen) == BATCH or size > BATCH_BYTES):
            yield _fetched(con, chosen)
            chosen = []
        chosen.append(number)
    if chosen:
        yield _fetched(con, chosen)


def _fetched(con: Connection, ids: Sequence[int]) -> list[StoredDocument]:
    found = [_stored(row) for row in con.execute(CAME_WITH, {"ids": list(ids)}).fetchall()]
    if len(found) != len(ids):
        raise StoreDamaged(
            f"{len(ids) - len(found)} documents of {len(ids)} lead back to no mail or file",
            todo="restore the store from a copy, and report this",
        )
    return found


def _stored(row: tuple[Any, ...]) -> StoredDocument:
    number, sha256, kind, data, path, headers, code, reason, *proof, carrier_id, size = row
    return StoredDocument(
        number,
        sha256,
        kind,
        bytes(data),
        path,
        headers or b"",
        code,
        reason,
        Proof(ProofResult(proof[0]), *proof[1:]),
        carrier_id,
        size,
    )


def read_stored(documents: Sequence[StoredDocument], watch: Watch = unwatched) -> Batch:
    """Read documents again. The batch has a reading for each, in order, and no carriers."""
    rows = Rows()
    readings = []
    for number, each in enumerate(documents):
        fields = email.message_from_bytes(each.headers, policy=email.policy.compat32)
        came_with = CameWith(fields, each.proof, watch(0))
        start = Reading(each.sha256, each.kind, each.data, each.path)
        readings.append(read_document(start, came_with, number, rows).packed())
    return Batch(readings=readings, tables=rows.tables())


def unread_stored(stored: StoredDocument, refusal: Refusal) -> Batch:
    """A document that no reader survives, as a refusal and nothing more."""
    start = Reading(stored.sha256, stored.kind, stored.data, stored.path)
    came_with = CameWith(email.message.Message(), stored.proof, refusal)
    return Batch(readings=[read_document(start, came_with, 0, Rows())])


def judge_deliveries(
    con: Connection, documents: Sequence[StoredDocument], readings: Sequence[Reading]
) -> None:
    """Write down how genuine a report is that could not be judged when it came, being refused."""
    change = """
        update delivery
        set authenticity = $2, authenticity_reason = $3
        where document_id = $1 and authenticity is null
    """
    for stored, reading in zip(documents, readings, strict=True):
        judged = reading.judgement
        if stored.code and judged is not None:
            con.execute(change, [stored.document_id, judged.authenticity, judged.reason])
