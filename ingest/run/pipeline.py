"""One ingest: for every source read, write, and only then settle.

Other processes read ahead while a group of mails is written: a transaction costs about the same
for one mail as for hundreds.
"""

import contextlib
import fcntl
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from ingest.load.writer import Writer
from ingest.model.batch import Batch
from ingest.model.clock import now
from ingest.model.limits import GROUP_BYTES
from ingest.model.proof import TRUST_NOBODY, Trust
from ingest.model.run import Counts, Run
from ingest.model.source import Arrival, Source
from ingest.workers.pool import Part, Readers, size_of
from ingest.workers.read import merged
from schemas.errors import ConfigError, SourceError, StoreError

__all__ = ["Ingested", "Planned", "Progress", "Turn", "ingest", "next_group", "single_ingest"]

Progress = Callable[[str, Counts], None]

GROUP_MAILS = 1000  # at most
FEWEST_MAILS = 50
LOCKED_SECONDS = 0.35  # that a commit may keep readers out; it decides the size of a group
AHEAD_MAILS = 2 * GROUP_MAILS
RAW_BYTES = 64 * 1024 * 1024  # of mails that are submitted for reading
LONGEST_WAIT = 10  # seconds until fetched mails are written, however slow the server is


@dataclass(slots=True)
class Ingested:
    """What one ingest did: sums over its sources, their errors, and the mails it skipped."""

    counts: Counts = field(default_factory=Counts)
    problems: list[SourceError | ConfigError] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0


Source_co = TypeVar("Source_co", bound=Source, covariant=True)


@dataclass(frozen=True, slots=True)
class Planned(Generic[Source_co]):
    """A source that is made when its turn comes, so that only one session is open.

    `trust` says which checks decide whether its mails are genuine.
    """

    make: Callable[[], Source_co]
    trust: Trust = TRUST_NOBODY


def ingest(
    sources: Sequence[Planned[Source]], writer: Writer, workers: int, progress: Progress
) -> Ingested:
    """Read all sources; one that fails is noted, and the others are read.

    Raises StoreError and all others but SourceError and ConfigError, after closing the source.
    """
    began = time.monotonic()
    done = Ingested()
    with Readers(workers) as readers:
        for planned in sources:
            try:
                with contextlib.closing(planned.make()) as source:
                    Turn(source, planned.trust, writer, readers, done, progress).run()
                    done.skipped.extend(source.problems)
            except (SourceError, ConfigError) as error:
                done.problems.append(error)
    done.seconds = round(time.monotonic() - began, 3)
    return done


@dataclass(slots=True)
class _Ahead:
    """A batch that is being read."""

    mails: int
    size: int
    since: float
    parts: list[Part]


class Turn:
    """One source's part of an ingest.

    It ends early, between two transactions, once stopping() is true. With `is_quiet`, a turn that
    stores nothing gets no row as a run.
    """

    def __init__(
        self,
        source: Source,
        trust: Trust,
        writer: Writer,
        readers: Readers,
        done: Ingested,
        progress: Progress,
        *,
        stopping: Callable[[], bool] = lambda: False,
        is_quiet: bool = False,
    ) -> None:
        self._source = source
        self._trust = trust
        self._writer = writer
        self._readers = readers
        self._done = done
        self._progress = progress
        self._stopping = stopping
        self._is_quiet = is_quiet
        self._ahead: deque[_Ahead] = deque()
        self._group = GROUP_MAILS // 2
        self._run = Run(source.name, now())

    def run(self) -> None:
        """Read everything the source has. A SourceError is stored with the run, then raised."""
        try:
            for arrivals in self._source.arrivals():
                self._read_ahead(arrivals)
                while self._is_full() and not self._stopping():
                    self._write_group()
                if self._stopping():
                    break
            while self._ahead and not self._stopping():
                self._write_group()
        except (SourceError, ConfigError) as error:
            self._run.problem = str(error)
            self._finish()
            raise
        finally:
            # Parts that are not taken any more must not make those of other sources wait.
            for each in self._ahead:
                for part in each.parts:
                    part.drop()
        self._finish()

    def _finish(self) -> None:
        if self._run.run_id is not None or not self._is_quiet:
            self._writer.finish(self._run)

    def _read_ahead(self, arrivals: Sequence[Arrival]) -> None:
        size = sum(len(arrival.raw) for arrival in arrivals)
        parts = self._readers.submit(arrivals, self._trust)
        self._ahead.append(_Ahead(len(arrivals), size, time.monotonic(), parts))

    def _is_full(self) -> bool:
        if not self._ahead:
            return False
        waited = time.monotonic() - self._ahead[0].since
        return (
            sum(each.mails for each in self._ahead) >= AHEAD_MAILS
            or sum(each.size for each in self._ahead) >= RAW_BYTES
            or waited >= LONGEST_WAIT
        )

    def _write_group(self) -> None:
        """Commit the oldest batches, some hundred mails, and settle them."""
        parts: list[Batch] = []
        mails = size = 0
        while self._ahead and mails < self._group and size < GROUP_BYTES:
            oldest = self._ahead[0]
            part = oldest.parts.pop(0).result()
            parts.append(part)
            mails += len(part.carriers)
            size += size_of(part)
            if not oldest.parts:
                self._ahead.popleft()
        batch = merged(parts)
        batch, deferred = self._writer.within_budget(batch)
        counts = self._writer.write(batch, self._run, self._source.ledger_name)
        self._group = next_group(self._group, mails, self._writer.locked_seconds)
        if deferred:
            counts.put_off = len(deferred)
            self._run.counts.put_off += len(deferred)
            self._source.defer([each.key for each in deferred])
        self._done.counts.add(counts)
        self._progress(self._source.name, self._done.counts)
        # Only now: mails that are not committed must stay where they can be fetched again.
        self._source.settle([each.key for each in batch.carriers if each.holds_report])


def next_group(group: int, mails: int, seconds: float) -> int:
    """How many mails to commit at once, after `mails` of a `group` locked the store for so many
    seconds. A small group that was fast does not raise it: each commit has a cost of its own."""
    fitting = int(mails * LOCKED_SECONDS / seconds) if seconds else GROUP_MAILS
    if seconds > LOCKED_SECONDS:
        return min(group, max(fitting, FEWEST_MAILS))
    return min(fitting, 2 * group, GROUP_MAILS) if mails >= group else group


@contextlib.contextmanager
def single_ingest(store: Path) -> Iterator[int | None]:
    """Yields None to the only ingest of a store's mailboxes, to any other that one's PID or 0.

    Two cron runs at once would fetch the same mails twice. Raises StoreError.
    """
    path = store.with_name(store.name + ".ingest")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(
            f"the lock file cannot be opened: {error.strerror}",
            where=str(path),
            todo="the folder of the store must be writable",
        ) from None
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
