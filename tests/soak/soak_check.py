"""What must hold for every document of the soak; what does not hold is a finding.

A batch is read, read again in another order, compared, and written into a scratch store, which
is then asked what it holds.
"""

import resource
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingest.load.writer import Writer
from ingest.model.batch import Batch, Reading
from ingest.model.limits import CPU_SECONDS
from ingest.model.run import Run
from ingest.model.source import Arrival
from ingest.workers.pool import memory_bound
from ingest.workers.read import read_batch
from schemas.errors import Refusal
from schemas.store.store import Store
from tests.soak.soak_documents import Document

__all__ = ["Scratch", "Told", "check"]

CODES = frozenset(each.code for each in Refusal.__subclasses__()) - {"reader-failed"}
NowAt = Callable[[int], None]


@dataclass(slots=True)
class Told:
    """What a batch came to: documents by (kind, outcome), the most CPU seconds that one took and
    which, the process's largest memory in KiB, and (number, what is wrong with it)."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    worst_cpu: tuple[float, int] = (0.0, 0)
    memory_kib: int = 0
    records: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: "Told") -> None:
        self.outcomes += other.outcomes
        self.worst_cpu = max(self.worst_cpu, other.worst_cpu)
        self.memory_kib = max(self.memory_kib, other.memory_kib)
        self.records += other.records
        self.findings += other.findings


class Watch:
    """Arms the CPU timer before each document, says which one is read, and takes its time."""

    def __init__(self, numbers: Sequence[int], now_at: NowAt) -> None:
        self._numbers = iter(numbers)
        self._now_at = now_at
        self._since: tuple[float, int] | None = None
        self.worst = (0.0, 0)

    def __call__(self, place: int) -> None:
        if place < 0:
            self.stop()
            number = next(self._numbers)
            self._now_at(number)
            self._since = (time.process_time(), number)
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        if self._since is not None:
            began, number = self._since
            self.worst = max(self.worst, (time.process_time() - began, number))


def check(documents: Sequence[Document], scratch: "Scratch", now_at: NowAt) -> Told:
    """Everything that is to hold for a batch."""
    told = Told()
    try:
        first, told.worst_cpu = _read(documents, now_at)
    except Exception:  # noqa: BLE001  # which one raised is found out one by one
        documents = [one for one in documents if not _raises(one, told, now_at)]
        first, told.worst_cpu = _read(documents, now_at)
    again, _ = _read(documents[::-1], now_at)
    twice = zip(documents, _by_arrival(first), _by_arrival(again)[::-1], strict=True)
    for document, here, there in twice:
        faults = _faults(here)
        if here != there:
            faults.append("read twice it gives two readings")
        told.findings += [(document.number, fault) for fault in faults]
        told.outcomes[document.kind, _outcome(here)] += 1
    told.records = sum(reading.records for reading in first.readings)
    told.findings += [(documents[0].number, fault) for fault in scratch.write(first)]
    told.memory_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return told


def _read(documents: Sequence[Document], now_at: NowAt) -> tuple[Batch, tuple[float, int]]:
    arrivals = [Arrival(f"/{each.number}", each.data, is_mail=each.is_mail) for each in documents]
    watch = Watch([each.number for each in documents], now_at)
    free = resource.getrlimit(resource.RLIMIT_DATA)
    # While it reads, and not while it writes: the writer is in a process that is not bounded.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bound(), free[1]))
    try:
        batch = read_batch(arrivals, watch)
    finally:
        watch.stop()
        resource.setrlimit(resource.RLIMIT_DATA, free)
    return batch, watch.worst


def _raises(document: Document, told: Told, now_at: NowAt) -> bool:
    try:
        _read([document], now_at)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
        told.findings.append((document.number, f"{type(error).__name__}: {error}"[:300]))
        told.outcomes[document.kind, "raised"] += 1
        return True
    return False


def _by_arrival(batch: Batch) -> list[list[Reading]]:
    return [batch.readings[c.first : c.first + c.count] for c in batch.carriers]


def _faults(readings: Sequence[Reading]) -> list[str]:
    found = []
    for reading in readings:
        if reading.is_report == (reading.code is not None):
            found.append("neither a report nor refused, or both")
        if reading.code is not None and (reading.code not in CODES or not reading.reason):
            found.append(f"refused as {reading.code}, because {reading.reason}")
    return found


def _outcome(readings: Sequence[Reading]) -> str:
    """What the first document of an arrival became."""
    if not readings:
        return "no document"
    return readings[0].code or "read"


class Scratch:
    """A store to be thrown away, and what must be in it: rows by document and table."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self._folder.name) / "rua.duckdb")
        self._writer = Writer(self.store)
        self._run = Run("soak", datetime.now(UTC).replace(tzinfo=None))
        self._rows: dict[str, Counter[str]] = {}
        self.batches = 0

    def write(self, batch: Batch) -> list[str]:
        """Returns what is wrong with the counts."""
        self.batches += 1
        self._expect(batch)
        counts = self._writer.write(batch, self._run, None)
        parts = counts.stored + counts.duplicate + counts.conflict + counts.refused
        if counts.documents != parts or parts != len(batch.readings):
            return [f"{len(batch.readings)} documents were written, but {counts} counted"]
        return []

    def _expect(self, batch: Batch) -> None:
        tables = {
            name: Counter(table.column("leaf").to_pylist()) for name, table in batch.tables.items()
        }
        for leaf, reading in enumerate(batch.readings):
            rows = {name: leaves[leaf] for name, leaves in tables.items() if leaves[leaf]}
            # A document refused at first may be read when it comes again, in a mail that says more.
            if not self._rows.get(reading.sha256):
                self._rows[reading.sha256] = Counter(rows)

    def close(self) -> list[str]:
        """Compare what the store holds with what was read, and remove it."""
        faults = []
        placed = "select sha256, status from document join outcome using (document_id)"
        with self.store.read() as con:
            statuses = dict(con.execute(placed).fetchall())
            tables = sorted({name for rows in self._rows.values() for name in rows})
            found = {
                name: dict(con.execute(BY_DOCUMENT.format(name)).fetchall()) for name in tables
            }
        if statuses.keys() != self._rows.keys():
            faults.append(f"{len(self._rows)} documents read, {len(statuses)} in the store")
        for name in tables:
            expected = {
                sha256: rows[name]
                for sha256, rows in self._rows.items()
                if rows[name] and statuses[sha256] in ("stored", "conflict")
            }
            if found[name] != expected:
                faults.append(f"{name} holds other rows than were read")
        self._folder.cleanup()
        return faults


BY_DOCUMENT = "select sha256, count(*) from {} join document using (document_id) group by sha256"
