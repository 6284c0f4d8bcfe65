"""`rua snapshot`: a copy for other programs, the same in every answer, or none at all."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from schemas.errors import ConfigError, StoreLocked
from schemas.store import lock
from schemas.store.export import write_snapshot
from schemas.store.store import Store
from tests.conftest import Demo, Rua
from tests.support.process.rua_command import rows

DAYS = ("--as-of", "2026-11-01")


def answers(rua: Rua, store: Path) -> list[object]:
    """What every reading command says of a store, but for when it was read."""
    words = (("domains",), ("sources",), ("reports",), ("status",))
    found = [rua.json("--store", store, *each, *DAYS) for each in words]
    for key in ("store", "store_bytes"):
        del found[-1][key]
    return found


def everything(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table and view, and what else there is."""
    with duckdb.connect(str(store), read_only=True) as con:
        listed = con.execute(
            "select table_name from information_schema.tables order by all"
        ).fetchall()
        found = {
            name: sorted(con.execute(f"from {name}").fetchall(), key=repr) for (name,) in listed
        }
        found["views"] = con.execute(
            "select view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        found["constraints"] = con.execute(
            "select table_name, constraint_text from duckdb_constraints() order by all"
        ).fetchall()
    return found


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def store(demo: Demo, tmp_path: Path) -> Path:
    """A store of one's own."""
    path = tmp_path / "own" / "rua.duckdb"
    path.parent.mkdir()
    shutil.copyfile(demo.store, path)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_a_snapshot_answers_as_the_store_does(demo: Demo, rua: Rua, out: Path) -> None:
    told = rua.json("--store", demo.store, "snapshot", out / "copy.duckdb")
    assert (told["file"], told["bytes"]) == (
        str(out / "copy.duckdb"),
        (out / "copy.duckdb").stat().st_size,
    )
    assert left_in(out) == ["copy.duckdb"]
    assert everything(out / "copy.duckdb") == everything(demo.store)
    assert answers(rua, out / "copy.duckdb") == answers(rua, demo.store)


def test_a_snapshot_goes_on_as_a_store(demo: Demo, rua: Rua, out: Path) -> None:
    rua.json("--store", demo.store, "snapshot", out / "copy.duckdb")
    mails = sorted((demo.folder / "mails").iterdir())[:30]
    again = rua.json("--store", out / "copy.duckdb", "ingest", *mails)
    assert (again["messages"], again["stored"]) == (30, 0)
    assert again["duplicate"] + again["refused"] + again["ignored"] == 30


def test_an_older_duckdb_can_open_it(demo: Demo, rua: Rua, out: Path) -> None:
    """Its form is that of 1.2; the store's own is one that only 2.0 reads."""
    rua.json("--store", demo.store, "snapshot", out / "copy.duckdb")
    with duckdb.connect(str(out / "copy.duckdb"), read_only=True) as con:
        question = "select tags['storage_version'] from duckdb_databases() where not internal"
        assert con.execute(question).fetchall() == [("v1.2.0+",)]


def test_what_is_only_in_the_log_of_a_killed_writer_is_in_it(
    store: Path, rua: Rua, out: Path
) -> None:
    program = (
        "import duckdb, os, sys; con = duckdb.connect(sys.argv[1]);"
        "con.execute('set checkpoint_threshold = \"1GB\"');"
        "con.execute(\"insert into ledger values ('x', 7, 'k', true, now()::timestamp)\");"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, store], check=True)
    log = store.with_name("rua.duckdb.wal")
    assert log.stat().st_size > 0
    rua.json("--store", store, "snapshot", out / "copy.duckdb")
    with duckdb.connect(str(out / "copy.duckdb"), read_only=True) as con:
        assert con.execute("select key from ledger where epoch = 7").fetchall() == [("k",)]
    assert left_in(out) == ["copy.duckdb"]


def test_an_existing_file_is_replaced_only_by_force(demo: Demo, rua: Rua, out: Path) -> None:
    target = out / "copy.duckdb"
    target.write_text("mine")
    done = rua("--store", demo.store, "snapshot", target)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert target.read_text() == "mine"
    assert rua("--store", demo.store, "snapshot", "--force", target).returncode == 0
    assert everything(target) == everything(demo.store)
    assert left_in(out) == ["copy.duckdb"]


def test_a_name_that_is_taken_is_told_before_anything_is_copied(
    demo: Demo, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "copy_to", lambda self, target: pytest.fail("it was copied"))
    (out / "copy.duckdb").write_text("mine")
    with pytest.raises(ConfigError, match="the file exists"):
        write_snapshot(Store(demo.store), out / "copy.duckdb")


