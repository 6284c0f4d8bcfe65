"""Maildirs, while a mail program works on them: read, and never changed."""

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.model.source import Arrival
from ingest.sources.files import FileSource
from ingest.sources.maildir import Maildir, is_maildir
from tests.conftest import Rua
from tests.support.mails.mails import make_ordinary_mail, make_report_mail
from tests.support.servers.dovecot import User

MAIL = b"Received: from mx.example.net\r\nSubject: report\r\n\r\nbody %d\r\n"


def make(folder: Path, *names: str) -> Path:
    """A Maildir with a mail under each name ("new/1", "cur/2:2,S")."""
    for kind in ("cur", "new", "tmp"):
        (folder / kind).mkdir(parents=True)
    for number, name in enumerate(names):
        (folder / name).write_bytes(MAIL % number)
    return folder


def arrived(*paths: Path) -> tuple[list[Arrival], list[str]]:
    source = FileSource(paths)
    return [arrival for batch in source.arrivals() for arrival in batch], source.problems


def keys(*paths: Path) -> list[str]:
    found, problems = arrived(*paths)
    assert problems == []
    return [arrival.key for arrival in found]


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file with its times and bytes, to see that nothing was changed."""
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_new_and_cur_are_read_and_tmp_is_not(tmp_path: Path) -> None:
    box = make(tmp_path / "box", "cur/1.a:2,S", "new/2.b", "cur/3.c:2,", "tmp/4.d", "cur/.nfs1")
    (box / "dovecot-uidlist").write_text("3 V1 N5\n")
    (box / "cur" / "5.folder").mkdir()
    before = tree(box)
    found, problems = arrived(box)
    assert [each.key for each in found] == [f"{box}/1.a", f"{box}/2.b", f"{box}/3.c"]
    assert [each.raw for each in found] == [MAIL % n for n in range(3)]
    assert all(each.is_mail and each.received_at for each in found)
    assert problems == []
    assert tree(box) == before


def test_flags_do_not_change_a_key(tmp_path: Path) -> None:
    box = make(tmp_path / "box", "new/1700.M1P1.host,S=42,W=43")
    before = keys(box)
    (box / "new" / "1700.M1P1.host,S=42,W=43").rename(box / "cur" / "1700.M1P1.host,S=42,W=43:2,RS")
    assert keys(box) == before == [f"{box}/1700.M1P1.host,S=42,W=43"]


def test_folders_within_are_read_as_well(tmp_path: Path) -> None:
    box = make(tmp_path / "box", "new/1")
    for name in (".Reports", ".Reports.2026", "plain"):
        make(box / name, "cur/1:2,S")
    (box / ".hidden").mkdir()
    (box / ".hidden" / "x.eml").write_bytes(MAIL % 1)
    (box / "link").symlink_to(tmp_path)
    inner = [f"{box}/{name}/1" for name in (".Reports", ".Reports.2026", "plain")]
    assert keys(box) == [f"{box}/1", *inner]
    assert keys(tmp_path, box, box / ".Reports") == [f"{box}/1", *inner]


def test_a_folder_like_any_other_is_read_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "cur").mkdir()
    (tmp_path / "cur" / "1:2,S").write_bytes(MAIL % 1)
    assert not is_maildir(tmp_path)
    assert keys(tmp_path) == [f"{tmp_path}/cur/1:2,S"]
    (tmp_path / "tmp").mkdir()  # an archive without its empty folder `new`
    assert is_maildir(tmp_path)
    assert keys(tmp_path) == [f"{tmp_path}/1"]


def test_a_mail_is_one_whatever_it_looks_like(tmp_path: Path) -> None:
    box = make(tmp_path / "box")
    strange = b"X-Only: this\r\n\r\nbody"
    mails = {"1": strange, "2": b"From a Mon Nov  2 12:00:00 2026\n" + MAIL % 1 + b"\n" + MAIL % 2}
    for name, raw in mails.items():
        (box / "new" / name).write_bytes(raw)
    (box / "new" / "3").write_bytes(gzip.compress(MAIL % 3))  # as Dovecot's zlib plugin keeps it
    found, _ = arrived(box)
    assert [(each.raw, each.is_mail) for each in found[:2]] == [
        (raw, True) for raw in mails.values()
    ]
    assert found[2].is_mail is False


Change = Callable[[Path], None]


def renamed(old: str, *new: str) -> Change:
    def change(box: Path) -> None:
        name = old
        for each in new:
            (box / name).rename(box / each)
            name = each

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (renamed("new/2", "cur/2:2,"), ["1", "2", "3", "4"]),
        (renamed("cur/3:2,S", "cur/3:2,FS"), ["1", "2", "3", "4"]),
        (renamed("new/4", "cur/4:2,", "cur/4:2,T"), ["1", "2", "3", "4"]),
        (lambda box: (box / "cur/3:2,S").unlink(), ["1", "2", "4"]),
    ],
)
def test_what_is_renamed_or_removed_meanwhile_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change, expected: list[str]
) -> None:
    box = make(tmp_path / "box", "new/1", "new/2", "cur/3:2,S", "new/4")
    really, opened = os.open, 0

    def meanwhile(path: Path, flags: int) -> int:
        nonlocal opened
        opened += 1
        if opened == 1:
            change(box)
        return really(path, flags)

    monkeypatch.setattr(os, "open", meanwhile)
    found, problems = arrived(box)
    assert [Path(each.key).name for each in found] == expected
    assert problems == []


def test_a_mail_renamed_at_every_look_is_left_for_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = make(tmp_path / "box", "new/1", "new/2")
    really, tries = os.open, 0

    def flee(path: Path, flags: int) -> int:
        nonlocal tries
        if path.name.startswith("1"):
            tries += 1
            path.rename(box / "cur" / f"1:2,{'S' * (tries % 7)}F")
        return really(path, flags)

    monkeypatch.setattr(os, "open", flee)
    assert keys(box) == [f"{box}/2"]
    assert tries < 20


def test_a_great_move_meanwhile_costs_one_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = make(tmp_path / "box", *(f"new/{number:03}" for number in range(300)))
    looks = 0
    really = os.scandir

    def count(path: Path) -> Iterator[os.DirEntry[str]]:
        nonlocal looks
        looks += 1
        return really(path)

    monkeypatch.setattr(os, "scandir", count)
    mails = Maildir(box)
    listed = list(mails.mails())
    for _, path in listed:
        path.rename(box / "cur" / f"{path.name}:2,S")
    looks = 0
    assert [next(mails.follow(path)).parent.name for _, path in listed] == ["cur"] * 300
    assert looks == 2  # new and cur


def test_a_folder_that_cannot_be_listed_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = make(tmp_path / "box", "new/1")
    really = os.scandir

    def refuse(path: Path) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "cur":
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found, problems = arrived(box)
    assert found == []
    assert problems == [f"{box}: cannot be read: Permission denied"]


def test_the_maildir_of_a_server_is_read_once_though_mails_move(rua: Rua, imap_user: User) -> None:
    """Dovecot's own Maildir, before and after its client looked at it."""
    letters = [make_report_mail(number).raw for number in range(4)]
    imap_user.deliver([make_ordinary_mail(1).raw, *letters[:3]])
    imap_user.deliver(letters[3:], folder="Reports")
    first = rua.json("ingest", imap_user.home / "Maildir")
    assert [first[key] for key in ("messages", "stored", "duplicate")] == [5, 4, 0]
    with imap_user.session("INBOX") as client:
        client.store("1:*", "+FLAGS", r"(\Seen \Flagged)")
    again = rua.json("ingest", imap_user.home / "Maildir")
    assert [again[key] for key in ("messages", "stored", "duplicate")] == [5, 0, 4]
    report = rua.json("reports", "--as-of", "2026-05-10")[0]
    assert len(rua.json("show", report["id"])["deliveries"]) == 1
    assert len(imap_user.flags()) == 4
