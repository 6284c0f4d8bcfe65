"""Reading in processes of our own, so that a crash or an overrun costs one document.

Each worker reads chunks of arrivals. When it dies (killed by its CPU timer, out of memory, a
fault in a C library) the chunk is read again mail by mail, and a mail that kills again document
by document; what kills a worker then is refused, and everything else is read. A broken
concurrent.futures pool would lose its whole queue.
"""

import contextlib
import queue
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from multiprocessing.connection import Connection, Pipe
from types import TracebackType
from typing import Self

from ingest.limits import CPU_SECONDS, MEMORY_BYTES, WALL_SECONDS
from ingest.reading import Batch, merged, read_batch
from ingest.sources import Arrival
from schemas.errors import LimitExceeded

__all__ = ["Readers", "serve"]

CHUNK = 50
Task = tuple[Sequence[Arrival], Future[Batch]]


class Readers:
    """A few supervised processes that read. Started at the first task; use as a context."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:  # nobody will ask for what is still queued
            with contextlib.suppress(queue.Empty):
                while True:
                    self._tasks.get_nowait()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, arrivals: Sequence[Arrival]) -> list[Future[Batch]]:
        """Have a batch read; its parts come in order."""
        if not self._threads:
            self._start()
        parts: list[Future[Batch]] = []
        for start in range(0, len(arrivals), CHUNK):
            future: Future[Batch] = Future()
            parts.append(future)
            self._tasks.put((arrivals[start : start + CHUNK], future))
        return parts

    def _start(self) -> None:
        for number in range(self._count):
            thread = threading.Thread(target=self._attend, name=f"reader-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _attend(self) -> None:
        """One thread for each process: hand it chunks, and start another when it dies."""
        worker = Worker()
        try:
            while (task := self._tasks.get()) is not None:
                arrivals, future = task
                try:
                    future.set_result(worker.read(arrivals))
                except BaseException as error:  # noqa: BLE001  # the asker gets it, whatever it is
                    future.set_exception(error)
        finally:
            worker.stop()


class Worker:
    """One reading process, restarted when it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def read(self, arrivals: Sequence[Arrival]) -> Batch:
        """All documents of the arrivals; those that kill the process are refused."""
        batch = self._ask(arrivals, {})
        if isinstance(batch, Batch):
            return batch
        return merged([self._read_carefully(arrival) for arrival in arrivals])

    def _read_carefully(self, arrival: Arrival) -> Batch:
        """One mail; a document in it that kills is named and passed over at the next try."""
        deadly: dict[int, str] = {}
        while True:
            answer = self._ask([arrival], deadly)
            if isinstance(answer, Batch):
                return answer
            place, reason = answer
            if place in deadly:
                raise RuntimeError(f"a document that was passed over killed a reader: {reason}")
            deadly[place] = reason

    def _ask(self, arrivals: Sequence[Arrival], deadly: dict[int, str]) -> Batch | tuple[int, str]:
        """The batch, or (place of the document, why) when the process died over it.

        The place is -1 when it died before the first document, in the mail's structure.
        """
        pipe = self._pipe or self._start()
        place = -1
        try:
            pipe.send((arrivals, deadly))
            while pipe.poll(WALL_SECONDS):
                answer = pipe.recv()
                if isinstance(answer, Batch):
                    return answer
                place = answer
            self._kill()
            return place, f"reading took more than {WALL_SECONDS} seconds"
        except (EOFError, ConnectionError):
            return place, self._cause_of_death()

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            handle = theirs.fileno()
            # -P: a folder named ingest where the user stands must not be imported instead.
            command = [sys.executable, "-P", "-m", "ingest.workers", str(handle)]
            self._process = subprocess.Popen(command, pass_fds=[handle])  # noqa: S603
        self._pipe = ours
        return ours

    def _cause_of_death(self) -> str:
        code = self.stop()
        if code == -signal.SIGPROF:
            return f"reading took more than {CPU_SECONDS} seconds of CPU"
        if code in (-signal.SIGKILL, MEMORY_EXIT):
            return f"reading took more than {MEMORY_BYTES} bytes of memory"
        return f"the reading process ended with {code}"

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self.stop()

    def stop(self) -> int:
        """End the process, by closing what it listens to; returns its exit status."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        code = self._process.wait() if self._process is not None else 0
        self._process = None
        return code


MEMORY_EXIT = 77


def serve(pipe: Connection) -> None:
    """The process: read chunks until the pipe closes. Limits hold for each document anew."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the parent's business
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            arrivals, deadly = pipe.recv()
            careful = len(arrivals) == 1
            try:
                batch = read_batch(arrivals, _Watch(pipe if careful else None, deadly))
            except MemoryError:
                sys.exit(MEMORY_EXIT)
            signal.setitimer(signal.ITIMER_PROF, 0)
            pipe.send(batch)


class _Watch:
    """Re-arms the CPU timer before each document, and says which one comes next."""

    def __init__(self, pipe: Connection | None, deadly: dict[int, str]) -> None:
        self._pipe = pipe
        self._deadly = deadly

    def __call__(self, place: int) -> LimitExceeded | None:
        """Called with -1 before a mail is taken apart, then with each document's place.

        What killed an earlier try is refused with the reason it had.
        """
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        if place in self._deadly:
            return LimitExceeded(self._deadly[place])
        if self._pipe is not None:
            self._pipe.send(place)
        return None


if __name__ == "__main__":
    with Connection(int(sys.argv[1])) as parent:
        serve(parent)
