"""The size budget of quarantine, and how its owner frees space.

Anyone can mail what cannot be read. When the budget is used up, a mail that holds no report is
deferred: it stays in its mailbox, is neither stored nor remembered, and the next run tries it
again. Only the owner drops documents, whose hash, reason and mail stay in the store.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, compress

import pyarrow as pa
import pyarrow.compute as pc

from ingest.columns.sql import execute
from ingest.load.dedup import Decisions
from ingest.model.batch import Batch, Carrier, Reading
from schemas.store.store import Connection, Store

__all__ = ["drop", "restore", "within_budget"]


def within_budget(store: Store, batch: Batch, budget: int) -> tuple[Batch, list[Carrier]]:
    """The batch without the mails that would exceed the budget, and these mails.

    `budget` is in bytes of documents. A mail that holds a report is never deferred.
    """
    refused = [c for c in batch.carriers if c.count and not _holds_report(c, batch)]
    if not refused:
        return batch, []
    used, known = _used(store, batch)
    deferred: list[Carrier] = []
    for carrier in refused:
        new = {r.sha256: r for r in _readings(carrier, batch) if r.sha256 not in known}
        size = sum(len(reading.content()) for reading in new.values())
        if size and used + size > budget:
            deferred.append(carrier)
        else:
            used += size
            known |= new.keys()
    return (_without(batch, deferred) if deferred else batch), deferred


def _readings(carrier: Carrier, batch: Batch) -> Sequence[Reading]:
    return batch.readings[carrier.first : carrier.first + carrier.count]


def _holds_report(carrier: Carrier, batch: Batch) -> bool:
    return any(reading.is_report for reading in _readings(carrier, batch))


def _used(store: Store, batch: Batch) -> tuple[int, set[str]]:
    """(bytes in quarantine, hashes of the batch's documents that are in the store)."""
    if not store.exists():
        return 0, set()
    hashes = [reading.sha256 for reading in batch.readings if not reading.is_report]
    with store.read() as con:
        ((used,),) = execute(con, "load/quarantine_size")
        return used, {row[0] for row in execute(con, "load/known_hashes", hashes=hashes)}


def _without(batch: Batch, deferred: Sequence[Carrier]) -> Batch:
    """The rest of the batch, with its readings renumbered."""
    gone = {n for c in deferred for n in range(c.first, c.first + c.count)}
    stays = [n not in gone for n in range(len(batch.readings))]
    numbers = [0, *accumulate(map(int, stays))]
    new_leaves = pa.array(numbers, pa.int32())
    tables = {
        name: table.set_column(0, "leaf", pc.take(new_leaves, table.column("leaf")))
        for name, table in batch.tables.items()
    }
    carriers = [
        replace(c, first=numbers[c.first]) if c.count else c
        for c in batch.carriers
        if not any(c is each for each in deferred)
    ]
    return Batch(carriers, list(compress(batch.readings, stays)), tables)


def drop(store: Store, ids: Sequence[int]) -> dict[str, int]:
    """Remove the bytes of refused documents: {"dropped", "bytes"}. Raises StoreError.

    They stay refused, in their outcomes and in their deliveries.
    """
    with store.write() as con:
        con.execute("begin")
        execute(con, "load/dropped", ids=list(ids))
        for name in ("drop_bytes", "drop_deliveries", "drop_outcomes"):
            execute(con, f"load/{name}")
        ((count, size),) = execute(con, "load/dropped_totals")
        con.execute("drop table dropped")
        con.execute("commit")
    return {"dropped": count, "bytes": size}


def restore(con: Connection, batch: Batch, decisions: Decisions) -> None:
    """Store the bytes of reports again that were dropped when no reader could read them."""
    replaced = set(decisions.replaced)
    for reading, number in zip(batch.readings, decisions.documents, strict=True):
        if number in replaced:
            execute(con, "load/restore_bytes", document_id=number, bytes=reading.content())
            execute(con, "load/restore_deliveries", document_id=number)
