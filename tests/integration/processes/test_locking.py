"""A busy, foreign, broken or full store: every command waits, or says so and loses nothing."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from schemas.store.store import Store
from tests.soak.kills import Watched
from tests.support.mails.mails import make_ordinary_mail, make_report_mail
from tests.support.process.rua_command import Done, finish, message_ids, rows, run, settings, start
from tests.support.servers.dovecot import User

OURS = """
import sys
from pathlib import Path
from schemas.store import lock
with lock.exclusive(Path(sys.argv[1]), 30):
    print("held", flush=True)
    sys.stdin.read()
"""
FOREIGN = """
import sys, duckdb
with duckdb.connect(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
READER = """
import sys, time
from pathlib import Path
from schemas.store.store import Store
store, stop = Store(Path(sys.argv[1]), lock_timeout=60), Path(sys.argv[2])
times = 0
while not stop.exists():
    with store.read() as con:
        con.execute("select count(*) from document").fetchall()
        time.sleep(0.4)  # so that one of eight is always inside: a writer would never get in
    times += 1
print(times)
"""


@contextmanager
def holding(script: str, store: Path) -> Iterator[int]:
    """The PID of another process that has the store."""
    command = [sys.executable, "-c", script, str(store)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.communicate("")


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return written(tmp_path / "reports", 5)


def written(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(1, count + 1):
        (folder / f"{number:05}.eml").write_bytes(make_report_mail(number).raw)
    return folder


def made(store: Path) -> Path:
    """An empty store."""
    with Store(store).write():
        return store


def stored(store: Path) -> int:
    return int(rows(store, "select count(*) from dmarc_report")[0][0])


@pytest.mark.parametrize(
    ("holder", "command"),
    [(OURS, "ingest"), (OURS, "domains"), (FOREIGN, "ingest")],
    ids=["ours-ingest", "ours-domains", "foreign-ingest"],
)
def test_a_held_store_is_named_with_its_holder(
    tmp_path: Path, reports: Path, holder: str, command: str
) -> None:
    store = made(tmp_path / "rua.duckdb")
    words = [command, reports] if command == "ingest" else [command]
    with holding(holder, store) as pid:
        done = run("--store", store, "--lock-timeout", "0.5", *words)
    assert done.code == 4
    assert f"process {pid}" in done.line
    assert str(store) in done.line
    assert "--lock-timeout" in done.line
    assert done.out == b""
    assert stored(store) == 0
    assert run("--store", store, "ingest", reports).code == 0
    assert stored(store) == 5


@pytest.mark.parametrize("holder", [OURS, FOREIGN], ids=["ours", "foreign"])
def test_it_waits_for_a_store_that_becomes_free(tmp_path: Path, reports: Path, holder: str) -> None:
    store = made(tmp_path / "rua.duckdb")
    with holding(holder, store):
        waiting = start("--store", store, "--lock-timeout", "60", "ingest", reports)
        time.sleep(1.5)
        assert waiting.poll() is None
    done = finish(waiting)
    assert (done.code, done.err) == (0, "")
    assert stored(store) == 5


def test_mails_stay_where_they_are_when_the_store_is_held(tmp_path: Path, imap_user: User) -> None:
    letters = [make_report_mail(number) for number in range(3)]
    imap_user.deliver(letter.raw for letter in letters)
    config = settings(tmp_path, imap_user.toml())
    store = made(tmp_path / "rua.duckdb")
    with holding(OURS, store) as pid:
        done = run("--config", config, "--lock-timeout", "1", "ingest")
    assert done.code == 4
    assert f"process {pid}" in done.line
    assert imap_user.flags() == {1: frozenset(), 2: frozenset(), 3: frozenset()}
    assert message_ids(imap_user, "Processed").total() == 0
    assert run("--config", config, "ingest").code == 0
    assert message_ids(imap_user, "Processed") == {letter.message_id: 1 for letter in letters}
    assert stored(store) == 3


def test_neither_eight_readers_nor_a_long_ingest_starve_the_other(
    tmp_path: Path, imap_user: User
) -> None:
    """Who starves waits until its time is over, and fails."""
    stop, store = tmp_path / "stop", made(tmp_path / "rua.duckdb")
    imap_user.deliver(make_report_mail(number).raw for number in range(60))
    config = settings(tmp_path, imap_user.toml(batch=10), lock_timeout=60)
    command = [sys.executable, "-c", READER, str(store), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(8)]
    try:
        child = Watched(config, group=10)
        commits = sum("committed" in event for event in child.events())
        done = child.finish()
    finally:
        stop.touch()
        times = [int(reader.communicate(timeout=60)[0]) for reader in readers]
    assert (done.code, done.err) == (0, "")
    assert done.json["stored"] == 60
    assert [reader.returncode for reader in readers] == [0] * 8
    assert commits >= 6
    assert min(times) >= 3


def test_a_store_in_a_folder_that_cannot_be_made(tmp_path: Path, reports: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = run("--store", tmp_path / "file" / "rua.duckdb", "ingest", reports)
    assert done.code == 4
    assert str(tmp_path / "file") in done.line


def test_reading_a_store_that_is_not_there(tmp_path: Path) -> None:
    done = run("--store", tmp_path / "missing" / "rua.duckdb", "domains")
    assert done.code == 4
    assert "run rua ingest first" in done.line
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("command", ["ingest", "domains"])
@pytest.mark.parametrize("content", [b"", b"Dear diary,\n" * 2000, b"SQLite format 3\x00" * 300])
def test_a_file_that_is_no_duckdb_is_refused_and_kept(
    tmp_path: Path, reports: Path, content: bytes, command: str
) -> None:
    store = tmp_path / "rua.duckdb"
    store.write_bytes(content)
    done = run("--store", store, command, *([reports] if command == "ingest" else []))
    assert done.code == 4
    assert str(store) in done.line
    assert store.read_bytes() == content


@pytest.mark.parametrize(
    ("table", "command"),
    [
        ("invoice", "ingest"),
        ("document", "ingest"),
        ("migration", "ingest"),
        ("document", "domains"),
        ("document", "rebuild"),
    ],
)
def test_a_duckdb_file_of_something_else_is_refused_and_kept(
    tmp_path: Path, reports: Path, table: str, command: str
) -> None:
    store = tmp_path / "books.duckdb"
    with duckdb.connect(str(store)) as con:
        con.execute(f"create table {table} as select 17 as number")
    content = store.read_bytes()
    done = run("--store", store, command, *([reports] if command == "ingest" else []))
    assert done.code == 4
    assert "not a store of rua" in done.line
    assert store.read_bytes() == content


def test_a_newer_store_is_left_alone(tmp_path: Path, reports: Path) -> None:
    store = made(tmp_path / "rua.duckdb")
    with duckdb.connect(str(store)) as con:
        con.execute("insert into migration select 99 + range, 'later', now() from range(50)")
    content = store.read_bytes()
    for words in (["ingest", reports], ["domains"]):
        done = run("--store", store, *words)
        assert done.code == 4
        assert "newer version of rua" in done.line
    assert store.read_bytes() == content


# -- two at once ------------------------------------------------------------------------------


def pair(*words: str | Path) -> tuple[Done, Done]:
    """Two of the same command, started at the same moment."""
    first, second = (start(*words, "--format", "json") for _ in range(2))
    return finish(first), finish(second)


@pytest.mark.parametrize("repetition", range(3))
def test_a_cron_line_run_twice_at_once(tmp_path: Path, imap_user: User, repetition: int) -> None:
    letters = [make_report_mail(1000 * repetition + number) for number in range(300)]
    imap_user.deliver(letter.raw for letter in letters)
    config = settings(tmp_path, imap_user.toml())
    both = pair("--config", config, "ingest")
    assert [done.code for done in both] == [0, 0], both
    assert sum(done.json["stored"] for done in both) == 300
    assert sum(done.json["messages"] for done in both) == 300  # none was fetched twice
    assert once(tmp_path / "rua.duckdb") == (300, 300)
    assert message_ids(imap_user, "Processed") == {each.message_id: 1 for each in letters}
    assert message_ids(imap_user).total() == 0
    for done in both:
        if done.err:
            assert "already ingesting" in done.line
            assert done.json["messages"] == 0


def test_the_one_that_comes_second_says_so(tmp_path: Path, imap_user: User) -> None:
    """The first is held in the middle of its work until the second has ended."""
    imap_user.deliver(make_report_mail(number).raw for number in range(3))
    config = settings(tmp_path, imap_user.toml())
    first = Watched(config, stop="fetch came 1")
    assert first.wait_for("fetch came 1")
    second = run("--config", config, "ingest", "--format", "json")
    assert second.code == 0
    assert f"process {first.process.pid} is already ingesting" in second.line
    assert (second.json["messages"], second.json["stored"]) == (0, 0)
    first.let_go()
    done = first.finish()
    assert (done.code, done.err) == (0, "")
    assert done.json["stored"] == 3
    third = run("--config", config, "ingest", "--format", "json")
    assert (third.code, third.err) == (0, "")


def test_the_same_files_read_twice_at_once(tmp_path: Path) -> None:
    folder = written(tmp_path / "reports", 100)
    both = pair("--store", tmp_path / "rua.duckdb", "ingest", folder)
    assert [(done.code, done.err) for done in both] == [(0, ""), (0, "")]
    assert sum(done.json["stored"] for done in both) == 100
    assert sum(done.json["duplicate"] for done in both) == 100
    assert once(tmp_path / "rua.duckdb") == (100, 100)


def once(store: Path) -> tuple[int, int]:
    """(reports, distinct reports)."""
    found: tuple[int, int] = rows(
        store, "select count(*), count(distinct identity) from dmarc_report"
    )[0]
    assert rows(store, "select count(*), count(distinct sha256) from document") == [found]
    return found


# -- disks ------------------------------------------------------------------------------------


class Disk:
    """A file system of a few MiB in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def resize(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(path)]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("NOT TESTED: a full disk. Only root can mount a small one")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_a_full_disk_loses_nothing(tmp_path: Path, disk: Disk, imap_user: User) -> None:
    """Each report takes 60 kB that do not compress: some commit, then the disk is full."""
    letters = [make_report_mail(number, padding=60_000) for number in range(120)]
    person = make_ordinary_mail(1)
    imap_user.deliver([person.raw, *(letter.raw for letter in letters)])
    config = settings(tmp_path, imap_user.toml(batch=10), store=str(disk.path / "rua.duckdb"))
    store = disk.path / "rua.duckdb"
    child = Watched(config, group=10)
    for _ in child.events():
        pass
    done = child.finish()
    assert done.code == 4
    assert "no space left" in done.line
    disk.resize("size=64m")
    kept = {name for (name,) in rows(store, "select message_id from carrier")}
    moved = message_ids(imap_user, "Processed")
    assert set(moved) <= kept
    assert set(message_ids(imap_user)) | set(moved) == {
        person.message_id,
        *(letter.message_id for letter in letters),
    }
    done = run("--config", config, "ingest", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert message_ids(imap_user, "Processed") == {letter.message_id: 1 for letter in letters}
    assert message_ids(imap_user) == {person.message_id: 1}
    assert stored(store) == len(letters)
    assert rows(store, "select count(*), count(distinct sha256) from document") == [(120, 120)]


def test_a_disk_that_is_full_from_the_start(disk: Disk, reports: Path) -> None:
    filler = disk.path / "filler"
    filler.write_bytes(bytes(6 * 1024 * 1024 - 200_000))
    store = disk.path / "rua.duckdb"
    done = run("--store", store, "ingest", reports)
    assert done.code == 4
    assert "no space left" in done.line
    filler.unlink()
    assert run("--store", store, "ingest", reports).code == 0
    assert stored(store) == 5


@pytest.mark.parametrize("command", ["ingest", "mailboxes", "domains"])
def test_a_read_only_folder(
    tmp_path: Path, request: pytest.FixtureRequest, reports: Path, imap_user: User, command: str
) -> None:
    folder = read_only(tmp_path, request)
    imap_user.deliver([make_report_mail(1).raw])
    config = settings(tmp_path, imap_user.toml(), store=str(folder / "rua.duckdb"))
    words: dict[str, tuple[str | Path, ...]] = {
        "ingest": ("ingest", reports),
        "mailboxes": ("ingest",),
        "domains": ("domains",),
    }
    done = run("--config", config, *words[command])
    assert done.code == 4
    assert str(folder) in done.line
    assert not re.search("Errno", done.line)
    assert imap_user.flags() == {1: frozenset()}


def read_only(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder that even root cannot write to, if it is root who runs the tests."""
    if os.geteuid() == 0:
        disk: Disk = request.getfixturevalue("disk")
        disk.resize("ro")
        return disk.path
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    return folder
