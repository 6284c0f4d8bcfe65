"""The only writer of report tables: one transaction a batch, in bulk through Arrow."""

import os
import time
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingest.columns.insert import insert, insert_rows, next_id
from ingest.columns.tables import SCHEMAS, with_documents
from ingest.enrich.address_facts import (
    describe_addresses,
    describe_domains,
    describe_names,
    write_names,
)
from ingest.enrich.ip_info import Addresses
from ingest.load.conflicts import settle_contests
from ingest.load.dedup import Known, KnownDocument, Outcome, Placement, place
from ingest.load.misdated import flag_future
from ingest.load.quarantine import restore, within_budget
from ingest.load.raw_tables import insert_carriers, insert_documents, insert_ledger
from ingest.model.batch import Batch, Carrier, Reading, Tables
from ingest.model.clock import now
from ingest.model.limits import QUARANTINE_BYTES
from ingest.model.proof import Authenticity
from ingest.model.ptr import PtrAnswer
from ingest.model.run import Counts, Run
from schemas.store.store import Connection, Store

__all__ = ["Writer", "known_reports", "write_outcomes"]

STATUSES = ("stored", "duplicate", "conflict", "refused")


class Writer:
    """Puts batches into the store. Addresses are enriched as they first appear.

    `held` is for how many seconds the last batch kept everybody else out of it.
    """

    held: float = 0

    def __init__(self, store: Store, quarantine_budget: int = QUARANTINE_BYTES) -> None:
        self._store = store
        self._budget = quarantine_budget
        self._addresses = Addresses()

    def seen(self, ledger_name: str, epoch: int) -> dict[str, bool]:
        """{key: whether that mail holds a report} of earlier committed batches."""
        if not self._store.exists():
            return {}
        question = "select key, holds_report from ledger where source = $1 and epoch = $2"
        with self._store.read() as con:
            return dict(con.execute(question, [ledger_name, epoch]).fetchall())

    def within_budget(self, batch: Batch) -> tuple[Batch, list[Carrier]]:
        """The batch without the mails that quarantine has no room for, and these mails."""
        return within_budget(self._store, batch, self._budget)

    def write(self, batch: Batch, run: Run, ledger_name: str | None) -> Counts:
        """Commit a batch, all of it or nothing. Returns what it counted; raises StoreError."""
        with self._store.write() as con:
            began = time.monotonic()
            con.execute("begin")
            counts = self.add(con, batch, run, ledger_name)
            run.counts.add(counts)
            _put_run(con, run, finished_at=None)
            con.execute("commit")
        self.held = time.monotonic() - began
        return counts

    def finish(self, run: Run) -> None:
        """Write down that a run ended, and how."""
        with self._store.write(changes_reports=False) as con:
            con.execute("begin")
            _put_run(con, run, finished_at=now())
            con.execute("commit")

    def write_names(self, answers: Sequence[PtrAnswer]) -> None:
        """Commit what reverse DNS said, one answer for each address. Raises StoreError."""
        with self._store.write() as con:
            con.execute("begin")
            write_names(con, self._addresses, answers)
            con.execute("commit")

    def describe_names(self, con: Connection) -> None:
        """Whose the host names are that are known, in the open transaction of `con`."""
        describe_names(con, self._addresses)

    def add(self, con: Connection, batch: Batch, run: Run, ledger_name: str | None) -> Counts:
        """Put a batch into the open transaction of `con`."""
        source = ledger_name or run.source
        placement = self.place(con, batch)
        insert_carriers(con, batch, placement, source)
        if ledger_name is not None:
            insert_ledger(con, batch.carriers, ledger_name)
        self.insert_reports(con, batch.tables, placement)
        flag_future(con, placement.touched())
        settle_contests(con, placement.contested)
        return _counts(batch, placement)

    def place(self, con: Connection, batch: Batch) -> Placement:
        """Decide on a batch's readings, and keep the bytes of those that are new."""
        placement = _place(con, batch.readings)
        insert_documents(con, batch.readings, placement)
        restore(con, batch, placement)
        return placement

    def insert_reports(self, con: Connection, tables: Tables, placement: Placement) -> None:
        """Outcomes, the rows of what is new, and the facts of addresses not met before."""
        gone = "delete from outcome where document_id in (select unnest($1::bigint[]))"
        if placement.replaced:
            con.execute(gone, [placement.replaced])
        write_outcomes(con, placement.outcomes)
        for name, table in tables.items():
            rows = with_documents(table, placement.row_documents)
            if name in ("dmarc_report", "tls_report"):
                rows = _with_counted(rows, placement.outcomes)
            insert(con, name, rows)
            if name == "dmarc_record":
                describe_addresses(con, self._addresses, rows)
                describe_domains(con, self._addresses, rows)
        _give_rows_to_the_first(con, placement.outcomes)


