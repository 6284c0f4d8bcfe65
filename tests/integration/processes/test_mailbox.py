"""A mailbox from end to end: `rua ingest` against a real server, as cron runs it."""

import email
import hashlib
import json
import re
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.demo import write_demo
from ingest.run.rebuild import DERIVED
from tests.support.mails.mails import (
    Letter,
    make_broken_mail,
    make_docx_mail,
    make_failure_report,
    make_newsletter,
    make_ordinary_mail,
    make_placeholder,
    make_report_mail,
    make_tls_mail,
)
from tests.support.process.rua_command import Done, derived, message_ids, rows, run, settings
from tests.support.servers.dovecot import Dovecot, User, checked

MAILS = 500
BY_HAND: tuple[Letter, ...] = (
    *(make_ordinary_mail(number) for number in range(8)),
    *(make_broken_mail(number) for number in range(6)),
    *(make_newsletter(number) for number in range(4)),
    *(make_docx_mail(number) for number in range(3)),
    *(make_placeholder(number) for number in range(3)),
    *(make_failure_report(number) for number in range(3)),
)
IDENTITY = ("kind", "reporter", "policy_domain", "report_id", "begin", "end")


@dataclass
class Mailbox:
    """Five hundred mails on a server, what is true of them, and the settings to read them."""

    user: User
    config: Path
    letters: list[Letter]
    expected: dict[str, int]
    flagged: dict[int, frozenset[str]]
    first: Done

    @property
    def store(self) -> Path:
        return self.config.with_name("rua.duckdb")

    def ids(self, *, reports: bool) -> Counter[str]:
        return Counter(each.message_id for each in self.letters if each.is_report == reports)

    def ingest(self, *words: str) -> Done:
        done = run("--config", self.config, "ingest", "--format", "json", *words)
        assert done.err == "", done
        return done


def demo_letters(folder: Path, count: int) -> tuple[list[Letter], dict[str, int]]:
    """The last mails of a demo, and what its truth.json says that they hold."""
    write_demo(folder, days=6, seed=3, until=date(2026, 7, 1))
    truth = json.loads((folder / "truth.json").read_text())
    entries = truth["mails"][-count:]
    assert len(entries) == count
    kinds = {"report": "dmarc", "duplicate": "dmarc", "placeholder": "ignored"}
    letters = []
    for entry in entries:
        raw = (folder / "mails" / entry["file"]).read_bytes()
        kind = kinds.get(entry["kind"], entry["kind"])
        letters.append(Letter(raw, kind, str(email.message_from_bytes(raw)["Message-ID"])))
    # A duplicate whose first copy was left out of the selection is the first copy.
    reports = [
        {**entry, "kind": kinds.get(entry["kind"], entry["kind"])}
        for entry in entries
        if entry["kind"] in ("report", "duplicate", "tls")
    ]
    distinct = {tuple(each[key] for key in IDENTITY): each for each in reports}
    kind_counts = Counter(letter.kind for letter in letters)
    return letters, {
        "documents": len(reports) + kind_counts["broken"],
        "stored": len(distinct),
        "duplicate": len(reports) - len(distinct),
        "refused": kind_counts["broken"],
        "ignored": kind_counts["ignored"],
        "records": sum(each["records"] for each in distinct.values()),
        "message_count": sum(each["messages"] for each in distinct.values()),
    }


