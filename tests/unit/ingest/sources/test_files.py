"""Files and folders as a source, on a real file system."""

import os
import socket
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.model.source import Arrival, printable
from ingest.sources import files
from ingest.sources.files import FileSource

MAIL = b"Received: from mx.example.net\r\nSubject: report\r\n\r\nbody\r\n"


def arrived(*paths: Path) -> list[Arrival]:
    return [arrival for batch in FileSource(paths).arrivals() for arrival in batch]


def names(*paths: Path) -> list[str]:
    return [Path(arrival.key).name for arrival in arrived(*paths)]


def write(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_one_file_arrives_with_its_path_bytes_and_time(tmp_path: Path) -> None:
    path = write(tmp_path / "report.eml", MAIL)
    moment = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
    os.utime(path, (0, moment.timestamp()))
    (arrival,) = arrived(path)
    assert arrival == Arrival(key=str(path), raw=MAIL, received_at=moment, is_mail=True)
    assert arrival.received_at is not None
    assert arrival.received_at.tzinfo is UTC


def test_a_relative_path_gives_an_absolute_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in" / "a.xml")
    monkeypatch.chdir(tmp_path)
    assert [arrival.key for arrival in arrived(Path("in"))] == [str(tmp_path / "in" / "a.xml")]


def test_folders_are_walked_in_the_order_of_paths(tmp_path: Path) -> None:
    for name in ("b/2.xml", "b/1.xml", "c.xml", "a.xml"):
        write(tmp_path / name)
    assert names(tmp_path) == ["a.xml", "1.xml", "2.xml", "c.xml"]


def test_a_file_named_twice_arrives_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml")
    assert names(path, tmp_path, path) == ["a.xml"]


def test_hidden_files_and_folders_are_skipped_unless_named(tmp_path: Path) -> None:
    hidden = write(tmp_path / ".hidden.xml")
    write(tmp_path / ".git" / "config")
    assert names(tmp_path) == []
    assert names(hidden) == [".hidden.xml"]


def test_links_to_folders_are_not_followed_but_links_to_files_are(tmp_path: Path) -> None:
    write(tmp_path / "real" / "a.xml")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "real" / "b.xml").symlink_to(tmp_path / "real" / "a.xml")
    assert names(tmp_path) == ["a.xml", "b.xml"]


def test_special_files_are_left_out_with_one_notice(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    write(tmp_path / "z.xml")
    source = FileSource([tmp_path, Path("/dev/null")])
    assert [Path(a.key).name for batch in source.arrivals() for a in batch] == ["z.xml"]
    listener.close()
    assert source.problems == [
        f"{path}: is no regular file and was skipped"
        for path in (tmp_path / "fifo", tmp_path / "socket", Path("/dev/null"))
    ]


def test_a_device_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    really = os.open

    def record(path: str, flags: int) -> int:
        opened.append(os.fspath(path))
        return really(path, flags)

    monkeypatch.setattr(os, "open", record)
    arrived(Path("/dev/null"), write(tmp_path / "a.xml"))
    assert opened == [str(tmp_path / "a.xml")]


def test_an_unreadable_file_is_a_problem_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.xml")
    write(tmp_path / "b.xml")
    really = os.open

    def refuse(path: Path, flags: int) -> int:  # the tests may run as root, who may read all
        if path.name == "a.xml":
            raise PermissionError(13, "Permission denied")
        return really(path, flags)

    monkeypatch.setattr(os, "open", refuse)
    source = FileSource([tmp_path])
    assert [Path(a.key).name for batch in source.arrivals() for a in batch] == ["b.xml"]
    assert source.problems == [f"{tmp_path / 'a.xml'}: cannot be read: Permission denied"]


def test_an_unreadable_folder_is_a_problem_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in" / "a.xml")
    write(tmp_path / "z.xml")
    really = os.scandir

    def refuse(path: Path) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "in":
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(os, "scandir", refuse)
    source = FileSource([tmp_path])
    assert [Path(a.key).name for batch in source.arrivals() for a in batch] == ["z.xml"]
    assert source.problems == [f"{tmp_path / 'in'}: cannot be listed: Permission denied"]


def test_a_folder_may_be_deeper_than_the_recursion_limit(tmp_path: Path) -> None:
    folders = [tmp_path]
    for _ in range(sys.getrecursionlimit() + 100):
        folders.append(folders[-1] / "d")
        folders[-1].mkdir()
    path = write(folders[-1] / "a.xml")
    assert names(tmp_path) == ["a.xml"]
    path.unlink()
    for folder in reversed(folders):  # pytest's clean-up would recurse
        folder.rmdir()


def test_a_dangling_link_in_a_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "gone.xml").symlink_to(tmp_path / "nowhere")
    source = FileSource([tmp_path])
    assert list(source.arrivals()) == []
    assert source.problems == [
        f"{tmp_path / 'gone.xml'}: cannot be read: No such file or directory"
    ]


