"""Hostile mail end to end: each is quarantined or read, and the good mail behind it comes through.

What reading costs is the kernel's own account of each reading process (wait4) and the process's
own CPU clock before and behind each document: usage.py. "Idle" is a reading process that
has read one ordinary mail.
"""

import os
import shutil
import socket
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.model.limits import CPU_SECONDS, MESSAGE_BYTES
from tests.support.mails.hostile_mails import (
    ESCAPE,
    NASTY,
    Hostile,
    good_mail,
    hostile,
    large,
    slow,
)
from tests.support.paths import ROOT
from tests.support.process.rua_command import Done, rows, run, settings
from tests.support.servers.dovecot import User

GROWTH_KIB = 300 * 1024
GIB = 1024**3
SECRET = "the canary's secret"
DOCUMENTS = """
    select message_id, coalesce(refusal_code, 'read'), coalesce(refusal_reason, '')
    from carrier
    join delivery using (carrier_id)
"""


@dataclass
class Scene:
    """A folder to run in, a canary beside it, and a port that nobody may connect to."""

    folder: Path
    canary: Path
    listener: socket.socket

    @property
    def mails(self) -> list[Hostile]:
        return hostile(self.canary, self.listener.getsockname()[1])

    def run(self, *words: str | Path, **env: str) -> Done:
        hook = self.folder / "hook"
        hook.mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests/support/process/usage.py", hook / "sitecustomize.py")
        told = {"PYTHONPATH": str(hook), "USAGE_FILE": str(self.folder / "usage")}
        return run(*words, env=told | env, cwd=self.folder)

    def outcomes(self) -> dict[str, set[str]]:
        found = defaultdict(set)
        for message_id, code, _ in rows(self.folder / "rua.duckdb", DOCUMENTS):
            found[message_id].add(code)
        return dict(found)

    def costs(self) -> tuple[float, int]:
        """(most CPU seconds for one document, most KiB resident in one reading process)."""
        clocks: dict[str, list[float]] = defaultdict(list)
        most = 0
        for line in (self.folder / "usage").read_text().splitlines():
            word, pid, seconds, *rest = line.split()
            clocks[pid].append(float(seconds))
            if word == "ended":
                most = max(most, int(rest[0]))
        return max(b - a for each in clocks.values() for a, b in pairwise(each)), most

    def untouched(self) -> None:
        """Nothing was written, sent or run but the store and what the test itself put there."""
        assert sorted(path.name for path in self.canary.iterdir()) == ["secret"]
        ours = {"canary", "hook", "mails", "rua.toml", "usage", "rua.duckdb"}
        left = {path.name for path in self.folder.iterdir()} - ours
        assert all(name.startswith("rua.duckdb.") for name in left), left
        with pytest.raises(BlockingIOError):
            self.listener.accept()
        store = (self.folder / "rua.duckdb").read_bytes()
        assert SECRET.encode() not in store


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "secret").write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield Scene(tmp_path, canary, listener)


def put(folder: Path, mails: list[Hostile]) -> None:
    """The mails as files, a good one behind the last."""
    folder.mkdir()
    for number, each in enumerate(mails):
        (folder / f"{number:02}.eml").write_bytes(each.raw)
    (folder / "99.eml").write_bytes(good_mail())


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> int:
    """KiB resident in a reading process that has read one ordinary mail."""
    folder = tmp_path_factory.mktemp("idle")
    with socket.socket() as nobody:
        ordinary = Scene(folder, folder, nobody)
        put(folder / "mails", [])
        done = ordinary.run("--config", settings(folder), "ingest", folder / "mails")
        assert done.code == 0, done
        return ordinary.costs()[1]


def expected(mails: list[Hostile]) -> dict[str, frozenset[str]]:
    good = {"<good@hostile.example>": frozenset({"read"})}
    return good | {each.message_id: each.expected for each in mails if each.expected}


def test_a_folder_of_hostile_mails(scene: Scene, idle: int) -> None:
    mails = scene.mails
    put(scene.folder / "mails", mails)
    huge = scene.folder / "mails" / "98.eml"
    huge.write_bytes(b"From: a@b.example\r\nMessage-ID: <huge@hostile.example>\r\n\r\n")
    os.truncate(huge, GIB)  # sparse: it takes no place on the disk
    config = settings(scene.folder)
    done = scene.run("--config", config, "ingest", scene.folder / "mails", "--format", "json")
    assert (done.code, done.err) == (0, ""), done.err
    wanted = expected(mails) | {"<huge@hostile.example>": frozenset({"limit"})}
    assert scene.outcomes() == wanted
    seconds, kib = scene.costs()
    print(f"{seconds:.2f} s, {kib >> 10} MiB, idle {idle >> 10} MiB")  # noqa: T201  # pytest -rP
    assert seconds < CPU_SECONDS
    assert kib <= idle + GROWTH_KIB
    scene.untouched()
    shown_harmless(scene, config)


def shown_harmless(scene: Scene, config: Path) -> None:
    """Values are kept as sent; what a person is shown of them drives no terminal."""
    kept = rows(scene.folder / "rua.duckdb", "select org_name from dmarc_report")
    assert (NASTY.strip("\x85"),) in kept
    for command in ("reports", "domains", "sources", "status"):
        done = scene.run("--config", config, command, "--as-of", "2023-11-16", COLUMNS="400")
        assert done.code == 0, done
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(done.out.decode()), command
    done = scene.run("--config", config, "quarantine", "list")
    assert ESCAPE[0] not in done.out.decode()


@pytest.mark.parametrize(
    ("mail", "seconds", "reason"),
    [(slow, 1, "1 s of CPU"), (large, CPU_SECONDS, "MiB of memory")],
)
def test_what_kills_the_reading_process_costs_itself_alone(
    scene: Scene, idle: int, mail: Callable[[], Hostile], seconds: int, reason: str
) -> None:
    """By its time (of which it gets less here, to save the test's), or by its memory."""
    deadly = mail()
    put(scene.folder / "mails", [deadly])
    words = ("--config", settings(scene.folder), "ingest", scene.folder / "mails")
    done = scene.run(*words, "--format", "json", CPU_SECONDS=str(seconds))
    assert (done.code, done.err) == (0, ""), done.err
    assert scene.outcomes() == expected([deadly])
    reasons = {name: why for name, _, why in rows(scene.folder / "rua.duckdb", DOCUMENTS)}
    assert reason in reasons[deadly.message_id]
    spent, kib = scene.costs()
    assert spent < seconds + 1
    assert kib <= idle + GROWTH_KIB
    scene.untouched()


def test_a_mailbox_of_hostile_mails(scene: Scene, idle: int, imap_user: User) -> None:
    """And a mail that is larger than a message may be: only its header is fetched."""
    mails = scene.mails
    large = b"From: a@b.example\r\nMessage-ID: <huge@hostile.example>\r\n\r\n"
    imap_user.deliver([large + b"x" * 76 * (MESSAGE_BYTES // 64)])
    imap_user.deliver(each.raw for each in mails)
    imap_user.deliver([good_mail()])
    config = settings(scene.folder, imap_user.toml())
    done = scene.run("--config", config, "ingest", "--format", "json")
    assert (done.code, done.err) == (0, ""), done.err
    assert scene.outcomes() == expected(mails) | {"<huge@hostile.example>": frozenset({"limit"})}
    seconds, kib = scene.costs()
    assert seconds < CPU_SECONDS
    assert kib <= idle + GROWTH_KIB
    assert imap_user.count("INBOX") == 1  # too large to be looked at, it is not ours to move
    scene.untouched()
