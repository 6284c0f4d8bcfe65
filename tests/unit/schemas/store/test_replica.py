"""Copies of the store: who reads one waits for nobody, and keeps nobody waiting."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from analytics.sources.labels import add, labels
from schemas.errors import AccessDenied, StoreDamaged, StoreError, StoreLocked
from schemas.store import replica as copies_module
from schemas.store.replica import Copies
from schemas.store.row_access import Scope
from schemas.store.store import Copied, Reader, Store
from tests.support.mails.report_documents import Report, store_of

DAY = date(2026, 11, 20)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(store_of([Report(DAY, "example.com", count=7)], tmp_path / "s"), lock_timeout=0.2)


@pytest.fixture
def copies() -> Iterator[Copies]:
    found = Copies()
    yield found
    found.close()


def count(reader: Reader) -> int:
    return int(reader.execute("select sum(message_count) from dmarc_message").fetchall()[0][0])


def made(copies: Copies, store: Store) -> Copied:
    copied = copies.make(store)
    assert copied is not None
    return copied


def folders(store: Store) -> list[Path]:
    return sorted(store.path.parent.glob(f".{store.path.name}-copy-*"))


def test_it_is_the_store_as_it_was(store: Store, copies: Copies) -> None:
    copied = made(copies, store)
    before = store.state()
    add(store, "example.com", "192.0.2.1", "own", None)
    then = store.as_copied(copied)
    assert (then.state(), copied.state) == (before, before)
    assert store.state() != before
    with then.read() as reader:
        assert (count(reader), labels(reader)) == (7, [])
        assert reader.path == store.path.absolute()
    with store.read() as con:
        assert len(labels(con)) == 1


def test_nobody_waits_for_who_reads_it_nor_he_for_others(store: Store, copies: Copies) -> None:
    then = store.as_copied(made(copies, store))
    with then.read() as reading:
        add(store, "example.com", "192.0.2.1", "own", None)  # else StoreLocked, after 0.2 s
        assert count(reading) == 7
    with store.write(), then.read() as reading:
        assert count(reading) == 7
    with store.write(), pytest.raises(StoreLocked), store.read():
        pass


def test_what_is_written_goes_into_the_store_itself(store: Store, copies: Copies) -> None:
    then = store.as_copied(made(copies, store))
    add(then, "example.com", "192.0.2.1", "own", None)
    with store.read() as con:
        assert len(labels(con)) == 1
    with then.read() as con:
        assert labels(con) == []


def test_a_viewer_sees_no_more_of_it(store: Store, copies: Copies) -> None:
    confined = Store(store.path, scope=Scope(frozenset({"other.example"}), frozenset()))
    then = confined.as_copied(made(copies, store))
    with then.read() as con:
        assert con.execute("select count(*) from dmarc_message").fetchall() == [(0,)]
    with pytest.raises(AccessDenied):
        add(then, "example.com", "192.0.2.1", "own", None)


def test_the_last_two_are_kept_and_the_same_state_is_copied_once(
    store: Store, copies: Copies
) -> None:
    assert made(copies, store) is made(copies, store)
    found = []
    for number in range(4):
        add(store, "example.com", f"192.0.2.{number}", "own", None)
        found.append(made(copies, store))
    assert [each.file.exists() for each in found] == [False, False, True, True]
    (folder,) = folders(store)
    assert len(list(folder.iterdir())) == 2


def test_it_is_for_its_owner_alone_and_goes_at_the_end(store: Store, copies: Copies) -> None:
    store.path.chmod(0o644)
    copied = made(copies, store)
    assert copied.file.stat().st_mode & 0o777 == 0o600
    assert copied.file.parent.stat().st_mode & 0o777 == 0o700
    assert datetime.now(UTC).replace(tzinfo=None) >= copied.at
    copies.close()
    assert folders(store) == []
    copies.close()  # there is nothing left to close


def test_what_a_killed_process_left_is_removed_by_the_next(store: Store, copies: Copies) -> None:
    left = store.path.parent / f".{store.path.name}-copy-left"
    left.mkdir()
    made(copies, store)
    assert not left.exists()


def test_without_room_there_is_none(
    store: Store, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = store.path.stat().st_size
    free = size + copies_module.FREE_FOR_OTHERS - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free))
    assert copies.make(store) is None
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free + 1))
    assert copies.make(store) is not None


def test_a_disk_that_is_full_in_the_midst_leaves_nothing(
    store: Store, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", half)
    assert copies.make(store) is None
    (folder,) = folders(store)
    assert list(folder.iterdir()) == []


def test_a_folder_that_takes_no_other_gives_none(
    store: Store, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(copies_module, "scratch_folder", refused)
    assert copies.make(store) is None


def test_a_store_that_is_missing_or_none_says_so(tmp_path: Path, copies: Copies) -> None:
    with pytest.raises(StoreError):
        copies.make(Store(tmp_path / "missing.duckdb"))
    (tmp_path / "text.duckdb").write_text("no store")
    with pytest.raises(StoreDamaged):
        copies.make(Store(tmp_path / "text.duckdb"))


def test_another_store_has_a_folder_of_its_own(
    store: Store, copies: Copies, tmp_path: Path
) -> None:
    made(copies, store)
    other = Store(store_of([Report(DAY, "example.net", count=3)], tmp_path / "other"))
    copied = made(copies, other)
    assert folders(store) == []
    with other.as_copied(copied).read() as con:
        assert count(con) == 3
