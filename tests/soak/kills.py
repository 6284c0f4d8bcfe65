"""Kills `rua ingest` at chosen moments, again and again on one mailbox, and looks at what is left.

    python -m tests.soak.kills --kills 500

Half of the kills stop the process at an event of stages.py and kill it there, so that the
stage is certain; the others kill it some milliseconds after one, wherever it then is.
"""

import argparse
import os
import random
import select
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tests.support.mails.mails import (
    Letter,
    make_broken_mail,
    make_ordinary_mail,
    make_report_mail,
    make_tls_mail,
    records_in,
)
from tests.support.paths import ROOT
from tests.support.process.patience import PATIENCE, eventually
from tests.support.process.rua_command import (
    Done,
    derived,
    finish,
    message_ids,
    rows,
    run,
    settings,
    start,
)
from tests.support.servers.dovecot import Dovecot

__all__ = ["STAGES", "Campaign", "Watched", "orphans"]

STAGES = {
    "fetch": ("asked", "came"),
    "read": ("given", "queued"),
    "commit": ("opening", "created", "inserted", "committed"),
    "settle": ("moving", "moved"),
}
GROUP = 5  # mails in one FETCH and one transaction
ROUND = 10  # mails that arrive before each kill: two groups


class Watched:
    """A running `rua ingest` that tells its events and stops at `stop` ("settle moving 1")."""

    def __init__(self, config: Path, *words: str | Path, stop: str = "", group: int = GROUP):
        hook = config.parent / "hook"
        hook.mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests/support/process/stages.py", hook / "sitecustomize.py")
        self._events, told = os.pipe()
        gate, self._gate = os.pipe()
        self._text = b""
        env = {
            "PYTHONPATH": str(hook),
            "STAGES_PIPE": str(told),
            "STAGES_GATE": str(gate),
            "STAGES_STOP": stop,
            "STAGES_GROUP": str(group),
        }
        command = ("--config", config, "ingest", *words, "--format", "json")
        self.process = start(*command, env=env, pass_fds=[told, gate])
        os.close(told)
        os.close(gate)
        self.last = ""

    def events(self) -> Iterator[str]:
        """Every event from now on, until the process ends."""
        while True:
            while b"\n" not in self._text:
                ready, _, _ = select.select([self._events], [], [], PATIENCE)
                assert ready, f"nothing happens after {self.last}"
                more = os.read(self._events, 4096)
                if not more:
                    return
                self._text += more
            line, _, self._text = self._text.partition(b"\n")
            self.last = line.decode()
            yield self.last

    def wait_for(self, event: str) -> bool:
        """Whether the event came before the end."""
        return any(each == event for each in self.events())

    def let_go(self) -> None:
        os.write(self._gate, b"x")

    def kill(self) -> int:
        """SIGKILL; returns the exit status. `last` is then where it was."""
        self.process.kill()
        with self.process:
            status = self.process.wait()
        for _ in self.events():
            pass
        self._close()
        return status

    def finish(self) -> Done:
        done = finish(self.process)
        self._close()
        return done

    def _close(self) -> None:
        os.close(self._events)
        os.close(self._gate)


