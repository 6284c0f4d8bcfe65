"""The demo organisation in a store, without its mails: for tests that need many seeds.

What the simulator's reporters have to say goes through the real reader, columns and writer, and
gives the derived rows that `rua ingest` gives of the mails (a test holds both equal). Only what is
slow is left out: MIME, containers, reading processes, and reading alike records again: each kind of
record is written as its reporter writes it and read once, then copied with its address and count.

Such a store holds no documents' bytes (`content_hash` is not that of the content), no TLS reports
and no mails but the reports', each once. Its carriers bear the arrivals of the mails, so a question
asked `--as-of` an earlier day leaves out what had not arrived by then.
"""

import contextlib
import gc
import hashlib
import pickle
import random
import shutil
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.compute import subtract

from ingest.columns.tables import Facts, Rows
from ingest.demo.documents import Report, write_aggregate
from ingest.demo.mails import aggregate_mail
from ingest.demo.organisation import AUTHSERV_ID
from ingest.demo.receivers import Row
from ingest.demo.reporting import DAY, arrival, closing, reports
from ingest.demo.traffic import Plan
from ingest.demo.truth import Ledger, domain_truth, whole_truth
from ingest.demo.write import settings_text
from ingest.load.writer import Writer
from ingest.model.batch import Batch, Carrier, Reading, Tables
from ingest.model.document import Kind
from ingest.model.proof import Proof, Trust
from ingest.model.run import Run
from ingest.model.source import Arrival
from ingest.parse import read_aggregate
from ingest.parse.fingerprint import identity_of
from ingest.verify.authenticity import claimed_domain, judge, prove
from ingest.workers.read import read_batch
from schemas.reports.aggregate import AggregateReport
from schemas.store.store import Reader, Store
from tests.simulator.timeline import timeline
from tests.simulator.variants import plan_of
from tests.support.process import shared

__all__ = ["growing_store", "quick_store"]

Truth = dict[str, Any]
STORE = "rua.duckdb"
TRUTH = "truth.pickle"


def quick_store(
    folder: Path, variant: str = "default", seed: int = 1, *, days: int = 90, until: date
) -> tuple[Path, Truth]:
    """Writes folder/rua.duckdb and folder/rua.toml; returns the store and the truth.

    The truth is that of truth.json without its mails, and with what is `allowed` on each day
    (tests/simulator/timeline.py). The store holds all reports that have arrived by the end of
    `until`. It is made once in a test run, and copied."""
    made = partial(_make, variant=variant, seed=seed, days=days, until=until)
    if not shared.is_shared():
        return folder / STORE, made(folder)
    there = shared.once(f"quick store {variant} {seed} {days} {until}", made)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (STORE, "rua.toml"):
        shutil.copy(there / name, folder)
    truth: Truth = pickle.loads((there / TRUTH).read_bytes())  # noqa: S301 - our own
    return folder / STORE, truth


def _make(folder: Path, *, variant: str, seed: int, days: int, until: date) -> Truth:
    _, truth, growing = growing_store(folder, variant, seed, days=days, until=until, every=0)
    for _ in growing:
        pass
    (folder / TRUTH).write_bytes(pickle.dumps(truth))
    return truth


