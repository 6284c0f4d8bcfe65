"""Containers and parts: what the golden mails cannot show, one rule a test."""

import base64
import bz2
import gzip
import io
import zipfile
import zlib
from email.message import EmailMessage

import pytest

from ingest.model.document import Kind
from ingest.model.limits import DEPTH, MEMBERS, PARTS
from ingest.unpack import documents as extracting
from ingest.unpack.documents import Leaf, extract
from ingest.unpack.file_types import sniff

XML = b"<?xml version='1.0'?>\n<feedback><report_metadata/></feedback>\n"
JSON = b'{"organization-name": "r", "report-id": "1"}'


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def opened(data: bytes, name: str = "") -> list[Leaf]:
    return extract(data, is_mail=False, name=name)


def contents(leaves: list[Leaf]) -> list[bytes]:
    return [leaf.data for leaf in leaves if leaf.refusal is None and not leaf.ignored]


def codes(leaves: list[Leaf]) -> list[str]:
    return [leaf.refusal.code for leaf in leaves if leaf.refusal is not None]


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(XML),
        gzip.compress(XML) + b"\r\n\r\n",
        gzip.compress(XML[:20]) + gzip.compress(XML[20:]),
        gzip.compress(gzip.compress(XML)),
        gzip.compress(zipped(("a.xml", XML))),
        zlib.compress(XML),
        zlib.compress(XML) + b"\r\n",
        zipped(("a.xml", XML)),
        zipped(("a.xml", XML), method=zipfile.ZIP_STORED),
        zipped(("a.zip", zipped(("b.gz", gzip.compress(XML))))),
        zipped(("a.xml.gz", gzip.compress(XML))),
        base64.b64encode(gzip.compress(XML)),
        base64.encodebytes(XML),
    ],
    ids=range(13),  # the bytes hold the time of day, and each process of xdist makes its own
)
def test_containers_are_opened_by_their_content(data: bytes) -> None:
    assert contents(opened(data)) == [XML]


def test_every_member_is_read_and_named_by_its_path() -> None:
    inner = zipped(("two.json", JSON))
    data = zipped(("d/", b""), ("d/one.xml", XML), ("in.zip", inner), ("read.me", b"hello\n"))
    assert [(leaf.path, leaf.kind) for leaf in opened(data, "a.zip")] == [
        ("a.zip/d/one.xml", Kind.XML),
        ("a.zip/in.zip/two.json", Kind.JSON),
    ]


def test_what_macos_adds_is_no_document() -> None:
    data = zipped(("a.xml", XML), ("__MACOSX/._a.xml", XML))
    assert [leaf.path for leaf in opened(data)] == ["a.xml"]


@pytest.mark.parametrize(
    "name", ["[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype"], ids=["docx", "jar", "odt"]
)
def test_other_peoples_zips_hold_no_documents(name: str) -> None:
    assert opened(zipped((name, b"<Types/>"), ("word/document.xml", b"<document/>"))) == []


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(XML)[:-9],
        gzip.compress(XML)[:-5] + b"\x00" * 5,
        zlib.compress(XML * 50)[:-6],
        zipped(("a.xml", XML))[:-30],
        zipped(("a.xml", XML), method=zipfile.ZIP_BZIP2),
    ],
    ids=["truncated gzip", "wrong sum", "truncated zlib", "truncated zip", "bzip2 in zip"],
)
def test_what_does_not_open_is_kept_as_it_came(data: bytes) -> None:
    leaves = opened(data)
    assert codes(leaves) == ["broken-container"]
    assert leaves[0].data == data


def test_a_member_without_a_name_is_read_like_any_other() -> None:
    """Found by tests/soak/soak.py: the standard library asks for the last character of what is left
    of a name before a NUL."""
    data = zipped(("x.xml", XML), ("folder/", b"")).replace(b"x.xml", b"\0.xml")
    assert contents(opened(data)) == [XML]


def test_a_broken_member_does_not_hide_the_others() -> None:
    data = bytearray(zipped(("a.xml", XML), ("b.json", JSON), method=zipfile.ZIP_STORED))
    data[data.index(b"feedback")] = ord("F")
    leaves = opened(bytes(data))
    assert contents(leaves) == [JSON]
    assert codes(leaves) == ["broken-container"]


@pytest.mark.parametrize("data", [b"x\x9cis no zlib", bz2.compress(XML), b""])
def test_bytes_of_other_kinds_are_nobodys_documents(data: bytes) -> None:
    assert opened(data) == []


def test_limits_of_depth_and_of_members() -> None:
    deep = XML
    for _ in range(DEPTH):
        deep = gzip.compress(deep)
    assert contents(opened(deep)) == [XML]
    assert codes(opened(gzip.compress(deep))) == ["limit"]
    full = [(str(n), XML) for n in range(MEMBERS)]
    assert len(contents(opened(zipped(*full)))) == MEMBERS
    assert codes(opened(zipped(*full, ("more", XML)))) == ["limit"]


