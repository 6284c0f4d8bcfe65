"""How much quarantine may hold, and how its owner makes room.

Anyone can mail what cannot be read. Over the budget a mail that brings nothing else stays where it
is, neither stored nor remembered, and the next run tries it again: nothing is dropped but what its
owner drops, and of that the hash, the reason and the mail that brought it are kept.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress

import pyarrow as pa
import pyarrow.compute as pc

from ingest.load.dedup import Placement
from ingest.model.batch import Batch, Carrier, Reading
from schemas.store.store import Connection, Store

__all__ = ["drop", "restore", "within_budget"]

HELD = """
    select coalesce(sum(size), 0)::bigint
    from quarantine
    where status = 'refused' and code is distinct from 'dropped'
"""


def within_budget(store: Store, batch: Batch, budget: int) -> tuple[Batch, list[Carrier]]:
    """The batch without the mails that quarantine has no room for, and these mails.

    `budget` is in bytes of documents. Mails with a report in them always have room.
    """
    refused = [c for c in batch.carriers if c.count and not _is_any_read(c, batch)]
    if not refused:
        return batch, []
    held, known = _held(store, batch)
    put_off: list[Carrier] = []
    for carrier in refused:
        new = {r.sha256: r for r in _readings(carrier, batch) if r.sha256 not in known}
        size = sum(len(reading.content()) for reading in new.values())
        if size and held + size > budget:
            put_off.append(carrier)
        else:
            held += size
            known |= new.keys()
    return (_without(batch, put_off) if put_off else batch), put_off


def _readings(carrier: Carrier, batch: Batch) -> Sequence[Reading]:
    return batch.readings[carrier.first : carrier.first + carrier.count]


def _is_any_read(carrier: Carrier, batch: Batch) -> bool:
    return any(reading.is_report for reading in _readings(carrier, batch))


def _held(store: Store, batch: Batch) -> tuple[int, set[str]]:
    """(bytes in quarantine, which documents of the batch are in the store)."""
    if not store.exists():
        return 0, set()
    question = "select sha256 from document where sha256 in (select unnest($1::text[]))"
    wanted = [reading.sha256 for reading in batch.readings if not reading.is_report]
    with store.read() as con:
        held = con.execute(HELD).fetchall()[0][0]
        return held, {row[0] for row in con.execute(question, [wanted]).fetchall()}


def _without(batch: Batch, put_off: Sequence[Carrier]) -> Batch:
    """The rest, its readings numbered anew."""
    gone = {n for c in put_off for n in range(c.first, c.first + c.count)}
    is_kept = [n not in gone for n in range(len(batch.readings))]
    numbers, count = [], 0
    for kept in is_kept:
        numbers.append(count)
        count += kept
    given = pa.array(numbers, pa.int32())
    tables = {
        name: table.set_column(0, "leaf", pc.take(given, table.column("leaf")))
        for name, table in batch.tables.items()
    }
    carriers = [
        replace(c, first=numbers[c.first]) if c.count else c
        for c in batch.carriers
        if not any(c is each for each in put_off)
    ]
    return Batch(carriers, list(compress(batch.readings, is_kept)), tables)


def drop(store: Store, ids: Sequence[int]) -> dict[str, int]:
    """Remove the bytes of refused documents: {"dropped", "bytes"}. Raises StoreError.

    They stay refused. In the deliveries too, which a rebuild goes by.
    """
    chosen = """
        create or replace temp table chosen as
        select
            document_id,
            document.size,
            'dropped by its owner; it was ' || coalesce(code, 'refused')
                || coalesce(': ' || reason, '') as reason
        from outcome
        join document using (document_id)
        where status = 'refused'
            and code is distinct from 'dropped'
            and document_id in (select unnest($1::bigint[]))
    """
    with store.write() as con:
        con.execute("begin")
        con.execute(chosen, [list(ids)])
        con.execute(
            "update document set bytes = ''::blob from chosen "
            "where document.document_id = chosen.document_id"
        )
        for table, prefix in (("delivery", "refusal_"), ("outcome", "")):
            con.execute(
                f"update {table} set {prefix}code = 'dropped', {prefix}reason = chosen.reason "
                f"from chosen where {table}.document_id = chosen.document_id"
            )
        found = con.execute("select count(*), coalesce(sum(size), 0)::bigint from chosen")
        count, size = found.fetchall()[0]
        con.execute("commit")
    return {"dropped": count, "bytes": size}


def restore(con: Connection, batch: Batch, placement: Placement) -> None:
    """Keep the bytes of reports again that were dropped when no reader could read them."""
    wanted = set(placement.replaced)
    for reading, number in zip(batch.readings, placement.documents, strict=True):
        if number in wanted:
            where = "where document_id = $1 and"
            kept = f"update document set bytes = $2 {where} octet_length(bytes) = 0"
            con.execute(kept, [number, reading.content()])
            code = f"update delivery set refusal_code = 'refused' {where} refusal_code = 'dropped'"
            con.execute(code, [number])