def growing_store(
    folder: Path,
    variant: str = "default",
    seed: int = 1,
    *,
    days: int = 90,
    until: date,
    every: int = 1,
) -> tuple[Path, Truth, Iterator[tuple[date, Reader]]]:
    """The same store, empty at first, its truth at the end, and its days in order.

    With each day comes a reader of the store as it stood at the end of that day: it holds what
    had arrived by then. The last day is `until`; `every` so many days are looked at, with 0 the
    last one alone. The store is held for writing until the iterator has ended or is closed, so
    what looks at it must use the reader that comes with the day.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = plan_of(seed, until, variant)
    with _uncollected():
        arrived = _arrived(plan, days)
        run = {"days": days, "seed": seed, "until": until.isoformat(), "variant": variant}
        truth = _truth(plan, run, [each.report for each in arrived])
        whole = Whole.of(sorted(arrived, key=lambda each: each.at))
    (folder / "rua.toml").write_text(settings_text(plan.domains), encoding="utf-8")
    store = folder / STORE
    backs = range(days - 1, 0, -every) if every else ()
    return store, truth, _grow(Store(store), whole, [*(until - n * DAY for n in backs), until])


@dataclass(frozen=True, slots=True)
class Arrived:
    """A report and when its mail came."""

    at: datetime
    report: Report


def _arrived(plan: Plan, days: int) -> list[Arrived]:
    """The reports in the order they are made, but for those still under way at the end."""
    found = [
        Arrived(arrival(plan, report)[0], report)
        for domain in plan.domains
        for report in reports(plan, domain, days)
    ]
    end = closing(plan.until)
    return [each for each in found if each.at < end]


def _truth(plan: Plan, run: dict[str, Any], found: Sequence[Report]) -> Truth:
    ledger = Ledger()
    for report in found:
        ledger.add(report)
    domains = domain_truth(plan, run["days"])
    for domain in plan.domains:
        domains[domain.name]["allowed"] = timeline(plan, domain, run["days"])
    return whole_truth(run, domains, [], ledger)


def _grow(store: Store, whole: "Whole", looks: Sequence[date]) -> Iterator[tuple[date, Reader]]:
    writer, done = Writer(store), 0
    with store.write() as con:
        reader = Reader.on(con)
        for day in looks:
            moment = closing(day)
            batch, done = whole.until(moment, done)
            con.execute("begin")
            writer.add(con, batch, Run("files", moment.replace(tzinfo=None)), None)
            con.execute("commit")
            yield day, reader


@dataclass(frozen=True, slots=True)
class Kinds:
    """Records alike in all but their address and count, as the reader gives them, once each.

    `leaves` numbers the kinds; a kind's one record is that of leaf `number` in `rows`.
    """

    leaves: dict[Any, int] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)

    def number(self, report: Report, row: Row) -> int:
        # Whose names are the owner's own depends on the policy domain.
        key = (report.reporter.org_name, report.domain, report.policy, *_shape(row))
        number = self.leaves.get(key)
        if number is None:
            number = self.leaves[key] = len(self.leaves)
            self.rows.add_aggregate(number, _read(report, row), Facts("", "", "", None))
        return number


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that arrives, in order: carriers, readings, and tables sorted by leaf."""

    moments: list[datetime]
    carriers: list[Carrier]
    readings: list[Reading]
    tables: Tables
    starts: dict[str, list[int]]

    @classmethod
    def of(cls, arrived: Sequence[Arrived]) -> "Whole":
        heads = Heads()
        read = [heads.add(number, each) for number, each in enumerate(arrived)]
        tables = _record_tables([each.report for each in arrived])
        tables["dmarc_report"] = heads.table([len(each.report.rows) for each in arrived])
        starts = {
            name: [bisect_left(leaves, n) for n in range(len(arrived) + 1)]
            for name, leaves in ((name, _leaves(table)) for name, table in tables.items())
        }
        moments = [each.at for each in arrived]
        return cls(moments, [each for each, _ in read], [each for _, each in read], tables, starts)

    def until(self, moment: datetime, first: int) -> tuple[Batch, int]:
        """What arrives from number `first` on and before the moment, and the next number."""
        last = bisect_left(self.moments, moment)
        carriers = self.carriers[first:last]
        if first:
            carriers = [replace(each, first=each.first - first) for each in carriers]
        tables = {}
        for name, table in self.tables.items():
            start, stop = self.starts[name][first], self.starts[name][last]
            if start < stop:
                part = table.slice(start, stop - start)
                leaves = subtract(part.column("leaf"), pa.scalar(first, pa.int32()))
                tables[name] = _with(part, {"leaf": leaves}) if first else part
        return Batch(carriers, self.readings[first:last], tables), last


