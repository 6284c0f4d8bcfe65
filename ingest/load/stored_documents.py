"""Documents from the store, with their first deliveries, to be read again."""

from collections.abc import Iterator, Sequence

from ingest.columns.sql import execute
from ingest.model.batch import Reading
from ingest.model.document import FirstDelivery, StoredDocument
from ingest.model.proof import Proof, ProofResult
from schemas.errors import StoreDamaged
from schemas.store.connection import Executes
from schemas.store.store import Connection, Store

__all__ = [
    "Judged",
    "document_ids",
    "in_batches",
    "judge_deliveries",
    "judged",
    "refused_ids",
    "unchanged",
]

BATCH = 500
BATCH_BYTES = 64 * 1024 * 1024

Judged = tuple[int, str, str]
"""(document ID, authenticity, reason) of a report that was refused, and not judged, at first."""


def document_ids(con: Executes, after: int = 0) -> list[int]:
    """Every document stored after this one, oldest first."""
    return [row[0] for row in execute(con, "load/document_ids", after=after)]


def refused_ids(con: Executes) -> list[int]:
    """The refused documents whose bytes are there, oldest first."""
    return [row[0] for row in execute(con, "load/refused_ids")]


def in_batches(store: Store, ids: Sequence[int]) -> Iterator[list[StoredDocument]]:
    """At most 500 documents and 64 MiB at a time, or one larger document.

    The store is not locked between two batches: others may write meanwhile.
    """
    sizes: dict[int, int] = {}
    if ids:
        with store.read() as con:
            sizes = dict(execute(con, "load/document_sizes"))
    chosen: list[int] = []
    total = 0
    for number in ids:
        if chosen and (len(chosen) == BATCH or total + sizes[number] > BATCH_BYTES):
            yield _fetched(store, chosen)
            chosen, total = [], 0
        chosen.append(number)
        total += sizes[number]
    if chosen:
        yield _fetched(store, chosen)


def _fetched(store: Store, ids: Sequence[int]) -> list[StoredDocument]:
    with store.read() as con:
        firsts = _first_deliveries(con, ids)
        carriers = [first.carrier_id for first in firsts.values()]
        rows = execute(con, "load/stored_documents", documents=list(firsts), carriers=carriers)
    if len(rows) != len(ids):
        raise StoreDamaged(
            f"{len(ids) - len(rows)} documents of {len(ids)} lead back to no mail or file",
            todo="restore the store from a copy, and report this",
        )
    return [_stored(firsts[row[0]], *row) for row in rows]


def _first_deliveries(con: Executes, ids: Sequence[int]) -> dict[int, FirstDelivery]:
    rows = execute(con, "load/first_deliveries", ids=list(ids))
    return {row[0]: FirstDelivery(*row) for row in rows}


def _stored(
    first: FirstDelivery,
    document_id: int,
    sha256: str,
    kind: str,
    data: bytes,
    headers: bytes | None,
    proof_result: str,
    proof_domain: str | None,
    proof_method: str | None,
    proof_detail: str,
    carrier_size: int,
) -> StoredDocument:
    return StoredDocument(
        document_id=document_id,
        sha256=sha256,
        kind=kind,
        data=bytes(data),
        path=first.path,
        headers=headers or b"",
        code=first.code,
        reason=first.reason,
        proof=Proof(ProofResult(proof_result), proof_domain, proof_method, proof_detail),
        carrier_id=first.carrier_id,
        carrier_size=carrier_size,
    )


def unchanged(con: Connection, deliveries: Sequence[FirstDelivery]) -> list[bool]:
    """For each whether it is still the first delivery of its document. A newer rua may find more
    in a mail, and a retry may open a container."""
    present = _first_deliveries(con, [each.document_id for each in deliveries])
    return [present.get(each.document_id) == each for each in deliveries]


def judged(documents: Sequence[StoredDocument], readings: Sequence[Reading]) -> list[Judged]:
    """The judgements of documents that were refused at first and can be read now."""
    return [
        (stored.document_id, reading.judgement.authenticity, reading.judgement.reason)
        for stored, reading in zip(documents, readings, strict=True)
        if stored.code and reading.judgement is not None
    ]


def judge_deliveries(con: Connection, found: Sequence[Judged]) -> None:
    """Store judgements of deliveries that have none."""
    if found:
        documents, authenticities, reasons = map(list, zip(*found, strict=True))
        execute(
            con,
            "load/judge_deliveries",
            documents=documents,
            authenticities=authenticities,
            reasons=reasons,
        )
