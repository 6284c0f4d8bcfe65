"""One report counts once, whatever road it takes; two that contradict each other never add up."""

import gzip
import zipfile
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from tests.support.mails.mails import make_report_mail
from tests.support.process.rua_command import message_ids, rows, run, settings
from tests.support.servers.dovecot import Dovecot

COUNTED = "select count(distinct document_id), sum(message_count) from dmarc_message"


def forwarded(raw: bytes) -> bytes:
    """A colleague's mail with the report's mail attached, as message/rfc822."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = "colleague@example.com", "dmarc@example.com"
    mail["Subject"] = "Fwd: is this for you?"
    mail.set_content("It came to me.")
    mail.add_attachment(raw, "application", "octet-stream", filename="original.eml")
    return mail.as_bytes()


def test_one_report_by_many_roads(tmp_path: Path) -> None:
    letter = make_report_mail(1)
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "1-mail.eml").write_bytes(letter.raw)
    (folder / "2-zipped.eml").write_bytes(make_report_mail(1, container="zip").raw)
    (folder / "3-bare.xml").write_bytes(letter.document)
    (folder / "4-packed.gz").write_bytes(gzip.compress(gzip.compress(letter.document)))
    with zipfile.ZipFile(folder / "5-archive.zip", "w") as archive:
        archive.writestr("deep/report.xml", letter.document)
        archive.writestr("again.xml", letter.document)
    (folder / "6-forwarded.eml").write_bytes(forwarded(letter.raw))
    (folder / "7-other-markup.xml").write_bytes(letter.document.replace(b"><", b">\n <"))
    done = run("--store", tmp_path / "s.duckdb", "ingest", folder, "--format", "json").json
    assert (done["documents"], done["stored"], done["duplicate"]) == (8, 1, 7)
    assert rows(tmp_path / "s.duckdb", COUNTED) == [(1, letter.messages)]


def test_one_report_in_two_mailboxes_is_stored_once_and_moved_in_both(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    letter = make_report_mail(1)
    users = [dovecot.user(), dovecot.user()]
    for user in users:
        user.deliver([letter.raw])
    config = settings(tmp_path, *(user.toml(name=f"box{n}") for n, user in enumerate(users)))
    done = run("--config", config, "ingest", "--format", "json").json
    assert (done["stored"], done["duplicate"]) == (1, 1)
    for user in users:
        assert not message_ids(user)
        assert list(message_ids(user, "Processed")) == [letter.message_id]
    assert rows(tmp_path / "rua.duckdb", COUNTED) == [(1, letter.messages)]
    brought = "select count(*) from delivery"
    assert rows(tmp_path / "rua.duckdb", brought) == [(2,)]


def test_a_contradiction_is_shown_and_never_added(tmp_path: Path) -> None:
    letter = make_report_mail(1)
    other = letter.document.replace(b"<count>2<", b"<count>999<")
    assert other != letter.document
    (tmp_path / "1.xml").write_bytes(letter.document)
    (tmp_path / "2.xml").write_bytes(other)
    store = tmp_path / "s.duckdb"
    done = run("--store", store, "ingest", tmp_path / "1.xml", tmp_path / "2.xml")
    assert done.code == 0
    assert rows(store, COUNTED) == [(1, letter.messages)]
    shown = run("--store", store, "quarantine", "list", "--format", "json").json
    assert [(row["status"], row["of_id"]) for row in shown] == [("conflict", 1)]
    kept = run("--store", store, "show", str(shown[0]["id"]), "--raw")
    assert kept.out == other
