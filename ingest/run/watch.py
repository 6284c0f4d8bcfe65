"""Watches mailboxes: reads what is there, waits for more, and reconnects after a failure.

Each mailbox has a thread, because each waits on a connection of its own. One thread at a time takes
its turn, so that reading processes and transactions are those of one ingest; connecting and
waiting, which a slow server can prolong, are done outside of the turn. One more thread looks up the
host names of new addresses, so that DNS delays no mailbox.

The thread that calls run() only waits for the end and handles signals. Every other thread blocks
them: Python runs handlers in the main thread alone, and a signal that another thread took would not
wake it.
"""

import contextlib
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ingest.load.writer import Writer
from ingest.model.batch import Batch
from ingest.model.clock import now
from ingest.model.limits import QUARANTINE_BYTES
from ingest.model.proof import Trust
from ingest.model.ptr import PtrAnswer
from ingest.model.run import Counts, Run
from ingest.model.source import Source
from ingest.run.pipeline import Ingested, Planned, Progress, Turn
from ingest.run.reverse_dns import name_sources
from ingest.workers.pool import Readers
from ingest.workers.signals import block_signals
from schemas.config.settings import Dns
from schemas.errors import (
    CertificateUntrusted,
    ConfigError,
    EncryptionRefused,
    FolderMissing,
    LoginRefused,
    RuaError,
    SourceError,
    StoreLocked,
)
from schemas.store.store import Store

__all__ = ["Say", "Watch", "Watched", "pauses"]

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 300.0  # between two tries
STEADY_SECONDS = 60.0  # a connection that lasted longer ends a series of failures
REFUSED_SECONDS = 3600.0  # more frequent wrong logins may lock the account
RECORDED_SECONDS = 1800.0  # turns that find nothing get a row in the store this often
NAMED_SECONDS = 600.0  # host names are looked up at most this often
GRACE_SECONDS = 10.0  # for a server to answer, once the watch ends
LOCKED_SECONDS = 5.0  # for other processes to release the store
COMMIT_SECONDS = 30.0  # then for an open transaction
LOOK_SECONDS = 1.0  # between two checks for a signal

ABANDONED = (
    f"rua: a transaction did not end within {COMMIT_SECONDS:g} seconds and is abandoned; "
    "nothing is lost: the next run reads its mails again"
)

# Errors that waiting does not solve: somebody has to act.
LASTING = (CertificateUntrusted, ConfigError, EncryptionRefused, FolderMissing, LoginRefused)

Say = Callable[[str], None]


class Watched(Source, Protocol):
    """A source that can wait."""

    def open(self) -> None:
        """Connect, or select the folder again. Raises SourceError."""

    def wait(self, stopping: Callable[[], bool]) -> None:
        """Wait until mail may have arrived or stopping() is true. Raises SourceError."""


def pauses() -> Iterator[float]:
    """Seconds to wait before each next try: doubled each time, and random."""
    longest = FIRST_SECONDS
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311  # no secret
        longest = min(2 * longest, LONGEST_SECONDS)


