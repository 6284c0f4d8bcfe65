"""One ingest: for every source, batch by batch, read, write, and only then settle."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingest.reading import Batch, read_batch
from ingest.sources import Arrival, Source
from ingest.writer import Counts, Run, Writer
from schemas.errors import SourceError

__all__ = ["Ingested", "ingest", "single_ingest"]

Progress = Callable[[str, Counts], None]


@dataclass(slots=True)
class Ingested:
    """What one ingest did: sums over its sources, and each source's problem."""

    counts: Counts = field(default_factory=Counts)
    problems: list[SourceError] = field(default_factory=list)
    seconds: float = 0


def ingest(
    sources: Sequence[Callable[[], Source]], writer: Writer, progress: Progress
) -> Ingested:
    """Work through all sources; one that fails is noted and does not hold up the others.

    Each source is made when its turn comes, so that only one session is open at a time.
    Raises StoreError, and whatever is no SourceError, after closing the source.
    """
    began = time.monotonic()
    done = Ingested()
    for make in sources:
        try:
            source = make()
        except SourceError as error:
            done.problems.append(error)
            continue
        with contextlib.closing(source):
            problem = _drain(source, writer, done.counts, progress)
        if problem is not None:
            done.problems.append(problem)
    done.seconds = round(time.monotonic() - began, 3)
    return done


def _drain(
    source: Source, writer: Writer, total: Counts, progress: Progress
) -> SourceError | None:
    run = Run(source.name, datetime.now(UTC).replace(tzinfo=None))
    problem: SourceError | None = None
    try:
        for arrivals in source.arrivals():
            counts = _take(arrivals, source, writer, run)
            total.add(counts)
            progress(source.name, total)
    except SourceError as error:
        problem, run.problem = error, str(error)
    writer.finish(run)
    return problem


def _take(arrivals: Sequence[Arrival], source: Source, writer: Writer, run: Run) -> Counts:
    batch: Batch = read_batch(arrivals)
    counts = writer.write(batch, run, source.ledger_name)
    # Only now: what has not been committed must stay where it can be fetched again.
    source.settle([carrier.key for carrier in batch.carriers if carrier.holds_report])
    return counts


@contextlib.contextmanager
def single_ingest(store: Path) -> Iterator[int | None]:
    """Yields None to the one ingest of the mailboxes of a store, to any other its PID or 0.

    Two cron runs at once would fetch the same mails twice, for nothing.
    """
    path = store.with_name(store.name + ".ingest")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read(20).strip()
            yield int(text) if text.isdigit() else 0
            return
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield None
