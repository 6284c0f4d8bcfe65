"""The only writer of report tables: one transaction a batch, in bulk through Arrow."""

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow as pa

from ingest.columns.sql import execute, insert, insert_rows, next_id
from ingest.columns.tables import SCHEMAS, with_documents
from ingest.enrich.address_facts import (
    describe_addresses,
    describe_domains,
    describe_names,
    write_names,
)
from ingest.enrich.ip_info import Addresses
from ingest.load.conflicts import settle_conflicts
from ingest.load.dedup import Decisions, KnownDocument, KnownReports, Outcome, decide
from ingest.load.misdated import flag_misdated
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
    """Puts batches into the store, and the facts of each address as it first appears.

    `locked_seconds` is how long the last batch kept others out of the store.
    """

    locked_seconds: float = 0

    def __init__(self, store: Store, quarantine_budget: int = QUARANTINE_BYTES) -> None:
        self._store = store
        self._budget = quarantine_budget
        self._addresses = Addresses()

    def seen(self, ledger_name: str, epoch: int) -> dict[str, bool]:
        """{key: whether that mail holds a report} of earlier committed batches."""
        if not self._store.exists():
            return {}
        with self._store.read() as con:
            return dict(execute(con, "load/ledger_keys", source=ledger_name, epoch=epoch))

    def within_budget(self, batch: Batch) -> tuple[Batch, list[Carrier]]:
        """The batch without the mails that are deferred because quarantine is full, and these."""
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
        self.locked_seconds = time.monotonic() - began
        return counts

    def finish(self, run: Run) -> None:
        """Store that a run ended, and with which problem."""
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
        """Describe the known host names, in the open transaction of `con`."""
        describe_names(con, self._addresses)

    def add(self, con: Connection, batch: Batch, run: Run, ledger_name: str | None) -> Counts:
        """Put a batch into the open transaction of `con`."""
        source = ledger_name or run.source
        decisions = self.decide(con, batch)
        insert_carriers(con, batch, decisions, source)
        if ledger_name is not None:
            insert_ledger(con, batch.carriers, ledger_name)
        self.insert_reports(con, batch.tables, decisions)
        flag_misdated(con, decisions.affected())
        settle_conflicts(con, decisions.contested)
        return _counts(batch, decisions)

    def decide(self, con: Connection, batch: Batch) -> Decisions:
        """Decide on a batch's readings, and store the bytes of new documents."""
        decisions = _decide(con, batch.readings)
        insert_documents(con, batch.readings, decisions)
        restore(con, batch, decisions)
        return decisions

    def insert_reports(self, con: Connection, tables: Tables, decisions: Decisions) -> None:
        """Store outcomes, the rows of new reports, and the facts of new addresses."""
        if decisions.replaced:
            execute(con, "load/delete_outcomes", ids=decisions.replaced)
        write_outcomes(con, decisions.outcomes)
        for name, table in tables.items():
            rows = with_documents(table, decisions.row_documents)
            if name in ("dmarc_report", "tls_report"):
                rows = _with_counted(rows, decisions.outcomes)
            insert(con, name, rows)
            if name == "dmarc_record":
                describe_addresses(con, self._addresses, rows)
                describe_domains(con, self._addresses, rows)
        _give_rows_to_the_first(con, decisions.outcomes)


def _give_rows_to_the_first(con: Connection, outcomes: Sequence[Outcome]) -> None:
    """Of equal contents the document stored first has the rows, as after a rebuild: one that was
    refused at first, and can be read now, may be older than its duplicate."""
    for outcome in outcomes:
        older, newer = outcome.document_id, outcome.of_document_id
        if outcome.status == "duplicate" and newer is not None and older < newer:
            for table in SCHEMAS:
                move = f"update {table} set document_id = $older where document_id = $newer"
                con.execute(move, {"older": older, "newer": newer})


def _known_documents(con: Connection, readings: Sequence[Reading]) -> dict[str, KnownDocument]:
    hashes = [reading.sha256 for reading in readings]
    rows = execute(con, "load/known_documents", hashes=hashes)
    return {sha256: KnownDocument(number, status) for sha256, number, status in rows}


def known_reports(con: Connection, readings: Sequence[Reading]) -> KnownReports:
    """The stored contents under the identities of readings."""
    identities = [reading.identity for reading in readings if reading.identity is not None]
    known: KnownReports = {}
    for identity, content, number in execute(con, "load/known_reports", identities=identities):
        known.setdefault(identity, {})[content] = number
    return known


def _decide(con: Connection, readings: Sequence[Reading]) -> Decisions:
    first = next_id(con, "document", "document_id")
    ids = range(first, first + len(readings))
    return decide(readings, ids, _known_documents(con, readings), known_reports(con, readings))


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
    """Reports with their column `counted`: not in conflict with another one, and not failed."""
    stored = {each.document_id for each in outcomes if each.status == "stored"}
    documents = rows.column("document_id").to_pylist()
    genuine = rows.column("authenticity").to_pylist()
    counted = [
        number in stored and said != Authenticity.FAILED
        for number, said in zip(documents, genuine, strict=True)
    ]
    return rows.append_column("counted", pa.array(counted, pa.bool_()))


def _counts(batch: Batch, decisions: Decisions) -> Counts:
    tally = {status: decisions.statuses.count(status) for status in STATUSES}
    records = sum(
        reading.records
        for reading, document in zip(batch.readings, decisions.row_documents, strict=True)
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
    """Insert the run's row, or replace it."""
    if run.run_id is None:
        run.run_id = next_id(con, "run", "run_id")
    else:
        execute(con, "load/delete_run", run_id=run.run_id)
    execute(
        con,
        "load/insert_run",
        run_id=run.run_id,
        started_at=run.started_at,
        finished_at=finished_at,
        pid=os.getpid(),
        source=run.source,
        problem=run.problem,
        **asdict(run.counts),
    )
