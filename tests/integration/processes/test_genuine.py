"""Genuine, unproven and forged reports from end to end: a real mailbox, a real DNS, `rua ingest`.

Each report tells of a number of messages of its own, so that a sum says which of them count.
"""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from tests.support.mails.mails import make_tls_mail
from tests.support.mails.signed import Key, make_key, signed
from tests.support.process.rua_command import Done, rows, run, settings
from tests.support.servers.dovecot import User
from tests.support.servers.knot import Dns, silent_port

MAY = ("--since", "2026-05-01", "--until", "2026-05-31")
GOOGLE, EVIL = "google.com", "evil.example"
MX = "mx.example.com"
HOST_NAMES = "rua: host names looked up for "


def report_mail(
    messages: int, org_name: str = GOOGLE, author: str = GOOGLE, *, day: int = 4
) -> bytes:
    """A report of so many messages, which says that it is of `org_name`, mailed by `author`."""
    begin = int(datetime(2026, 5, day, tzinfo=UTC).timestamp())
    document = f"""<feedback><report_metadata><org_name>{org_name}</org_name>
    <email>noreply@{org_name}</email><report_id>r{messages}</report_id><date_range>
    <begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
    <policy_published><domain>example.com</domain><p>none</p></policy_published><record><row>
    <source_ip>198.51.100.{messages % 250}</source_ip><count>{messages}</count><policy_evaluated>
    <disposition>none</disposition><dkim>pass</dkim><spf>pass</spf></policy_evaluated></row>
    <identifiers><header_from>example.com</header_from></identifiers></record></feedback>"""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"noreply@{author}"
    mail["To"] = "dmarc@example.com"
    mail["Subject"] = f"Report Domain: example.com Submitter: {org_name}"
    mail["Date"] = datetime(2026, 5, day + 1, tzinfo=UTC)
    mail["Message-ID"] = f"<{messages}@{author}>"
    mail.set_content("See the attachment.\n")
    data = gzip.compress(document.encode(), mtime=0)
    mail.add_attachment(data, maintype="application", subtype="gzip", filename="report.xml.gz")
    return mail.as_bytes()


def tampered(raw: bytes) -> bytes:
    assert b"See the attachment." in raw
    return raw.replace(b"See the attachment.", b"See the attachment!")


@pytest.fixture(scope="module")
def google() -> Key:
    return make_key("google")


class Postmaster:
    """A mailbox, its settings and the store; asked as a person would ask."""

    def __init__(self, folder: Path, user: User) -> None:
        self._folder = folder
        self._user = user
        self.config = folder / "rua.toml"
        self.store = folder / "rua.duckdb"

    def configure(self, *, authserv_id: str | None = None, **dns: Any) -> None:
        lines = [f"{key} = {json.dumps(value)}" for key, value in dns.items()]
        self.config = settings(
            self._folder, "\n".join(["[dns]", *lines]), self._user.toml(authserv_id=authserv_id)
        )

    def ingest(self, mails: Iterable[bytes]) -> Done:
        self._user.deliver(mails)
        done = run("--config", self.config, "ingest", "--format", "json", offline=False)
        said = [line for line in done.err.splitlines() if not line.startswith(HOST_NAMES)]
        assert (done.code, said) == (0, []), done  # of the keys it says nothing
        return done

    def ask(self, *words: str) -> list[dict[str, Any]]:
        done = run("--config", self.config, *words, "--format", "json")
        assert done.code == 0, done
        found: list[dict[str, Any]] = done.json
        return found

    def authenticity(self) -> dict[int, str]:
        """{messages of a report: what its mail proves}"""
        asked = """select message_count, authenticity from dmarc_record
            join dmarc_report using (document_id)"""
        return dict(rows(self.store, asked))

    def counted(self) -> int:
        """The messages that count."""
        asked = "select coalesce(sum(message_count), 0)::bigint from dmarc_message"
        return int(rows(self.store, asked)[0][0])


@pytest.fixture
def postmaster(tmp_path: Path, imap_user: User, dns: Dns) -> Postmaster:
    postmaster = Postmaster(tmp_path, imap_user)
    postmaster.configure(nameservers=[dns.nameserver])
    return postmaster


@pytest.fixture
def googles_key(dns: Dns, google: Key) -> Key:
    dns.text(f"s1._domainkey.{GOOGLE}", google.record)
    return google


def test_signed_is_verified_and_what_was_tampered_with_proves_nothing(
    postmaster: Postmaster, dns: Dns, googles_key: Key
) -> None:
    """RFC 6376 §6.1: a signature that fails is as none. Beside google's own it does not count."""
    other = "yahoo.com"
    postmaster.ingest(
        [
            signed(report_mail(1), googles_key, GOOGLE),
            tampered(signed(report_mail(10), googles_key, GOOGLE)),
            signed(report_mail(100, other, other), googles_key, other),
            report_mail(1000, "unsigned.example", "unsigned.example"),
        ]
    )
    expected = {1: "verified", 10: "unverified", 100: "unverified", 1000: "unverified"}
    assert postmaster.authenticity() == expected
    assert dns.asked()["TXT"] == 2
    by_sql = "select sum(message_count)::bigint as messages from dmarc_message"
    for words in (("sql", by_sql), ("domains", *MAY), ("sources", *MAY)):
        assert sum(row["messages"] for row in postmaster.ask(*words)) == 1101
    (domain,) = postmaster.ask("domains", *MAY)
    assert domain["unverified"] == 1100