class Watch:
    """The planned mailboxes. run() returns after stop(), and raises when none can be read."""

    def __init__(
        self,
        mailboxes: Sequence[Planned[Watched]],
        store: Store,
        workers: int,
        progress: Progress,
        say: Say,
        dns: Dns,
        quarantine_budget: int = QUARANTINE_BYTES,
    ) -> None:
        self.done = Ingested()
        self.workers, self.progress, self.say = workers, progress, say
        self._latest = math.inf
        self._store = store.until(lambda: self._latest)
        self.writer = _GatedWriter(self._store, quarantine_budget)
        self.turn = threading.Lock()
        self.stopping = threading.Event()
        self.stored = threading.Event()
        self._dns = dns
        self._refused: set[str] = set()
        self._mailboxes = mailboxes
        # SimpleQueue: its put() may be called in a signal handler.
        self._ends: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def stop(self) -> None:
        """End soon; an open transaction is finished first. A signal handler may call this."""
        self._ends.put(None)

    def stops_within(self, seconds: float) -> bool:
        """Wait for stop(), at most so many seconds; whether it was called."""
        try:
            self._ends.get(timeout=seconds)
        except queue.Empty:
            return False
        return True

    def run(self) -> Ingested:
        """Raises the error that ended it: StoreError, or the last mailbox's LASTING error."""
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._attend, args=(m,), daemon=True) for m in self._mailboxes
        ]
        threads.append(threading.Thread(target=self._name, daemon=True))
        for thread in threads:
            thread.start()
        try:
            end = self._end()
        finally:
            self._latest = time.monotonic() + LOCKED_SECONDS
            self.stopping.set()
            self.stored.set()
            deadline = time.monotonic() + GRACE_SECONDS
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
            # A thread that still waits for a server is abandoned, without a transaction.
            if not self.writer.shut(COMMIT_SECONDS):
                self.say(ABANDONED)
            self.done.seconds = round(time.monotonic() - began, 3)
        if end is not None:
            raise end
        return self.done

    def _end(self) -> BaseException | None:
        """Wait for the end in short intervals: a signal that a library's thread took, or that came
        just before the wait, does not end the wait; its handler runs between two intervals."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._ends.get(timeout=LOOK_SECONDS)

    def refuse(self, name: str, error: RuaError) -> None:
        """Note that a mailbox cannot be read until somebody acts."""
        self._refused.add(name)
        if len(self._refused) == len(self._mailboxes):
            self._ends.put(error)
        else:
            self.say(f"rua: {error}")

    def accept(self, name: str) -> None:
        self._refused.discard(name)

    def _attend(self, planned: Planned[Watched]) -> None:
        block_signals()
        try:
            with contextlib.closing(planned.make()) as source:
                _Mailbox(source, planned.trust, self).attend()
        except BaseException as error:  # noqa: BLE001  # the thread's top: run() raises it
            self._ends.put(error)

    def _name(self) -> None:
        """Look up host names whenever a turn has stored reports."""
        block_signals()
        try:
            while True:
                self.stored.wait()
                self.stored.clear()
                if self.stopping.is_set():
                    return
                stopping = self.stopping.is_set
                name_sources(self._store, self.writer, self._dns, self.say, stopping=stopping)
                if self.stopping.wait(NAMED_SECONDS):
                    return
        except BaseException as error:  # noqa: BLE001  # the thread's top: run() raises it
            self._ends.put(error)


class _GatedWriter(Writer):
    """The writer of all threads: one transaction at a time, and none once it is shut."""

    def __init__(self, store: Store, quarantine_budget: int) -> None:
        super().__init__(store, quarantine_budget)
        self._gate = threading.Lock()

    def write(self, batch: Batch, run: Run, ledger_name: str | None) -> Counts:
        with self._gate:
            return super().write(batch, run, ledger_name)

    def finish(self, run: Run) -> None:
        with self._gate:
            super().finish(run)

    def write_names(self, answers: Sequence[PtrAnswer]) -> None:
        with self._gate:
            super().write_names(answers)

    def shut(self, seconds: float) -> bool:
        """Allow no more transactions; whether the open one ended within so many seconds."""
        return self._gate.acquire(timeout=seconds)


class _Mailbox:
    """One mailbox's thread."""

    def __init__(self, source: Watched, trust: Trust, watch: Watch) -> None:
        self._source, self._trust, self._watch = source, trust, watch
        self._stopping = watch.stopping.is_set
        self._pauses = pauses()
        self._is_lost = False
        self._failures = 0
        self._opened_at = 0.0
        self._recorded_at = -RECORDED_SECONDS
        self._said: set[str] = set()

    def attend(self) -> None:
        while not self._stopping():
            is_waiting = False
            try:
                self._take_turn()
                is_waiting = True
                self._source.wait(self._stopping)
            except LASTING as error:
                self._refused(error)
            except (SourceError, StoreLocked) as error:
                self._failed(error, is_waiting=is_waiting)

    def _take_turn(self) -> None:
        self._source.open()
        self._opened_at = self._opened_at or time.monotonic()
        with self._watch.turn:
            if self._stopping():
                return
            self._ingest()
        self._watch.accept(self._source.name)
        if self._is_lost:
            self._is_lost = False
            self._watch.say(f'rua: mailbox "{self._source.name}" is back')

    def _ingest(self) -> None:
        watch, began = self._watch, time.monotonic()
        is_quiet = began - self._recorded_at < RECORDED_SECONDS
        with Readers(watch.workers) as readers:
            turn = Turn(
                self._source,
                self._trust,
                watch.writer,
                readers,
                watch.done,
                watch.progress,
                stopping=self._stopping,
                is_quiet=is_quiet,
            )
            before = watch.done.counts.stored
            try:
                turn.run()
            finally:
                if watch.done.counts.stored > before:
                    watch.stored.set()
        self._recorded_at = self._recorded_at if is_quiet else began
        for problem in self._source.problems:
            if problem not in self._said:
                self._said.add(problem)
                watch.say(f"rua: {problem}")

    def _failed(self, error: RuaError, *, is_waiting: bool) -> None:
        """Say once that the mailbox is lost, and wait before the next try."""
        if self._stopping():
            return
        if self._opened_at and time.monotonic() - self._opened_at > STEADY_SECONDS:
            self._pauses, self._failures = pauses(), 0
        self._failures += 1
        # Servers end idle connections; a mailbox that opens again is not lost.
        if not self._is_lost and (self._failures > 1 or not is_waiting):
            self._is_lost = True
            self._watch.say(f"rua: {error}; trying again")
            self._record(error)
        self._pause(next(self._pauses))

    def _refused(self, error: RuaError) -> None:
        self._watch.refuse(self._source.name, error)
        self._record(error)
        self._is_lost = True
        self._pause(REFUSED_SECONDS)

    def _record(self, error: RuaError) -> None:
        if isinstance(error, StoreLocked):
            return
        # The error was said, and a locked store is no reason to end.
        with contextlib.suppress(StoreLocked):
            self._watch.writer.finish(Run(self._source.name, now(), problem=str(error)))

    def _pause(self, seconds: float) -> None:
        self._source.close()
        self._opened_at = 0.0
        self._watch.stopping.wait(seconds)
