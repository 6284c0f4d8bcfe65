"""The only writer of report tables: one transaction a batch, in bulk through Arrow."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from ingest.authenticity import Authenticity
from ingest.contest import settle_contests
from ingest.enrich import Addresses, AddressFacts
from ingest.placing import Known, KnownDocument, Outcome, Placement, place
from ingest.reading import Batch, Carrier, Reading
from ingest.rows import Tables, with_documents
from schemas.store import Connection, Store

__all__ = ["Counts", "Run", "Writer", "insert", "insert_rows", "known_reports", "write_outcomes"]

STATUSES = ("stored", "duplicate", "conflict", "refused")


@dataclass(slots=True)
class Counts:
    """What became of things; documents = stored + duplicate + conflict + refused."""

    messages: int = 0
    documents: int = 0
    stored: int = 0
    duplicate: int = 0
    conflict: int = 0
    refused: int = 0
    ignored: int = 0
    records: int = 0

    def add(self, other: "Counts") -> None:
        for each in fields(Counts):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(slots=True)
class Run:
    """One source's turn in one ingest; `run_id` is set once it stands in the store."""

    source: str
    started_at: datetime
    counts: Counts = field(default_factory=Counts)
    problem: str | None = None
    run_id: int | None = None


class Writer:
    """Puts batches into the store. Addresses are enriched as they first appear."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._addresses = Addresses()

    def seen(self, ledger_name: str, epoch: int) -> dict[str, bool]:
        """{key: whether that mail holds a report} of earlier committed batches."""
        if not self._store.exists():
            return {}
        question = "select key, holds_report from ledger where source = $1 and epoch = $2"
        with self._store.read() as con:
            return dict(con.execute(question, [ledger_name, epoch]).fetchall())

    def write(self, batch: Batch, run: Run, ledger_name: str | None) -> Counts:
        """Commit a batch, all of it or nothing. Returns what it counted; raises StoreError."""
        with self._store.write() as con:
            con.execute("begin")
            counts = self.add(con, batch, run, ledger_name)
            run.counts.add(counts)
            _put_run(con, run, finished_at=None)
            con.execute("commit")
        return counts

    def finish(self, run: Run) -> None:
        """Write down that a run ended, and how."""
        with self._store.write() as con:
            con.execute("begin")
            _put_run(con, run, finished_at=_now())
            con.execute("commit")

    def add(self, con: Connection, batch: Batch, run: Run, ledger_name: str | None) -> Counts:
        """Put a batch into the open transaction of `con`."""
        source = ledger_name or run.source
        placement = _place(con, batch.readings)
        _insert_documents(con, batch.readings, placement)
        _insert_carriers(con, batch, placement, source)
        if ledger_name is not None:
            _insert_ledger(con, batch.carriers, ledger_name)
        self.insert_reports(con, batch.tables, placement)
        settle_contests(con, placement.contested)
        return _counts(batch, placement)

    def insert_reports(self, con: Connection, tables: Tables, placement: Placement) -> None:
        """Outcomes, the rows of what is new, and the facts of addresses not met before."""
        write_outcomes(con, placement.outcomes)
        for name, table in tables.items():
            rows = with_documents(table, placement.row_documents)
            if name in ("dmarc_report", "tls_report"):
                rows = _with_counted(rows, placement.outcomes)
            insert(con, name, rows)
            if name == "dmarc_record":
                _enrich(con, self._addresses, rows.column("source_ip").unique())


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def insert(con: Connection, table: str, rows: Any) -> None:
    """Append an Arrow table, columns by name."""
    con.register("incoming", rows)
    con.execute(f"insert into {table} by name select * from incoming")
    con.unregister("incoming")


def insert_rows(con: Connection, table: str, columns: dict[str, Any], rows: Iterable[Any]) -> None:
    """Append tuples whose columns, in order, have the given Arrow types."""
    schema = pa.schema(list(columns.items()))
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(v, t) for v, t in zip(values, columns.values(), strict=True)]
    insert(con, table, pa.Table.from_arrays(arrays, schema=schema))


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


def _next(con: Connection, table: str, column: str) -> int:
    question = f"select coalesce(max({column}), 0) + 1 from {table}"
    return int(con.execute(question).fetchall()[0][0])


def _place(con: Connection, readings: Sequence[Reading]) -> Placement:
    first = _next(con, "document", "document_id")
    ids = range(first, first + len(readings))
    return place(readings, ids, _known_documents(con, readings), known_reports(con, readings))


def _insert_documents(con: Connection, readings: Sequence[Reading], placement: Placement) -> None:
    now = _now()
    columns = {
        "document_id": pa.int64(),
        "sha256": pa.string(),
        "kind": pa.string(),
        "size": pa.int64(),
        "bytes": pa.binary(),
        "stored_at": pa.timestamp("us"),
    }
    rows = [
        (number, reading.sha256, reading.kind, len(reading.data), reading.data, now)
        for reading, number, is_new in zip(
            readings, placement.documents, placement.is_new, strict=True
        )
        if is_new
    ]
    if rows:
        insert_rows(con, "document", columns, rows)


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


def _insert_carriers(con: Connection, batch: Batch, placement: Placement, source: str) -> None:
    """Carriers that brought documents, and what each brought; those known are passed over."""
    known = _known_carriers(con, source, batch.carriers)
    fresh = [c for c in batch.carriers if c.count and (c.epoch, c.key, c.sha256) not in known]
    if not fresh:
        return
    now = _now()
    first = _next(con, "carrier", "carrier_id")
    numbered = list(enumerate(fresh, start=first))
    carriers = [(number, source, *_carrier_columns(c), now) for number, c in numbered]
    insert_rows(con, "carrier", CARRIER_COLUMNS, carriers)
    deliveries = [row for number, c in numbered for row in _deliveries(number, c, batch, placement)]
    insert_rows(con, "delivery", DELIVERY_COLUMNS, deliveries)


def _carrier_columns(c: Carrier) -> tuple[Any, ...]:
    arrived = (c.epoch, _plain(c.key), c.sha256, c.is_mail, c.size, c.received_at, c.sent_at)
    proof = (c.proof.result, c.proof.domain, c.proof.method, c.proof.detail)
    return (*arrived, c.message_id, c.from_address, c.subject, c.headers, *proof)


def _deliveries(
    carrier_id: int, carrier: Carrier, batch: Batch, placement: Placement
) -> Iterator[tuple[Any, ...]]:
    for ordinal in range(carrier.count):
        n = carrier.first + ordinal
        reading = batch.readings[n]
        path = _plain(reading.path)
        judged = reading.judgement
        said = (judged.authenticity, judged.reason) if judged else (None, None)
        refusal = (reading.code, reading.reason)
        yield carrier_id, ordinal, placement.documents[n], path, *refusal, *said


def _plain(text: str) -> str:
    """File names are bytes to the system; what is not UTF-8 in them is replaced."""
    return text.encode("utf-8", "replace").decode()


def _known_carriers(
    con: Connection, source: str, carriers: Sequence[Carrier]
) -> set[tuple[int, str, str]]:
    question = """
        select epoch, key, sha256
        from carrier
        where source = $1 and sha256 in (select unnest($2::text[]))
    """
    return set(con.execute(question, [source, [c.sha256 for c in carriers]]).fetchall())


def _insert_ledger(con: Connection, carriers: Sequence[Carrier], ledger_name: str) -> None:
    now = _now()
    columns = {
        "source": pa.string(),
        "epoch": pa.int64(),
        "key": pa.string(),
        "holds_report": pa.bool_(),
        "seen_at": pa.timestamp("us"),
    }
    rows = [(ledger_name, c.epoch, c.key, c.holds_report, now) for c in carriers]
    insert_rows(con, "ledger", columns, rows)


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


def _enrich(con: Connection, addresses: Addresses, met: Any) -> None:
    """Facts of the addresses met in a batch that the store does not have yet."""
    con.register("met", pa.table({"source_ip": met}))
    question = """
        select source_ip
        from met
        anti join address using (source_ip)
        where source_ip is not null
        order by source_ip
    """
    new = [row[0] for row in con.execute(question).fetchall()]
    con.unregister("met")
    if not new:
        return
    text, whole = pa.string(), pa.int64()
    columns = {each.name: text for each in fields(AddressFacts)} | {"version": whole, "asn": whole}
    facts = [tuple(getattr(fact, name) for name in columns) for fact in addresses.facts(new)]
    insert_rows(con, "address", columns, facts)


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
        run.run_id = _next(con, "run", "run_id")
    else:
        con.execute("delete from run where run_id = $1", [run.run_id])
    counts = [getattr(run.counts, each.name) for each in fields(Counts)]
    values = [run.run_id, run.started_at, finished_at, os.getpid(), run.source, *counts]
    marks = ", ".join(f"${n}" for n in range(1, len(values) + 2))
    con.execute(f"insert into run values ({marks})", [*values, run.problem])