def test_rfc8460_3_a_tls_report_with_a_wrong_signature_fails_and_counts_nowhere(
    postmaster: Postmaster, dns: Dns
) -> None:
    key, domain = make_key("tls"), "reporter.example.net"
    dns.text(f"s1._domainkey.{domain}", f"v=DKIM1; s=tlsrpt; p={key.public}")
    good, wrong, none = (make_tls_mail(number).raw for number in (1, 2, 3))
    postmaster.ingest([signed(good, key, domain), tampered(signed(wrong, key, domain)), none])
    asked = "select report_id, authenticity, counted from tls_report order by report_id"
    assert rows(postmaster.store, asked) == [
        ("tls-1", "verified", True),
        ("tls-2", "failed", False),
        ("tls-3", "failed", False),
    ]
    failed = postmaster.ask("reports", *MAY, "--authenticity", "failed")
    assert {row["report_id"] for row in failed} == {"tls-2", "tls-3"}


def test_a_forged_report_does_not_count_once_the_forged_reporter_is_verified(
    postmaster: Postmaster, dns: Dns, googles_key: Key
) -> None:
    """Its mail proves the attacker's own domain, which is not the one that the report names."""
    attacker = make_key("attacker")
    dns.text(f"s1._domainkey.{EVIL}", attacker.record)
    forged = signed(report_mail(10, GOOGLE, EVIL), attacker, EVIL)
    postmaster.ingest([forged])
    assert postmaster.authenticity() == {10: "unverified"}
    assert postmaster.counted() == 10
    postmaster.ingest([signed(report_mail(1), googles_key, GOOGLE)])
    assert postmaster.authenticity() == {1: "verified", 10: "unverified"}
    assert postmaster.counted() == 1
    postmaster.ingest([signed(report_mail(100, GOOGLE, EVIL, day=9), attacker, EVIL)])
    assert postmaster.counted() == 1


def test_with_authserv_id_the_header_decides_and_dns_is_not_asked(
    postmaster: Postmaster, dns: Dns, googles_key: Key
) -> None:
    postmaster.configure(nameservers=[dns.nameserver], authserv_id=MX)

    def says(result: str, raw: bytes, name: str = MX) -> bytes:
        text = f"Authentication-Results: {name}; dmarc={result} header.from={GOOGLE}\r\n"
        return text.encode() + raw

    good = [signed(report_mail(messages), googles_key, GOOGLE) for messages in (1, 10, 100)]
    postmaster.ingest([says("pass", tampered(good[0])), says("fail", good[1])])
    assert postmaster.authenticity() == {1: "verified", 10: "failed"}
    assert "TXT" not in dns.asked()
    postmaster.ingest([says("fail", good[2], "mx.evil.example")])
    assert postmaster.authenticity()[100] == "verified"
    assert dns.asked()["TXT"] == 1
    failed = postmaster.ask("reports", *MAY, "--authenticity", "failed")
    assert [row["messages"] for row in failed] == [10]
    for words in (("domains", *MAY), ("sources", *MAY)):
        assert sum(row["messages"] for row in postmaster.ask(*words)) == 101


def test_offline_asks_nothing(postmaster: Postmaster, dns: Dns, googles_key: Key) -> None:
    postmaster.configure(nameservers=[dns.nameserver], offline=True)
    good = signed(report_mail(1), googles_key, GOOGLE)
    postmaster.ingest([good, tampered(signed(report_mail(10), googles_key, GOOGLE))])
    assert postmaster.authenticity() == {1: "unverified", 10: "unverified"}
    assert postmaster.counted() == 11
    assert dns.asked() == {}


def test_dns_that_cannot_be_reached_costs_seconds_and_no_report(
    postmaster: Postmaster, googles_key: Key
) -> None:
    with silent_port() as was_open:
        closed = was_open
    postmaster.configure(nameservers=[closed], timeout=1)
    domains = [f"receiver{number}.example" for number in range(60)]
    mails = [
        signed(report_mail(number, domain, domain), googles_key, domain)
        for number, domain in enumerate(domains, 1)
    ]
    done = postmaster.ingest(mails)
    assert done.json["seconds"] < 30  # sixty look-ups would take sixty
    assert done.json["stored"] == 60
    assert set(postmaster.authenticity().values()) == {"unverified"}
    assert postmaster.counted() == sum(range(61))


def test_require_verified_counts_only_what_is_proven(
    postmaster: Postmaster, dns: Dns, googles_key: Key
) -> None:
    postmaster.ingest(
        [
            signed(report_mail(1), googles_key, GOOGLE),
            report_mail(1000, "unsigned.example", "unsigned.example"),
        ]
    )
    text = postmaster.config.read_text()
    postmaster.config.write_text("require_verified = true\n" + text)
    (domain,) = postmaster.ask("domains", *MAY)
    assert (domain["messages"], domain["unverified"]) == (1, 0)