class Heads:
    """Reports without their records; what a reporter's report on a policy says is read once."""

    def __init__(self) -> None:
        self._heads: dict[Any, AggregateReport] = {}
        self._proofs: dict[str, Proof] = {}
        self._rows = Rows()

    def add(self, number: int, each: Arrived) -> tuple[Carrier, Reading]:
        report, proof = self._head(each.report), self._proof(each)
        judgement, identity = judge(proof, report), identity_of(report)
        sha256 = hashlib.sha256(identity.encode()).hexdigest()
        facts = Facts(identity, sha256[:32], judgement.authenticity, claimed_domain(report))
        self._rows.add_aggregate(number, report, facts)
        name, count = f"{each.report.file_name}.xml", len(each.report.rows)
        reading = Reading(sha256, Kind.XML, b"", name, "dmarc", identity, sha256[:32], count)
        carrier = _carrier(each, sha256, proof, number)
        return carrier, replace(reading, judgement=judgement)

    def table(self, counts: Sequence[int]) -> pa.Table:
        made = self._rows.tables()["dmarc_report"]
        return _with(made, {"record_count": pa.array(counts, pa.int32())})

    def _head(self, report: Report) -> AggregateReport:
        key = (report.reporter.org_name, report.domain, report.policy)
        if key not in self._heads:
            self._heads[key] = _read(report, report.rows[0])
        said = {
            "report_id": report.report_id,
            "begin_at": datetime.fromtimestamp(report.begin, UTC),
            "begin_raw": str(report.begin),
            "end_at": datetime.fromtimestamp(report.end, UTC),
            "end_raw": str(report.end),
            "records": (),
        }
        return self._heads[key].model_copy(update=said)

    def _proof(self, each: Arrived) -> Proof:
        """What the reporter's mails prove is read from one of them."""
        name = each.report.reporter.org_name
        if name not in self._proofs:
            mail = aggregate_mail(each.report, each.at, random.Random(0))
            batch = read_batch([Arrival("mail", mail.data)], prover=_prover)
            self._proofs[name] = batch.carriers[0].proof
        return self._proofs[name]


def _record_tables(found: Sequence[Report]) -> Tables:
    """Rows of records and of what stands under them: their kind's, once for each record."""
    kinds = Kinds()
    leaves, ordinals, numbers = [], [], []
    addresses, counts = [], []
    for leaf, report in enumerate(found):
        for ordinal, row in enumerate(report.rows):
            leaves.append(leaf)
            ordinals.append(ordinal)
            numbers.append(kinds.number(report, row))
            addresses.append(row.source_ip)
            counts.append(row.count)
    tables = kinds.rows.tables()
    del tables["dmarc_report"]
    address, count = pa.array(addresses, pa.string()), pa.array(counts, pa.int64())
    record = {
        "leaf": pa.array(leaves, pa.int32()),
        "ordinal": pa.array(ordinals, pa.int32()),
        "source_ip": address,
        "source_ip_raw": address,
        "message_count": count,
        "message_count_raw": count.cast(pa.string()),
    }
    made = {"dmarc_record": _with(tables.pop("dmarc_record").take(pa.array(numbers)), record)}
    places = list(zip(leaves, ordinals, numbers, strict=True))
    return made | {name: _children(table, places) for name, table in tables.items()}


def _children(table: pa.Table, places: Sequence[tuple[int, int, int]]) -> pa.Table:
    """The rows of a child table of the kinds, for each (leaf, record, kind)."""
    of_kind: dict[int, list[int]] = {}
    for n, number in enumerate(_leaves(table)):
        of_kind.setdefault(number, []).append(n)
    found = [(leaf, ordinal, n) for leaf, ordinal, kind in places for n in of_kind.get(kind, ())]
    leaves, ordinals, chosen = zip(*found, strict=True)
    there = {"leaf": pa.array(leaves, pa.int32()), "record_ordinal": pa.array(ordinals, pa.int32())}
    return _with(table.take(pa.array(chosen)), there)


def _leaves(table: pa.Table) -> list[int]:
    leaves: list[Any] = table.column("leaf").to_pylist()
    return leaves


def _with(table: pa.Table, columns: dict[str, Any]) -> pa.Table:
    """The table with these columns in place of its own."""
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), values)
    return table


def _prover(fields: Any, raw: bytes) -> Proof:
    return prove(fields, raw, Trust(AUTHSERV_ID), None)


def _read(report: Report, row: Row) -> AggregateReport:
    return read_aggregate(write_aggregate(replace(report, rows=(row,))))


def _shape(row: Row) -> tuple[Any, ...]:
    """All that stands in a record but for its address and count."""
    results = (row.disposition, row.dkim, row.spf, row.reasons, row.signatures)
    names = (row.header_from, row.envelope_from, row.envelope_to)
    return *results, *names, row.spf_domain, row.spf_scope, row.spf_result


def _carrier(each: Arrived, sha256: str, proof: Proof, number: int) -> Carrier:
    who, at = each.report.reporter, each.at.replace(tzinfo=None)
    return Carrier(
        key=f"{each.report.report_id}@{each.report.file_name}",
        epoch=0,
        sha256=sha256,
        is_mail=True,
        size=0,
        received_at=at,
        sent_at=at,
        from_address=who.sender or who.email,
        proof=proof,
        first=number,
        count=1,
        holds_report=True,
    )


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Half of the time would go into looking for cycles among a million objects that have none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
