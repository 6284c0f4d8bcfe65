"""Reads in supervised processes, so that a crash or an overrun costs one document.

Each worker reads chunks of arrivals. When it dies (killed by its CPU timer, out of memory, a fault
in a C library), the chunk is read again mail by mail, and a mail that kills again document by
document. A document that kills then is refused, and everything else is read. Documents from the
store are read in the same way: one of them may have killed a worker before. A broken
concurrent.futures pool would lose its whole queue.
"""

import contextlib
import mmap
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from functools import cache
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from ingest.model.batch import Batch, Prover
from ingest.model.document import StoredDocument
from ingest.model.limits import (
    CHUNK_BYTES,
    CHUNK_MAILS,
    CPU_SECONDS,
    MEMORY_BYTES,
    MIB,
    WALL_SECONDS,
)
from ingest.model.proof import TRUST_NOBODY, Trust
from ingest.model.source import Arrival
from ingest.verify.authenticity import prove
from ingest.workers.backpressure import Backpressure
from ingest.workers.ipc import Announced, receive, send
from ingest.workers.read import merged, read_batch, read_stored, unread, unread_stored
from ingest.workers.signals import block_signals
from schemas.errors import LimitExceeded, ReaderFailed, Refusal

__all__ = ["ALLOCATION", "Part", "Readers", "memory_bound", "serve", "size_of"]

READING_BYTES = 2048  # of a reading, its mail and its header, beside its document
INTERRUPT_SECONDS = 0.5  # that a reading process has after an interrupt
OUT_OF_MEMORY = 71  # EX_OSERR of sysexits.h
# Arrow's own allocator reserves a gigabyte at once, and threads of linear algebra their stacks,
# which would use up any memory limit.
ALLOCATION = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1"}
Items = Sequence[Arrival] | Sequence[StoredDocument]


class Part:
    """A chunk that is being read. Take the parts in the order in which they were submitted."""

    def __init__(self, items: Items, trust: Trust, pressure: Backpressure) -> None:
        self.items, self.trust = items, trust
        self.answer: Future[Batch] = Future()
        self._pressure = pressure
        self.ordinal = pressure.next_ordinal()

    def result(self, timeout: float | None = None) -> Batch:
        """The batch; raises what reading it raised. More can be read then."""
        batch = self.answer.result(timeout)
        self._pressure.take(self.ordinal)
        return batch

    def drop(self) -> None:
        """It will not be taken, and if it was not read yet, it never is."""
        self._pressure.take(self.ordinal)