def _give_rows_to_the_first(con: Connection, outcomes: Sequence[Outcome]) -> None:
    """Of equal contents the document stored first has the rows, as after a rebuild: one that was
    refused when it came, and can be read now, may be older than its duplicate."""
    for outcome in outcomes:
        older, newer = outcome.document_id, outcome.of_document_id
        if outcome.status == "duplicate" and newer is not None and older < newer:
            for table in SCHEMAS:
                move = f"update {table} set document_id = $1 where document_id = $2"
                con.execute(move, [older, newer])


def _known_documents(con: Connection, readings: Sequence[Reading]) -> dict[str, KnownDocument]:
    question = """
        select document.sha256, document.document_id, outcome.status
        from document
        join outcome using (document_id)
        where document.sha256 in (select unnest($1::text[]))
    """
    wanted = [reading.sha256 for reading in readings]
    rows = con.execute(question, [wanted]).fetchall()
    return {sha256: KnownDocument(number, status) for sha256, number, status in rows}


def known_reports(con: Connection, readings: Sequence[Reading]) -> Known:
    """What the store knows under the identities of readings."""
    question = """
        select identity, content_hash, min(document_id) as first_id
        from outcome
        where identity in (select unnest($1::text[]))
        group by identity, content_hash
        order by first_id
    """
    wanted = [reading.identity for reading in readings if reading.identity is not None]
    known: Known = {}
    for identity, content, number in con.execute(question, [wanted]).fetchall():
        known.setdefault(identity, {})[content] = number
    return known


def _place(con: Connection, readings: Sequence[Reading]) -> Placement:
    first = next_id(con, "document", "document_id")
    ids = range(first, first + len(readings))
    return place(readings, ids, _known_documents(con, readings), known_reports(con, readings))


def write_outcomes(con: Connection, outcomes: Sequence[Outcome]) -> None:
    """Append rows of the table `outcome`."""
    if not outcomes:
        return
    columns = {
        "document_id": pa.int64(),
        "status": pa.string(),
        "report_kind": pa.string(),
        "identity": pa.string(),
        "content_hash": pa.string(),
        "of_document_id": pa.int64(),
        "code": pa.string(),
        "reason": pa.string(),
    }
    rows = [tuple(getattr(outcome, name) for name in columns) for outcome in outcomes]
    insert_rows(con, "outcome", columns, rows)


def _with_counted(rows: Any, outcomes: Sequence[Outcome]) -> Any:
    """Reports with their column `counted`: neither contradicting another one nor proven false."""
    stored = {each.document_id for each in outcomes if each.status == "stored"}
    documents = rows.column("document_id").to_pylist()
    genuine = rows.column("authenticity").to_pylist()
    counted = [
        number in stored and said != Authenticity.FAILED
        for number, said in zip(documents, genuine, strict=True)
    ]
    return rows.append_column("counted", pa.array(counted, pa.bool_()))


def _counts(batch: Batch, placement: Placement) -> Counts:
    tally = {status: placement.statuses.count(status) for status in STATUSES}
    records = sum(
        reading.records
        for reading, document in zip(batch.readings, placement.row_documents, strict=True)
        if document is not None
    )
    return Counts(
        messages=len(batch.carriers),
        documents=len(batch.readings),
        ignored=sum(carrier.ignored for carrier in batch.carriers),
        records=records,
        **tally,
    )


def _put_run(con: Connection, run: Run, *, finished_at: datetime | None) -> None:
    """Insert the run's row, or bring it up to date."""
    if run.run_id is None:
        run.run_id = next_id(con, "run", "run_id")
    else:
        con.execute("delete from run where run_id = $1", [run.run_id])
    counts = [getattr(run.counts, each.name) for each in fields(Counts)]
    values = [run.run_id, run.started_at, finished_at, os.getpid(), run.source, *counts]
    marks = ", ".join(f"${n}" for n in range(1, len(values) + 2))
    con.execute(f"insert into run values ({marks})", [*values, run.problem])