@pytest.fixture(scope="module")
def mailbox(dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Mailbox:
    """Read once. The tests go on from there in any order, so each leaves it as it found it."""
    folder = tmp_path_factory.mktemp("mailbox")
    letters, expected = demo_letters(folder / "demo", MAILS - len(BY_HAND))
    kinds = Counter(letter.kind for letter in BY_HAND)
    expected["documents"] += kinds["broken"]
    expected["refused"] += kinds["broken"]
    expected["ignored"] += kinds["ignored"]
    letters[100:100] = BY_HAND
    user = dovecot.user()
    user.deliver(letter.raw for letter in letters)
    flagged = mark_some(user, [n for n, each in enumerate(letters, 1) if not each.is_report])
    config = settings(folder, user.toml(), workers=2)
    first = run("--config", config, "ingest", "--format", "json")
    return Mailbox(user, config, letters, expected, flagged, first)


def mark_some(user: User, uids: list[int]) -> dict[int, frozenset[str]]:
    """A person's own flags on every other of these mails; returned as they all then are."""
    with user.session("INBOX") as client:
        some = ",".join(map(str, uids[::2]))
        checked(client.uid("STORE", some, "+FLAGS", r"(\Flagged $Later)"))
    before = user.flags()
    assert set(before.values()) == {frozenset(), frozenset({"\\Flagged", "$Later"})}
    return {uid: before[uid] for uid in uids}


def counts(**changes: int) -> dict[str, int]:
    names = ("messages", "documents", "stored", "duplicate", "conflict", "refused", "ignored")
    return {**dict.fromkeys((*names, "records", "put_off", "seconds"), 0), **changes}


def test_five_hundred_mails_from_the_mailbox_to_the_store(mailbox: Mailbox) -> None:
    """Counts as the truth has them; reports moved, other people's mail as it was."""
    assert (mailbox.first.code, mailbox.first.err) == (0, "")
    expected = {key: n for key, n in mailbox.expected.items() if key != "message_count"}
    assert {**mailbox.first.json, "seconds": 0} == counts(messages=MAILS, **expected)
    counted = "(select document_id from dmarc_report where counted)"
    sums = f"select count(*), sum(message_count) from dmarc_record where document_id in {counted}"
    truth = (mailbox.expected["records"], mailbox.expected["message_count"])
    assert rows(mailbox.store, sums) == [truth]
    assert set(message_ids(mailbox.user, "Processed")) == set(mailbox.ids(reports=True))
    assert message_ids(mailbox.user) == mailbox.ids(reports=False)
    assert mailbox.user.flags() == mailbox.flagged
    assert not any(mailbox.user.flags("Processed").values())


def test_a_second_run_fetches_nothing(mailbox: Mailbox) -> None:
    before, sessions = derived(mailbox.store), bodies_fetched(mailbox.user)
    assert MAILS in sessions
    done = mailbox.ingest()
    assert done.code == 0
    assert {**done.json, "seconds": 0} == counts()
    assert bodies_fetched(mailbox.user)[len(sessions) :] == [0]
    assert derived(mailbox.store) == before


def bodies_fetched(user: User) -> list[int]:
    """How many mails each session of this user fetched that fetched no headers: from the log.

    Our own look into the folders asks for Message-IDs, which the server counts as headers.
    """
    told = rf"imap\({re.escape(user.name)}\).*hdr_count=0 .*body_count=(\d+)"
    return [int(number) for number in re.findall(told, user.server.log())]


def test_rebuild_gives_the_same_tables_row_for_row(mailbox: Mailbox) -> None:
    before = derived(mailbox.store)
    assert all(before[table] for table in ("outcome", "dmarc_record", "dmarc_spf", "tls_policy"))
    again = run("--config", mailbox.config, "rebuild", "--format", "json")
    assert again.code == 0, again
    assert again.json["documents"] == sum(1 for _ in before["outcome"])
    assert derived(mailbox.store) == before
    with duckdb.connect(str(mailbox.store)) as con:
        for table in DERIVED:
            con.execute(f"delete from {table} where hash({table}) % 3 = 0")
        con.execute("delete from tls_report")
        con.execute("update dmarc_record set message_count = message_count + 1")
    assert derived(mailbox.store) != before
    assert run("--config", mailbox.config, "rebuild").code == 0
    assert derived(mailbox.store) == before


def test_every_document_is_kept_byte_for_byte(mailbox: Mailbox) -> None:
    """Against the attachments of the mails, opened here by the standard library alone."""
    asked = "select message_id, document_id, document.sha256, bytes from carrier "
    asked += "join delivery using (carrier_id) join document using (document_id)"
    kept = {
        mail: (number, sha, bytes(data)) for mail, number, sha, data in rows(mailbox.store, asked)
    }
    sample: dict[str, tuple[int, bytes]] = {}
    for letter in mailbox.letters:
        if not letter.is_report:
            assert letter.message_id not in kept
            continue
        name, document = original(letter.raw)
        number, sha, data = kept[letter.message_id]
        assert data == document
        assert sha == hashlib.sha256(document).hexdigest()
        sample.setdefault(f"{letter.kind} {name.rpartition('.')[2]}", (number, document))
    assert set(sample) >= {"dmarc gz", "dmarc zip", "dmarc xml", "tls gz", "broken gz"}
    for number, document in sample.values():
        shown = run("--config", mailbox.config, "show", str(number), "--raw")
        assert (shown.code, shown.err) == (0, "")
        assert shown.out == document


def original(raw: bytes) -> tuple[str, bytes]:
    """(file name, document) of a report mail; a container that does not open, as it came."""
    for part in email.message_from_bytes(raw).walk():
        name = part.get_filename()
        if not name:
            continue
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if name.endswith(".gz"):
            return name, ungzipped(data)
        if name.endswith(".zip"):
            with zipfile.ZipFile(BytesIO(data)) as archive:
                return name, archive.read(archive.namelist()[0])
        return name, data
    raise AssertionError("a report mail without an attachment")


def ungzipped(data: bytes) -> bytes:
    opened = zlib.decompressobj(31)
    document = opened.decompress(data)
    return document if opened.eof else data


def test_the_same_mails_delivered_again_are_duplicates_and_are_moved(mailbox: Mailbox) -> None:
    before, moved = derived(mailbox.store), message_ids(mailbox.user, "Processed")
    again = [letter for letter in mailbox.letters if letter.is_report]
    mailbox.user.deliver(letter.raw for letter in again)
    done = mailbox.ingest("--strict")
    refused = mailbox.expected["refused"]
    assert done.code == 1  # --strict, and the broken ones are still broken
    assert {**done.json, "seconds": 0} == counts(
        messages=len(again), documents=len(again), duplicate=len(again) - refused, refused=refused
    )
    assert message_ids(mailbox.user) == mailbox.ids(reports=False)
    assert message_ids(mailbox.user, "Processed") == moved + mailbox.ids(reports=True)
    assert derived(mailbox.store) == before


# -- ways of settling -------------------------------------------------------------------------

FEW = (make_report_mail(1), make_ordinary_mail(1), make_broken_mail(1), make_tls_mail(1))


def few(user: User, place: Path, *more: str, **changes: Any) -> Path:
    user.deliver(letter.raw for letter in FEW)
    return settings(place, *more, user.toml(**changes))


def test_an_empty_processed_only_flags(tmp_path: Path, imap_user: User) -> None:
    config = few(imap_user, tmp_path, processed="")
    for messages in (4, 0):
        done = run("--config", config, "ingest", "--format", "json")
        assert (done.code, done.err) == (0, "")
        assert done.json["messages"] == messages
        flags = imap_user.flags()
        assert ["\\Seen" in flags[uid] for uid in (1, 2, 3, 4)] == [True, False, True, True]
        assert flags[2] == frozenset()
        assert imap_user.folders() == ["INBOX"]


def test_strict_ends_with_1_when_something_was_refused(tmp_path: Path, imap_user: User) -> None:
    config = few(imap_user, tmp_path)
    done = run("--config", config, "ingest", "--strict", "--format", "json")
    assert (done.code, done.err) == (1, "")
    assert done.json["refused"] == 1
    assert message_ids(imap_user).total() == 1
    again = run("--config", config, "ingest", "--strict", "--format", "json")
    assert (again.code, again.json["refused"]) == (0, 0)


# -- servers and settings that refuse ---------------------------------------------------------


def test_the_other_mailboxes_are_finished_first(
    tmp_path: Path, imap_user: User, dovecot: Dovecot
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("sesame-wrong\n")
    wrong.chmod(0o600)
    refusing = dovecot.user().toml(name="second", password_file="wrong")
    done = run("--config", few(imap_user, tmp_path, refusing), "ingest", "--format", "json")
    assert done.code == 3
    assert done.line.startswith('rua: mailbox "second"')
    assert "check username and password" in done.line
    assert "sesame" not in done.line
    assert done.json["stored"] == 2
    assert message_ids(imap_user).total() == 1
    assert message_ids(imap_user, "Processed").total() == 3


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "untrusted certificate": ({"ca_file": None}, "set ca_file"),
    "certificate of another name": ({"host": "127.0.0.4"}, "set host"),
    "wrong password": ({"password_file": "wrong"}, "check username and password"),
    "no STARTTLS": ({"host": "127.0.0.3", "security": "starttls"}, 'security = "tls"'),
    "no TLS": ({"host": "127.0.0.3", "port": "starttls"}, "speaks no TLS"),
    "no such folder": ({"folder": "Reprots"}, "INBOX"),
    "nobody there": ({"port": 1}, "check host and port"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_mailbox_that_cannot_be_read_is_one_line_and_changes_nothing(
    tmp_path: Path, imap_user: User, case: str
) -> None:
    changes, advice = REFUSALS[case]
    if changes.get("port") == "starttls":
        changes = {**changes, "port": imap_user.server.starttls_port}
    wrong = tmp_path / "wrong"
    wrong.write_text("sesame-wrong\n")
    wrong.chmod(0o600)
    config = few(imap_user, tmp_path, **changes)
    done = run("--config", config, "ingest", "--format", "json")
    assert done.code == 3
    assert done.line.startswith('rua: mailbox "reports"')
    assert advice in done.line
    assert "sesame" not in done.line
    assert imap_user.password not in done.line
    assert {**done.json, "seconds": 0} == counts()
    assert imap_user.flags() == dict.fromkeys(range(1, 5), frozenset())
    assert imap_user.folders() == ["INBOX"]
    store = tmp_path / "rua.duckdb"
    for table in (*DERIVED, "carrier", "document", "delivery", "ledger"):
        assert rows(store, f"select count(*) from {table}") == [(0,)]
    # All that is written down is that it was tried, for `rua status`.
    assert rows(store, "select count(problem) from run") == [(1,)]


MISTAKES: dict[str, tuple[str, str, str]] = {
    "unknown key": ("lock_timeot = 3", "key lock_timeot", "lock_timeout"),
    "misspelt key": ('[[mailbox]]\nusrname = "x"', "key mailbox.0.usrname", "username"),
    "unknown key of a domain": ('[domains."example.com"]\ngaol = "reject"', "gaol", "goal"),
    "wrong type": ('lock_timeout = "soon"', "key lock_timeout", "number"),
    "wrong word": ('[domains."example.com"]\ngoal = "win"', "goal", "reject"),
    "no TOML": ("[[mailbox", "TOML", "array declaration"),
    "no mailbox": ("", "[[mailbox]]", "rua ingest PATH"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_the_settings_is_one_line(tmp_path: Path, case: str) -> None:
    text, named, advice = MISTAKES[case]
    config = tmp_path / "rua.toml"
    config.write_text(text)
    done = run("--config", config, "ingest", cwd=tmp_path)
    assert done.code == 2
    assert done.out == b""
    assert named in done.line
    assert advice in done.line
    assert str(config) in done.line or case == "no mailbox"
    assert not list(tmp_path.glob("*.duckdb"))


def test_a_password_file_that_is_missing_is_a_mistake_too(tmp_path: Path, imap_user: User) -> None:
    done = run("--config", few(imap_user, tmp_path, password_file="none"), "ingest")
    assert done.code == 2
    assert "password_file" in done.line
