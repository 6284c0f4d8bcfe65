"""Documents from the store, with their first deliveries, to be read again."""

from collections.abc import Iterator, Sequence
from typing import Any

from ingest.model.batch import Reading
from ingest.model.document import FirstDelivery, StoredDocument
from ingest.model.proof import Proof, ProofResult
from schemas.errors import StoreDamaged
from schemas.store.store import Connection, Store

__all__ = [
    "FIRST_DELIVERIES",
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


FIRST_DELIVERIES = """
    select
        document_id,
        arg_min(carrier_id, place) as carrier_id,
        arg_min(path, place) as path,
        arg_min(coalesce(refusal_code, ''), place) as code,
        arg_min(coalesce(refusal_reason, ''), place) as reason
    from (
        select *, (refusal_code is distinct from 'dropped', carrier_id, ordinal) as place
        from delivery
    )
    group by document_id
"""
FIRST_DELIVERY = FIRST_DELIVERIES.replace(
    "group by", "where document_id in (select unnest($ids::bigint[]))\n    group by"
)
CAME_WITH = f"""
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
    join ({FIRST_DELIVERY}) as first_delivery using (document_id)
    join carrier using (carrier_id)
    order by document.document_id
"""
EVERY_ID = "select document_id from document where document_id > $1 order by document_id"
REFUSED_ID = """
    select document_id
    from outcome
    where status = 'refused' and code is distinct from 'dropped'
    order by document_id
"""


def document_ids(con: Connection, after: int = 0) -> list[int]:
    """Every document stored after that one, oldest first."""
    return [row[0] for row in con.execute(EVERY_ID, [after]).fetchall()]


def refused_ids(con: Connection) -> list[int]:
    """The refused documents whose bytes are there, oldest first."""
    return [row[0] for row in con.execute(REFUSED_ID).fetchall()]


def in_batches(store: Store, ids: Sequence[int]) -> Iterator[list[StoredDocument]]:
    """At most BATCH documents and, but for a single larger one, BATCH_BYTES at a time.

    Nothing is locked between two batches: others may write meanwhile.
    """
    sizes: dict[int, int] = {}
    if ids:
        with store.read() as con:
            sizes = dict(con.execute("select document_id, size from document").fetchall())
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
        rows = con.execute(CAME_WITH, {"ids": list(ids)}).fetchall()
    found = [_stored(row) for row in rows]
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


def unchanged(con: Connection, deliveries: Sequence[FirstDelivery]) -> list[bool]:
    """For each whether it is still the first delivery of its document. A newer rua may find more
    in a mail, and a retry may open a container."""
    rows = con.execute(FIRST_DELIVERY, {"ids": [each.document_id for each in deliveries]})
    now = {row[0]: FirstDelivery(*row) for row in rows.fetchall()}
    return [now.get(each.document_id) == each for each in deliveries]


Judged = tuple[int, str, str]
"""(document ID, authenticity, reason) of a report that was refused, and not judged, at first."""


def judged(documents: Sequence[StoredDocument], readings: Sequence[Reading]) -> list[Judged]:
    """The judgements of documents that were refused at first and can be read now."""
    return [
        (stored.document_id, reading.judgement.authenticity, reading.judgement.reason)
        for stored, reading in zip(documents, readings, strict=True)
        if stored.code and reading.judgement is not None
    ]


def judge_deliveries(con: Connection, found: Sequence[Judged]) -> None:
    """Store judgements of deliveries that have none."""
    change = """
        update delivery
        set authenticity = judged.authenticity, authenticity_reason = judged.reason
        from (
            select
                unnest($1::bigint[]) as document_id,
                unnest($2::text[]) as authenticity,
                unnest($3::text[]) as reason
        ) as judged
        where delivery.document_id = judged.document_id and delivery.authenticity is null
    """
    if found:
        con.execute(change, [list(column) for column in zip(*found, strict=True)])
