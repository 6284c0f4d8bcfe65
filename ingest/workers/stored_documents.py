"""Documents taken out of the store again, with what came with them."""

import email
import email.message
import email.policy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.columns.tables import Rows
from ingest.unpack.file_types import Kind
from ingest.verify.authenticity import Proof, ProofResult
from ingest.workers.read import Batch, CameWith, Reading, Watch, read_document, unwatched
from schemas.errors import Refusal, StoreDamaged
from schemas.store.store import Connection, Store

__all__ = [
    "FIRST_DELIVERIES",
    "CameAs",
    "Judged",
    "StoredDocument",
    "document_ids",
    "in_batches",
    "judge_deliveries",
    "judged",
    "read_stored",
    "refused_ids",
    "still_the_same",
    "unread_stored",
]

BATCH = 500
BATCH_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CameAs:
    """What a document's reading goes by beside its bytes, of its first delivery."""

    document_id: int
    carrier_id: int
    path: str
    code: str
    reason: str


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
    def came_as(self) -> CameAs:
        return CameAs(self.document_id, self.carrier_id, self.path, self.code, self.reason)

    @property
    def is_container(self) -> bool:
        """What could not be opened, was not fetched whole, or was dropped: there is nothing to
        read in it."""
        return self.kind not in (Kind.XML, Kind.JSON) or self.code == "dropped"


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


def still_the_same(con: Connection, documents: Sequence[CameAs]) -> list[bool]:
    """For each whether it still came as it had come when it was read: by which mail, and read
    or refused. A newer rua may find more in a mail, and a retry what a container holds."""
    rows = con.execute(FIRST_DELIVERY, {"ids": [each.document_id for each in documents]})
    now = {row[0]: CameAs(*row) for row in rows.fetchall()}
    return [now.get(each.document_id) == each for each in documents]


Judged = tuple[int, str, str]
"""(document, how genuine, why) of a report that could not be judged when it came, being refused."""


def judged(documents: Sequence[StoredDocument], readings: Sequence[Reading]) -> list[Judged]:
    """What is now known of how genuine documents are that were refused when they came."""
    return [
        (stored.document_id, reading.judgement.authenticity, reading.judgement.reason)
        for stored, reading in zip(documents, readings, strict=True)
        if stored.code and reading.judgement is not None
    ]


def judge_deliveries(con: Connection, found: Sequence[Judged]) -> None:
    """Write it down where nothing stands yet."""
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