def test_a_file_made_meanwhile_is_not_replaced(
    demo: Demo, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = Store.copy_to

    def slowly(self: Store, target: Path) -> None:
        really(self, target)
        (out / "copy.duckdb").write_text("mine")

    monkeypatch.setattr(Store, "copy_to", slowly)
    with pytest.raises(ConfigError, match="the file exists"):
        write_snapshot(Store(demo.store), out / "copy.duckdb")
    assert (out / "copy.duckdb").read_text() == "mine"
    assert left_in(out) == ["copy.duckdb"]


@pytest.mark.parametrize("way", ["itself", "link", "hard link", "folder link", "lock", "log"])
def test_the_store_itself_is_never_the_target(store: Path, rua: Rua, out: Path, way: str) -> None:
    (out / "link").symlink_to(store)
    os.link(store, out / "hard link")
    (out / "folder").symlink_to(store.parent)
    target = {
        "itself": store,
        "link": out / "link",
        "hard link": out / "hard link",
        "folder link": out / "folder" / "rua.duckdb",
        "lock": store.with_name("rua.duckdb.lock"),
        "log": store.with_name("rua.duckdb.wal"),
    }[way]
    before = store.read_bytes()
    done = rua("--store", store, "snapshot", "--force", target)
    assert done.returncode == 2
    assert "the store itself" in done.stderr
    assert store.read_bytes() == before


def test_a_link_to_another_file_is_followed(demo: Demo, rua: Rua, out: Path) -> None:
    (out / "latest").symlink_to(out / "copy.duckdb")
    assert rua("--store", demo.store, "snapshot", out / "latest").returncode == 0
    assert left_in(out) == ["copy.duckdb", "latest"]
    assert (out / "latest").is_symlink()


@pytest.mark.parametrize(
    ("name", "says"),
    [("no/such.duckdb", "No such file"), (".", "not a file"), ("/dev/null", "not a file")],
)
def test_a_target_that_cannot_be_one(demo: Demo, rua: Rua, name: str, says: str) -> None:
    done = rua("--store", demo.store, "snapshot", "--force", name)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_log_of_an_old_copy_is_never_laid_over_the_new_one(
    demo: Demo, rua: Rua, out: Path
) -> None:
    (out / "copy.duckdb").write_text("mine")
    (out / "copy.duckdb.wal").write_text("log")
    done = rua("--store", demo.store, "snapshot", "--force", out / "copy.duckdb")
    assert done.returncode == 2
    assert "copy.duckdb.wal" in done.stderr
    assert (out / "copy.duckdb").read_text() == "mine"


def test_a_copy_is_for_its_owner_alone_until_the_owner_says_otherwise(
    demo: Demo, out: Path
) -> None:
    """Mails stand in it. One that is replaced stays open to whom its owner opened it."""
    copy = out / "copy.duckdb"
    write_snapshot(Store(demo.store), copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    copy.chmod(0o640)
    write_snapshot(Store(demo.store), copy, force=True)
    assert copy.stat().st_mode & 0o777 == 0o640


def test_what_a_killed_snapshot_left_is_removed_by_the_next(demo: Demo, out: Path) -> None:
    folder = out / ".rua-snapshot-abc"
    folder.mkdir()
    (folder / "snapshot.duckdb").write_text("half of it")
    hold = os.open(folder, os.O_RDONLY)
    fcntl.flock(hold, fcntl.LOCK_EX)
    write_snapshot(Store(demo.store), out / "copy.duckdb")
    assert folder.exists()  # somebody works on it
    os.close(hold)
    write_snapshot(Store(demo.store), out / "copy.duckdb", force=True)
    assert not folder.exists()


def test_without_a_store_nothing_is_written(rua: Rua, out: Path) -> None:
    done = rua("snapshot", out / "copy.duckdb")
    assert done.returncode == 4
    assert "run rua ingest first" in done.stderr
    assert left_in(out) == []


def test_a_held_store_ends_it_with_4_and_nothing_left(store: Path, rua: Rua, out: Path) -> None:
    with lock.exclusive(store, 1):
        done = rua("--store", store, "--lock-timeout", "0.2", "snapshot", out / "copy.duckdb")
    assert done.returncode == 4
    assert str(os.getpid()) in done.stderr
    assert left_in(out) == []


def test_it_reads_beside_other_readers_and_keeps_writers_out(
    store: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, held = Store._copy_within, []

    def look(self: Store, memory: str, target: Path) -> None:
        with lock.shared(store, 1):
            held.append("shared")
        with pytest.raises(StoreLocked), lock.exclusive(store, 0.1):
            pass
        really(self, memory, target)

    monkeypatch.setattr(Store, "_copy_within", look)
    write_snapshot(Store(store), out / "copy.duckdb")
    assert held == ["shared"]


def test_documents_too_large_for_little_memory_get_more(
    store: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB takes two thousand rows at a time, however large."""
    with duckdb.connect(str(store)) as con:
        for number in range(10):
            con.execute(
                "insert into document values ($1, 'x', 'other', 1, $2, now()::timestamp)",
                [10**6 + number, os.urandom(5_000_000)],
            )
    monkeypatch.setattr("schemas.store.store.COPY_MEMORY", "30MB")
    write_snapshot(Store(store), out / "copy.duckdb")
    question = "select count(*), sum(hash(bytes)) from document"
    assert rows(out / "copy.duckdb", question) == rows(store, question)
    assert left_in(out) == ["copy.duckdb"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB in memory."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("NOT TESTED: a full disk. Only root can mount a small one")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_a_full_disk_ends_it_with_4_and_nothing_left(demo: Demo, rua: Rua, disk: Path) -> None:
    done = rua("--store", demo.store, "snapshot", disk / "copy.duckdb")
    assert done.returncode == 4
    assert f"{disk}" in done.stderr
    assert "no space left" in done.stderr
    assert done.stderr.count("\n") == 1
    assert left_in(disk) == []
