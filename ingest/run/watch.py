"""Watching mailboxes: read what is there, wait for more, come back after a failure.

A thread for each mailbox, since each waits on a connection of its own. One of them at a time
takes its turn, so that the processes that read and the transactions are those of one ingest;
connecting and waiting, the two that a server can drag out, are done outside of it. One thread more
asks for the names of new addresses, so that DNS holds up no mailbox.

Whoever calls run() does nothing but wait for the end, and hears the signals: every other thread has
them blocked, since Python runs their handlers in the main thread alone, and nothing would wake that
from its waiting when another one took the signal.
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
STEADY_SECONDS = 60.0  # a connection that stood so long was none of a series of failures
REFUSED_SECONDS = 3600.0  # oftener, wrong logins may lock the account
WRITTEN_SECONDS = 1800.0  # turns that find nothing are written down this often
NAMED_SECONDS = 600.0  # names of addresses are asked for at most this often
GRACE_SECONDS = 10.0  # for a server to answer, once the watch ends
LOCKED_SECONDS = 5.0  # for others to leave the store
COMMIT_SECONDS = 30.0  # and then for a transaction in hand
LOOK_SECONDS = 1.0  # between two looks whether a signal came

LEFT = (
    f"rua: a transaction has not ended within {COMMIT_SECONDS:g} seconds and is given up; nothing "
    "is lost: the next run reads again what it held"
)

# What does not pass by waiting: somebody has to do something.
LASTING = (CertificateUntrusted, ConfigError, EncryptionRefused, FolderMissing, LoginRefused)

Say = Callable[[str], None]


class Watched(Source, Protocol):
    """A source that can wait."""

    def open(self) -> None:
        """Connect, or look anew. Raises SourceError."""

    def wait(self, stopping: Callable[[], bool]) -> None:
        """Return when mail may have come, or soon after stopping() is true. Raises SourceError."""


def pauses() -> Iterator[float]:
    """Seconds to wait before each next try: twice as long each time, and never in step."""
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
        """End soon; a transaction in hand is finished first. A signal handler may call this."""
        self._ends.put(None)

    def stops_within(self, seconds: float) -> bool:
        """Whether stop() was called, at the latest after so many seconds."""
        try:
            self._ends.get(timeout=seconds)
        except queue.Empty:
            return False
        return True

    def run(self) -> Ingested:
        """Raises what made an end to it: StoreError, or the last mailbox's LASTING error."""
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
            # Who still waits for a server is left behind, without a transaction.
            if not self.writer.shut(COMMIT_SECONDS):
                self.say(LEFT)
            self.done.seconds = round(time.monotonic() - began, 3)
        if end is not None:
            raise end
        return self.done

    def _end(self) -> BaseException | None:
        """Wait for it. Never in one piece: a signal that another thread took, one of a library's
        own, or that came just before the waiting began, wakes nobody; its handler runs between
        two looks."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._ends.get(timeout=LOOK_SECONDS)

    def refuse(self, name: str, error: RuaError) -> None:
        """Note that a mailbox cannot be read until somebody does something."""
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
        """Ask for the names of addresses whenever a turn has stored something."""
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
        """Let nobody begin any more; whether what was begun ended within so many seconds."""
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
        self._written_at = -WRITTEN_SECONDS
        self._told: set[str] = set()

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
        is_quiet = began - self._written_at < WRITTEN_SECONDS
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
        self._written_at = self._written_at if is_quiet else began
        for problem in self._source.problems:
            if problem not in self._told:
                self._told.add(problem)
                watch.say(f"rua: {problem}")

    def _failed(self, error: RuaError, *, is_waiting: bool) -> None:
        """Wait a while, and say once that the mailbox is lost."""
        if self._stopping():
            return
        if self._opened_at and time.monotonic() - self._opened_at > STEADY_SECONDS:
            self._pauses, self._failures = pauses(), 0
        self._failures += 1
        # Servers end idle connections as they like; one that can be made again is not lost.
        if not self._is_lost and (self._failures > 1 or not is_waiting):
            self._is_lost = True
            self._watch.say(f"rua: {error}; trying again")
            self._write_down(error)
        self._pause(next(self._pauses))

    def _refused(self, error: RuaError) -> None:
        self._watch.refuse(self._source.name, error)
        self._write_down(error)
        self._is_lost = True
        self._pause(REFUSED_SECONDS)

    def _write_down(self, error: RuaError) -> None:
        if isinstance(error, StoreLocked):
            return
        with contextlib.suppress(StoreLocked):  # it was said, and is no reason to end
            self._watch.writer.finish(Run(self._source.name, now(), problem=str(error)))

    def _pause(self, seconds: float) -> None:
        self._source.close()
        self._opened_at = 0.0
        self._watch.stopping.wait(seconds)