class Campaign:
    """One mailbox and one store: kill() as often as you like, then settled() must hold."""

    def __init__(self, server: Dovecot, folder: Path, seed: int) -> None:
        self.user = server.user()
        self.config = settings(folder, self.user.toml(batch=GROUP))
        self.store = folder / "rua.duckdb"
        self.letters: list[Letter] = []
        self.hits: Counter[str] = Counter()  # by stage
        self.places: Counter[str] = Counter()  # by event
        self.readers = 0  # reading processes that were there at a kill
        self._random = random.Random(seed)
        self._numbers = count(1)

    def deliver(self) -> None:
        makers = [make_ordinary_mail, make_broken_mail, make_tls_mail]
        makers += [make_report_mail] * (ROUND - len(makers))
        self._random.shuffle(makers)
        letters = [make(next(self._numbers)) for make in makers]
        self.letters += letters
        self.user.deliver(letter.raw for letter in letters)

    def kill_at(self, stage: str) -> None:
        """One kill that is certain to hit this stage."""
        moment = self._random.choice(STAGES[stage])
        event = f"{stage} {moment} {self._random.choice((1, 2))}"
        self.deliver()
        child = Watched(self.config, stop=event)
        assert child.wait_for(event), child.finish()
        assert self._kill(child), event

    def kill_about(self, stage: str) -> bool:
        """One kill up to 20 ms after an event, wherever it hits; False when it came too late."""
        event = f"{stage} {self._random.choice(STAGES[stage])} {self._random.choice((1, 2))}"
        self.deliver()
        child = Watched(self.config)
        if child.wait_for(event):
            time.sleep(self._random.uniform(0, 0.02))
        return self._kill(child)

    def _kill(self, child: Watched) -> bool:
        readers = children_of(child.process.pid)
        status = child.kill()
        if status == 0:
            return False
        assert status == -9, (status, child.last)
        stage, moment, _ = child.last.split()
        self.hits[stage] += 1
        self.places[f"{stage} {moment}"] += 1
        self.readers += len(readers)
        assert not orphans(readers), f"readers outlive a kill at {child.last}"
        self._nothing_lost(child.last)
        return True

    def _nothing_lost(self, where: str) -> None:
        """Right after a kill: every mail is there, and what was moved is in the store."""
        inbox = message_ids(self.user)  # first: a mail may still be on its way
        moved = message_ids(self.user, "Processed")
        missing = {letter.message_id for letter in self.letters} - set(inbox) - set(moved)
        assert not missing, (where, missing)
        asked = "select message_id from carrier"
        stored = {name for (name,) in rows(self.store, asked)} if self.store.exists() else set()
        assert set(moved) <= stored, (where, set(moved) - stored)

    def settled(self) -> None:
        """One more run, to its end: everything once, nothing lost, nothing left behind."""
        done = run("--config", self.config, "ingest", "--format", "json")
        assert (done.code, done.err) == (0, ""), done
        reports = Counter(letter.message_id for letter in self.letters if letter.is_report)
        others = Counter(letter.message_id for letter in self.letters if not letter.is_report)
        assert message_ids(self.user, "Processed") == reports
        assert message_ids(self.user) == others
        assert not any(self.user.flags().values())
        self._counted_once()
        before = derived(self.store)
        rebuilt = run("--config", self.config, "rebuild", "--format", "json")
        assert rebuilt.code == 0, rebuilt
        assert derived(self.store) == before

    def _counted_once(self) -> None:
        for column, table in (
            ("identity", "dmarc_report"),
            ("identity", "tls_report"),
            ("sha256", "document"),
            ("message_id", "carrier"),
            ("key", "ledger"),
        ):
            twice = f"select {column} from {table} group by {column} having count(*) > 1"
            assert rows(self.store, twice) == []
        kinds = Counter(letter.kind for letter in self.letters)
        statuses = dict(rows(self.store, "select status, count(*) from outcome group by status"))
        assert statuses == {"stored": kinds["dmarc"] + kinds["tls"], "refused": kinds["broken"]}
        assert rows(self.store, "select count(*) from ledger") == [(len(self.letters),)]
        sums = "select count(*), coalesce(sum(message_count), 0) from dmarc_record"
        assert rows(self.store, sums) == [records_in(self.letters)]


def children_of(pid: int) -> list[int]:
    """The processes whose parent it is, from /proc (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields and int(fields[1]) == pid:
            found.append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    """State, parent's PID and so on; empty when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def orphans(pids: list[int]) -> list[int]:
    """Those that do not end; what is dead and unburied (Z) runs no more."""

    def left() -> list[int]:
        return [pid for pid in pids if (fields := _stat(pid)) and fields[0] != "Z"]

    eventually(lambda: not left())
    return left()


def soak(kills: int, seed: int) -> Counter[str]:
    """So many kills, twenty on a mailbox. Raises AssertionError at the first thing lost."""
    hits: Counter[str] = Counter()
    server = Dovecot()
    server.start()
    try:
        while hits.total() < kills:
            with tempfile.TemporaryDirectory() as folder:
                campaign = Campaign(server, Path(folder), seed)
                seed += 1
                names = list(STAGES) * 5
                for n, stage in enumerate(names[: kills - hits.total()]):
                    (campaign.kill_about if n // 4 % 2 else campaign.kill_at)(stage)
                campaign.settled()
            hits += campaign.places
            sys.stdout.write(f"{hits.total()} kills, nothing lost, nothing twice\n")
    finally:
        server.stop()
    return hits


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.kills")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    for place, number in sorted(soak(words.kills, words.seed).items()):
        sys.stdout.write(f"{number:6} {place}\n")


if __name__ == "__main__":
    main()