def test_a_missing_path_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml")
    source = FileSource([tmp_path / "nope", path])
    assert [each.key for batch in source.arrivals() for each in batch] == [str(path)]
    assert source.problems == [
        f"{tmp_path / 'nope'}: there is no such file or folder; check the path"
    ]


def test_batches_are_bounded_in_files_and_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH_FILES", 3)
    monkeypatch.setattr(files, "BATCH_BYTES", 100)
    for number, size in enumerate([10, 10, 10, 10, 80, 20, 150, 1]):
        write(tmp_path / f"{number}.xml", b"x" * size)
    batches = [[len(a.raw) for a in batch] for batch in FileSource([tmp_path]).arrivals()]
    assert batches == [[10, 10, 10], [10, 80], [20], [150], [1]]


def test_a_large_file_arrives_as_its_beginning_with_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MESSAGE_BYTES", 1000)
    monkeypatch.setattr(files, "HEADER_BYTES", 100)
    write(tmp_path / "a.eml", MAIL + b"x" * 2000)
    write(tmp_path / "b.eml", MAIL.ljust(1000))
    large, small = arrived(tmp_path)
    assert (len(large.raw), large.too_large, large.is_mail) == (100, len(MAIL) + 2000, True)
    assert (len(small.raw), small.too_large) == (1000, None)


def test_of_a_large_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", MAIL)
    os.truncate(path, 60 * 1024 * 1024)
    tracemalloc.start()
    (arrival,) = arrived(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(arrival.raw), arrival.too_large) == (64 * 1024, 60 * 1024 * 1024)
    assert peak < 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("raw", "is_mail"),
    [
        (MAIL, True),
        (b"From sender@example.net Mon Nov  2 12:00:00 2026\n" + MAIL, True),
        (b"<?xml version='1.0'?><feedback/>", False),
        (b"\xef\xbb\xbf<feedback/>", False),
        (b'{"organization-name": "Example"}', False),
        (b"\x1f\x8b\x08\x00", False),
        (b"x\x9c\x03\x00", False),
        (b"PK\x03\x04", False),
        (b"just words\r\n", False),
        (b"", False),
    ],
)
def test_what_is_a_mail_is_decided_by_content(tmp_path: Path, raw: bytes, is_mail: bool) -> None:
    (arrival,) = arrived(write(tmp_path / "misnamed.dat", raw))
    assert arrival.is_mail is is_mail


def test_a_name_that_is_not_utf8_or_not_printable_gives_a_printable_key(tmp_path: Path) -> None:
    for name in (b"caf\xe9.xml", b"red\x1b[31m\n.xml", "\u202elmx.xml".encode(), "ä.xml".encode()):
        write(tmp_path / os.fsdecode(name))
    keys = [Path(arrival.key).name for arrival in arrived(tmp_path)]
    assert sorted(keys) == [r"\u202elmx.xml", r"caf\xe9.xml", r"red\x1b[31m\n.xml", "ä.xml"]
    assert all(key.encode() and key.isprintable() for key in keys)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ä €", "plain ä €"),
        ("\ud800", r"\ud800"),
        ("tab\there", r"tab\there"),
        ("\x9b31m", r"\x9b31m"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_files_are_not_remembered_settled_or_held_open(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", MAIL)
    source = FileSource([path])
    list(source.arrivals())
    source.settle([str(path)])
    source.close()
    assert (source.name, source.ledger_name, path.read_bytes()) == ("files", None, MAIL)
