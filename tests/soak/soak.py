"""Feeds fuzzed documents to the readers, in as many processes as asked, and counts what comes.

    python -m tests.soak.soak --documents 1000000 --write docs/soak.md
    python -m tests.soak.soak --only 4711        shows one document of the same seed and its reading

Each process reads batches of its own under the limits of a reading process. When a document
kills it, that is a finding, and another process goes on behind it.
"""

import argparse
import dataclasses
import json
import math
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from ingest.workers.pool import ALLOCATION
from tests.soak.soak_check import Scratch, Told, check
from tests.soak.soak_documents import make_document
from tests.soak.soak_report import describe, write

__all__ = ["Share", "run_share", "soak"]

BATCH = 500
STORE_BATCHES = 20  # written into one scratch store
DEATHS = 100  # of one share; then it is given up


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """The batches of one process: from `batch` on every `step`th, below `total` documents."""

    seed: int
    total: int
    batch: int
    step: int
    until: float = math.inf  # seconds since the epoch
    skipped: tuple[int, ...] = ()


def run_share(share: Share, place: mmap.mmap) -> None:
    """The process: a line of JSON for each batch. `place` says which document is being read."""
    scratch = Scratch()
    last = -(-share.total // BATCH)
    for batch in range(share.batch, last, share.step):
        numbers = range(batch * BATCH, min(share.total, (batch + 1) * BATCH))
        made = [make_document(share.seed, n) for n in numbers if n not in share.skipped]
        told = check(made, scratch, lambda number: struct.pack_into("q", place, 0, number))
        is_last = batch + share.step >= last or time.time() > share.until
        if scratch.batches == STORE_BATCHES or is_last:
            told.findings += [(made[0].number, fault) for fault in scratch.close()]
            scratch = Scratch()
        struct.pack_into("q", place, 0, -1)
        _print({"batch": batch, **_as_json(told)})
        if is_last:
            break


def _print(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _as_json(told: Told) -> dict[str, object]:
    outcomes = [[*key, count] for key, count in told.outcomes.items()]
    return {**dataclasses.asdict(told), "outcomes": outcomes}


def _from_json(line: dict[str, list[list[object]]]) -> Told:
    values = {each.name: line[each.name] for each in dataclasses.fields(Told)}
    counts = Counter({(str(k), str(o)): int(str(n)) for k, o, n in line["outcomes"]})
    told = Told(**{**values, "outcomes": counts})  # type: ignore[arg-type]
    told.worst_cpu = (float(told.worst_cpu[0]), int(told.worst_cpu[1]))
    told.findings = [(number, fault) for number, fault in told.findings]
    return told


class Soak:
    """All shares at once; `told` is the sum of what they tell."""

    def __init__(self, seed: int, total: int, processes: int, until: float) -> None:
        self._shares = [Share(seed, total, n, processes, until) for n in range(processes)]
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._said = 0.0
        self.told = Told()

    def run(self) -> None:
        threads = [threading.Thread(target=self._attend, args=(each,)) for each in self._shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.seconds = time.monotonic() - self._began

    def _attend(self, share: Share) -> None:
        """One share to its end, in one process after another where documents kill it."""
        with tempfile.TemporaryFile() as file:
            file.truncate(8)
            place = mmap.mmap(file.fileno(), 8)
            for _ in range(DEATHS):
                struct.pack_into("q", place, 0, -1)
                status, batch = self._follow(share, file.fileno())
                if status == 0:
                    return
                (number,) = struct.unpack_from("q", place, 0)
                fault = f"ends the process with {status}"
                self._add(Told(findings=[(number, fault)]))
                skipped = (*share.skipped, number)
                share = dataclasses.replace(share, batch=batch, skipped=skipped)

    def _follow(self, share: Share, handle: int) -> tuple[int, int]:
        """(exit status, the batch that is not done yet)."""
        words = json.dumps(dataclasses.asdict(share))
        command = [sys.executable, "-m", "tests.soak.soak", "--share", words, str(handle)]
        env = os.environ | ALLOCATION
        batch = share.batch
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, pass_fds=[handle], env=env, text=True
        ) as process:
            for text in process.stdout or ():
                line = json.loads(text)
                batch = line["batch"] + share.step
                self._add(_from_json(line))
        return process.returncode, batch

    def _add(self, told: Told) -> None:
        with self._lock:
            self.told.add(told)
            for number, fault in told.findings:
                sys.stderr.write(f"document {number}: {fault}\n")
            done, now = self.told.outcomes.total(), time.monotonic()
            if now - self._said > 10:
                self._said = now
                sys.stderr.write(f"{done} documents, {done / (now - self._began):.0f} a second\n")


def show(seed: int, number: int) -> None:
    """One document, its bytes to stdout; what it is read as to stderr."""
    document = make_document(seed, number)
    sys.stdout.buffer.write(document.data)
    told = check([document], Scratch(), lambda number: None)
    sys.stderr.write(f"\n{document.kind}, mail: {document.is_mail}\n{told}\n")


def soak(words: argparse.Namespace) -> int:
    until = time.time() + 60 * words.minutes
    running = Soak(words.seed, words.documents, words.processes, until)
    running.run()
    text = describe(running.told, running.seconds, words)
    sys.stdout.write(text)
    if words.write:
        write(words.write, text)
    return 1 if running.told.findings else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.soak")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so many")
    parser.add_argument("--only", type=int, help="make and read this one document of the seed")
    parser.add_argument("--write", type=Path, help="put the result into this file")
    parser.add_argument("--share", nargs=2, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.share:
        fields = json.loads(words.share[0])
        with mmap.mmap(int(words.share[1]), 8) as place:
            run_share(Share(**{**fields, "skipped": tuple(fields["skipped"])}), place)
        return 0
    if words.only is not None:
        show(words.seed, words.only)
        return 0
    return soak(words)


if __name__ == "__main__":
    sys.exit(main())
