"""Hostile mails, each with the codes that its documents must end with; "read" is harmless text."""

import base64
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.mails.hostile_documents import (
    HEAD,
    MIB,
    RECORD,
    ROW,
    TLS_HEAD,
    entities,
    laughs,
    nested,
    nested_multiparts,
    report,
    zeros,
    zipped,
)

__all__ = ["ESCAPE", "NASTY", "Hostile", "good_mail", "hostile", "large", "slow"]

NASTY = "\x85\u202e<script>alert(1)</script>=cmd|'/C calc'!A0;\u009b31m$(touch canary)"
# C0 controls are no XML: reporters' mistakes are replaced, JSON and names of files can have them.
ESCAPE = "\x1b]0;owned\x07"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A mail, and the outcomes that its documents may have (none where it holds no document)."""

    name: str
    raw: bytes
    expected: frozenset[str]

    @property
    def message_id(self) -> str:
        return f"<{self.name}@hostile.example>"


def good_mail() -> bytes:
    return mail_of("good", report(RECORD), file_name="good.xml")


def mail_of(name: str, data: bytes, *, file_name: str = "report.xml.gz") -> bytes:
    """The bytes as the base64 body of a mail with the Message-ID <NAME@hostile.example>."""
    head = (
        f'Content-Type: application/octet-stream; name="{file_name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return _head(name) + head.encode() + base64.encodebytes(data)


def _head(name: str) -> bytes:
    return (
        f"From: a@hostile.example\r\nMessage-ID: <{name}@hostile.example>\r\n"
        f"Subject: =?utf-8?q?=1B[31m=3Dcmd?=\r\nMIME-Version: 1.0\r\n"
    ).encode()


def documents(canary: Path, port: int) -> Iterator[tuple[str, bytes, str]]:
    """(name, bytes of the attachment, outcomes) of what comes as an attachment."""
    yield "entity-expansion", entities(laughs()), "forbidden"
    external = f'<!ENTITY a SYSTEM "file://{canary}/secret">'
    yield "external-entity", entities(external), "forbidden"
    network = f'<!ENTITY % b SYSTEM "http://127.0.0.1:{port}/x"> %b;'
    yield "entity-from-the-network", entities(network), "forbidden"
    yield "gzip-bomb", zeros(1024 * MIB), "limit"
    yield "gzip-in-gzip", gzip.compress(zeros(1024 * MIB)), "limit"
    yield "zip-bomb", zipped({"a.xml.gz": zeros(300 * MIB)}), "limit"
    yield (
        "zip-of-zips",
        nested(lambda d: zipped({str(n): d for n in range(60)}), b"<x/>", 3),
        "limit not-a-report",
    )
    yield "zlib-bomb", zlib.compress(b"<a>" + bytes(200 * MIB)), "limit"
    yield "gzip-twenty-deep", nested(gzip.compress, report(RECORD), 20), "limit"
    yield "empty-elements", gzip.compress(report("<a/>" * 5_000_000), 1), "limit"
    yield "too-many-records", gzip.compress(report(RECORD * 101_000), 1), "limit"
    yield "deep-xml", report("<a>" * 10_000 + "</a>" * 10_000), "read"
    yield "deep-json", (TLS_HEAD + "[" * 10_000 + "]" * 10_000 + "}").encode(), "limit"
    yield "json-objects", (TLS_HEAD + "[" + "{}," * 2_000_000 + "{}]}").encode(), "limit"
    span = HEAD.replace("1700006400", "-62135596800").replace("1700092799", "253402300799")
    yield "date-span", report(RECORD, head=span), "read"
    yield (
        "year-292277026596",
        report(RECORD, head=HEAD.replace("1700092799", "9" * 18)),
        "malformed",
    )
    yield "fields", _fields(), "read"
    yield "json-fields", _json_fields(), "read"
    names = {f"../../../..{canary}/member.xml": report(RECORD), f"{canary}/{ESCAPE}.xml": b"<x/>"}
    yield "names", zipped(names), "read not-a-report"


def _fields() -> bytes:
    text = NASTY.replace("<", "&lt;")
    record = f"<record>{ROW.replace('192.0.2.1', text)}<identifiers><header_from>{text}"
    inside = record + "</header_from></identifiers></record>"
    head = HEAD.replace("receiver.example", text).replace("<report_id>1", f"<report_id>{text}")
    return report(inside, head=head.replace("example.com", text))


def _json_fields() -> bytes:
    text = (NASTY + ESCAPE).encode("unicode_escape").decode().replace("\\x", "\\u00")
    return (
        f'{{"organization-name": "{text}", "report-id": "{text}", "contact-info": "{text}", '
        '"date-range": {"start-datetime": "2026-11-01T00:00:00Z", '
        '"end-datetime": "2026-11-01T23:59:59Z"}, "policies": [{"policy": {"policy-type": '
        f'"{text}", "policy-domain": "{text}"}}, "summary": {{}}}}]}}'
    ).encode()


def mails() -> Iterator[tuple[str, bytes, str]]:
    """(name, header and body behind the first fields, outcomes) of what is the mail itself."""
    yield "deep-mime", nested_multiparts(10_000), "limit"
    yield (
        "deep-messages",
        b"Content-Type: message/rfc822\n\n" * 10_000 + b"Subject: x\n\nx",
        "limit",
    )
    yield "header-flood", b"X-Y: z\n" * 1_000_000 + b"\nx", "limit"
    yield "long-header", b"X: x\n" + b" y\n" * 500_000 + b"\n" + report(RECORD), "read"
    yield (
        "many-parts",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 50_000,
        "limit",
    )


def hostile(canary: Path, port: int) -> list[Hostile]:
    """All of them; `canary` and `port` are where nobody may write and nobody connect."""
    found = [
        Hostile(name, mail_of(name, data, file_name=f"..{canary}/{name}"), frozenset(codes.split()))
        for name, data, codes in documents(canary, port)
    ]
    for name, rest, codes in mails():
        found.append(Hostile(name, _head(name) + rest, frozenset(codes.split())))
    return found


def slow() -> Hostile:
    """What a reading process takes some seconds for."""
    document = gzip.compress(report(RECORD * 99_000), 1)
    return Hostile("slow", mail_of("slow", document), frozenset({"limit"}))


def large() -> Hostile:
    """Few bytes that become many: with one character of four bytes in a text, all have four."""
    document = f'{{"report-id": "{"a" * 31_000_000}\U0001f600", "policies": []}}'.encode()
    mail = mail_of("large", gzip.compress(document, 1))
    return Hostile("large", mail, frozenset({"limit"}))