def test_a_message_cannot_fill_the_store_with_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extracting, "LEAVES", 10)
    data = zipped(*((f"{n}.zip", zipped(("a", XML), ("b", XML))) for n in range(6)))
    leaves = opened(data)
    assert len(contents(leaves)) == 10
    assert codes(leaves) == ["limit"]
    assert leaves[-1].data == data


def attached(data: bytes, filename: str | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "dmarc@receiver.example"
    mail.set_content("A report.\n")
    mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=filename)
    return mail


def of_mail(mail: EmailMessage | bytes) -> list[Leaf]:
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    return extract(raw, is_mail=True)


def test_two_attachments_are_two_documents() -> None:
    mail = attached(gzip.compress(XML))
    mail.add_attachment(zipped(("b.json", JSON)), maintype="text", subtype="plain")
    assert contents(of_mail(mail)) == [XML, JSON]


def test_a_message_within_a_message_within_a_message() -> None:
    mail = attached(gzip.compress(XML), filename="a.xml.gz")
    for _ in range(4):
        outer = EmailMessage()
        outer.set_content("Forwarded.\n")
        outer.add_attachment(mail)
        mail = outer
    assert [(leaf.path, leaf.data) for leaf in of_mail(mail)] == [("a.xml.gz", XML)]


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", "7bit", "x-unknown"])
def test_every_transfer_encoding_of_xml(encoding: str) -> None:
    body = {"base64": base64.encodebytes(XML), "quoted-printable": XML.replace(b"=", b"=3D")}
    head = f"From: a@b.example\nContent-Type: text/xml\nContent-Transfer-Encoding: {encoding}\n\n"
    (leaf,) = of_mail(head.encode() + body.get(encoding, XML))
    assert leaf.data.strip() == XML.strip()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252"])
def test_xml_and_json_are_known_in_every_encoding(encoding: str) -> None:
    assert sniff(XML.decode().encode(encoding)) is Kind.XML
    assert sniff(("\r\n " + JSON.decode()).encode(encoding)) is Kind.JSON


def test_a_failure_report_is_ignored_and_what_stands_beside_it_is_not() -> None:
    failure = EmailMessage()
    failure["Subject"] = "FW: spam"
    failure.set_content("This is a failure report.\n")
    failure.add_attachment(attached(gzip.compress(XML)))
    failure.add_attachment(b"x", maintype="text", subtype="plain")
    *_, last = failure.iter_attachments()
    last.replace_header("Content-Type", "message/feedback-report")
    assert [leaf.ignored for leaf in of_mail(failure)] == [True]
    outer = attached(gzip.compress(XML))
    outer.add_attachment(failure)
    assert sorted(leaf.ignored for leaf in of_mail(outer)) == [False, True]
    assert contents(of_mail(outer)) == [XML]


def test_html_with_the_word_feedback_is_no_document() -> None:
    mail = EmailMessage()
    mail.set_content("Your <feedback> is welcome at <https://example.com>.\n")
    mail.add_alternative("<!DOCTYPE html><html><body><feedback></body></html>", subtype="html")
    assert of_mail(mail) == []


@pytest.mark.parametrize("body", [b"unused", b"  Unused\r\n", b"UNUSED\n"])
def test_the_placeholder_is_ignored(body: bytes) -> None:
    """D29: Yahoo sent it in place of a report."""
    (leaf,) = opened(gzip.compress(body))
    assert leaf.ignored


def test_too_many_parts_refuse_the_message_whole() -> None:
    part = b"--b\nContent-Type: text/plain\n\nx\n"
    head = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"
    assert of_mail(head + part * (PARTS - 1) + b"--b--\n") == []
    refused = of_mail(head + part * PARTS + b"--b--\n")
    assert codes(refused) == ["limit"]
    assert refused[0].data == head + part * PARTS + b"--b--\n"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "\x1b[31mred",
        "=cmd()",
        "<script>",
        "a" * 3000,
    ],
)
def test_names_are_text_and_nothing_more(name: str) -> None:
    (leaf,) = opened(zipped((name, XML)))
    assert leaf.path == name


@pytest.mark.parametrize(
    "header",
    [
        "filename*=unicode_escape''%5Cud800",
        "filename*=nobody-knows''a",
        "filename==?x?y?z?=",
        "filename*0*=utf-8'';filename*9999999999=b",
    ],
)
def test_names_in_forms_nobody_knows_do_not_hide_the_document(header: str) -> None:
    head = f"From: a@b.example\nContent-Disposition: attachment; {header}\n\n".encode()
    (leaf,) = of_mail(head + XML)
    leaf.path.encode()
    assert leaf.data == XML