class Readers:
    """A few supervised processes that read. Started at the first task; use as a context."""

    def __init__(self, count: int, *, cpu_seconds: float = CPU_SECONDS) -> None:
        self._count = count
        self._cpu_seconds = cpu_seconds
        self._tasks: queue.SimpleQueue[Part | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._pressure = Backpressure()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:  # the queue is not needed any more
            with contextlib.suppress(queue.Empty):
                while True:
                    self._tasks.get_nowait()
        self._pressure.close()
        for _ in self._threads:
            self._tasks.put(None)
        # An interrupt waits for no document; a reading process ends when its pipe closes.
        is_interrupt = kind is not None and not issubclass(kind, Exception)
        for thread in self._threads:
            thread.join(INTERRUPT_SECONDS if is_interrupt else None)

    def submit(self, items: Items, trust: Trust = TRUST_NOBODY) -> list[Part]:
        """Have mails, files or stored documents read; the parts come in order.

        `trust` says which checks decide whether the mails are genuine.
        """
        if not self._threads:
            self._start()
        parts = [Part(chunk, trust, self._pressure) for chunk in _chunks(items)]
        for part in parts:
            self._tasks.put(part)
        return parts

    def _start(self) -> None:
        for number in range(self._count):
            thread = threading.Thread(target=self._attend, name=f"reader-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _attend(self) -> None:
        """The thread of one process: give it chunks, and start another process when it dies."""
        block_signals()  # in the process, too: a signal would look as if its document had killed it
        worker = Worker(self._cpu_seconds)
        try:
            while (part := self._tasks.get()) is not None:
                self._answer(worker, part)
                del part  # free it while waiting for the next one
        finally:
            worker.stop()

    def _answer(self, worker: "Worker", part: Part) -> None:
        self._pressure.wait(part.ordinal)
        if self._pressure.is_dropped(part.ordinal):
            return
        try:
            batch = worker.read(part.items, part.trust)
            self._pressure.add(part.ordinal, size_of(batch))
            part.answer.set_result(batch)
        except BaseException as error:  # noqa: BLE001  # result() raises it, whatever it is
            part.answer.set_exception(error)


def _raw_size(item: Arrival | StoredDocument) -> int:
    return len(item.data if isinstance(item, StoredDocument) else item.raw)


def _chunks(items: Items) -> Iterator[Items]:
    start = size = 0
    each: Sequence[Arrival | StoredDocument] = items
    for n, item in enumerate(each):
        more = _raw_size(item)
        if n > start and (n - start == CHUNK_MAILS or size + more > CHUNK_BYTES):
            yield items[start:n]
            start, size = n, 0
        size += more
    if items:
        yield items[start:]


def size_of(batch: Batch) -> int:
    """The approximate size of a batch in bytes."""
    rows = sum(table.nbytes for table in batch.tables.values())
    return int(rows) + sum(len(reading.data) + READING_BYTES for reading in batch.readings)


class Worker:
    """One reading process, restarted when it dies."""

    def __init__(self, cpu_seconds: float = CPU_SECONDS) -> None:
        self._cpu_seconds = cpu_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def read(self, items: Items, trust: Trust = TRUST_NOBODY) -> Batch:
        """All documents of the items; those that kill the process are refused."""
        batch = self._ask(items, trust, {})
        if isinstance(batch, Batch):
            return batch
        each = [items[n : n + 1] for n in range(len(items))]
        return merged([self._read_carefully(item, trust) for item in each])

    def _read_carefully(self, item: Items, trust: Trust) -> Batch:
        """One mail; a document in it that kills is skipped at the next try."""
        deadly: dict[int, Refusal] = {}
        while True:
            answer = self._ask(item, trust, deadly)
            if isinstance(answer, Batch):
                return answer
            ordinal, refusal = answer
            if ordinal in deadly:  # the mail itself kills
                return _unread(item, refusal)
            deadly[ordinal] = refusal

    def _ask(
        self, items: Items, trust: Trust, deadly: dict[int, Refusal]
    ) -> Batch | tuple[int, Refusal]:
        """The batch, or (ordinal of the document, why) if the process failed or died over it.

        The ordinal is -1 if it died before the first document, in the mail's structure.
        """
        pipe = self._pipe or self._start()
        ordinal = -1
        try:
            pipe.send((items, trust, deadly))
            while pipe.poll(WALL_SECONDS):
                answer = pipe.recv()
                if isinstance(answer, Announced):
                    return receive(answer, pipe)
                if isinstance(answer, Refusal):
                    return ordinal, answer
                ordinal = answer
            self._kill()
            return ordinal, LimitExceeded(f"reading took more than {WALL_SECONDS} seconds")
        except (EOFError, ConnectionError):
            return ordinal, self._cause_of_death()

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            handle = theirs.fileno()
            # -P: a folder named ingest in the working directory must not be imported instead.
            arguments = (str(handle), str(self._cpu_seconds))
            command = [sys.executable, "-P", "-m", "ingest.workers.pool", *arguments]
            env = os.environ | ALLOCATION
            self._process = subprocess.Popen(command, pass_fds=[handle], env=env)  # noqa: S603
        self._pipe = ours
        try:
            ours.recv()
        except (EOFError, ConnectionError):
            # It has read nothing yet, so no document caused it, and none may be refused.
            code = self.stop()
            raise RuntimeError(f"a reading process does not start: exit status {code}") from None
        return ours

    def _cause_of_death(self) -> Refusal:
        code = self.stop()
        if code == -signal.SIGPROF:
            return LimitExceeded(f"reading took more than {self._cpu_seconds:g} s of CPU")
        # A library without memory ends the process where Python raises MemoryError.
        if code in (OUT_OF_MEMORY, -signal.SIGABRT):
            return LimitExceeded(f"reading took more than {MEMORY_BYTES // MIB} MiB of memory")
        if code == -signal.SIGKILL:  # from the kernel, out of memory
            return LimitExceeded("reading took more memory than the machine has")
        return ReaderFailed(f"the reading process ended with {code}")

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self.stop()

    def stop(self) -> int:
        """End the process by closing its pipe; returns its exit status."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        code = self._process.wait() if self._process is not None else 0
        self._process = None
        return code


def _unread(item: Items, refusal: Refusal) -> Batch:
    first = item[0]
    if isinstance(first, StoredDocument):
        return unread_stored(first, refusal)
    return unread(first, refusal)


def serve(pipe: Connection, cpu_seconds: float) -> int:
    """The process: read chunks until the pipe closes. Limits hold for each document by itself.

    Returns the exit status. The process ends when memory runs out, so that the memory of one
    document never depends on those before it.
    """
    most = memory_bound()
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    try:
        pipe.send(os.getpid())
        while True:
            items, trust, deadly = pipe.recv()
            watch = _Watch(pipe if len(items) == 1 else None, cpu_seconds, deadly)
            answer = _read(items, watch, _prover(trust))
            if isinstance(answer, Refusal):
                pipe.send(answer)
            else:
                send(answer, pipe)
    except (EOFError, ConnectionError):
        return 0
    except MemoryError:
        return OUT_OF_MEMORY


def memory_bound() -> int:
    """Bytes of data that this process may have: its present data, and MEMORY_BYTES.

    Data do not include code: a shared library may have any size.
    """
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    return pages * mmap.PAGESIZE + MEMORY_BYTES


@cache
def _prover(trust: Trust) -> Prover:
    """How this process verifies mails; it caches the keys from DNS."""
    check = None
    if trust.check_dkim:
        from ingest.verify.dkim import DkimChecker  # only for mailboxes that need it

        check = DkimChecker(trust.nameservers, timeout=trust.timeout)
    return lambda fields, raw: prove(fields, raw, trust, check)


def _read(items: Items, watch: "_Watch", prover: Prover) -> Batch | Refusal:
    try:
        if isinstance(items[0], StoredDocument):
            return read_stored(cast(Sequence[StoredDocument], items), watch)
        return read_batch(cast(Sequence[Arrival], items), watch, prover)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # the top of the loop: recorded, and the run goes on
        return ReaderFailed(f"rua failed to read it: {type(error).__name__}: {error}"[:500])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class _Watch:
    """Restarts the CPU timer before each document, and announces its ordinal."""

    def __init__(
        self, pipe: Connection | None, cpu_seconds: float, deadly: dict[int, Refusal]
    ) -> None:
        self._pipe = pipe
        self._cpu_seconds = cpu_seconds
        self._deadly = deadly

    def __call__(self, ordinal: int) -> Refusal | None:
        """Called with -1 before a mail is parsed, then with each document's ordinal.

        A document that killed an earlier try is refused for the same reason.
        """
        signal.setitimer(signal.ITIMER_PROF, self._cpu_seconds)
        if self._pipe is not None:
            self._pipe.send(ordinal)
        return self._deadly.get(ordinal)


class _NoPandas:
    """Hides pandas: pyarrow would load it at the first array only to see that a list is no Series,
    which takes a quarter of a second and 40 MB of each process."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


if __name__ == "__main__":
    sys.meta_path.insert(0, _NoPandas)
    with Connection(int(sys.argv[1])) as parent:
        status = serve(parent, float(sys.argv[2]))
    os._exit(status)  # nothing is open, and unloading all modules takes as long as a report
