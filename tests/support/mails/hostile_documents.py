"""Builders of hostile input: what strangers send to bring a reader down."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

__all__ = [
    "HEAD",
    "MIB",
    "RECORD",
    "ROW",
    "TLS_HEAD",
    "broken",
    "directory_of",
    "entities",
    "laughs",
    "lzma_asking_for_memory",
    "mail",
    "nested",
    "nested_multiparts",
    "report",
    "zeros",
    "zipped",
]

MIB = 1024 * 1024
HEAD = (
    "<report_metadata><org_name>receiver.example</org_name><report_id>1</report_id><date_range>"
    "<begin>1700006400</begin><end>1700092799</end></date_range></report_metadata>"
    "<policy_published><domain>example.com</domain><p>none</p></policy_published>"
)
ROW = "<row><source_ip>192.0.2.1</source_ip><count>1</count></row>"
RECORD = f"<record>{ROW}</record>"
TLS_HEAD = '{"organization-name": "r", "report-id": "1", "policies": '


def report(inside: str, *, head: str = HEAD, before: str = "") -> bytes:
    return f"{before}<feedback>{head}{inside}</feedback>".encode()


def broken(inside: str) -> bytes:
    """A report that only mending can read."""
    return report(RECORD + inside + "&")


def entities(declarations: str, *, encoding: str = "utf-8", tail: str = "") -> bytes:
    text = f"<!DOCTYPE feedback [{declarations}]>" + report(RECORD).decode().replace(
        "example.com", "&a;"
    )
    return (text + tail).encode(encoding)


def laughs() -> str:
    names = "abcdefghijklmnop"
    return '<!ENTITY p "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{below};" * 10}">'
        for name, below in zip(names[-2::-1], names[:0:-1], strict=True)
    )


def zeros(size: int) -> bytes:
    """A gzip file of many zeros, without holding them."""
    stream = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = bytes(MIB)
    return b"".join(stream.compress(chunk) for _ in range(size // MIB)) + stream.flush()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def directory_of(entries: int) -> bytes:
    """A zip that is nothing but its directory, made without zipfile, which takes a minute."""
    data = zipped({"a": b""}, zipfile.ZIP_STORED)
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    directory = data[start:end] * entries
    closing = bytearray(data[end:])
    closing[12:16] = struct.pack("<I", len(directory))
    return data[:start] + directory + bytes(closing)


def lzma_asking_for_memory() -> bytes:
    """A zip member whose LZMA header asks for a dictionary of 4 GiB."""
    data = bytearray(zipped({"a.xml": report(RECORD)}, zipfile.ZIP_LZMA))
    start = data.index(b"a.xml") + len("a.xml")
    data[start + 5 : start + 9] = struct.pack("<I", 0xFFFFFFFF)
    return bytes(data)


def nested_multiparts(depth: int, lines: int = 0) -> bytes:
    out = []
    for n in range(depth):
        out.append(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n')
    return "".join(out).encode() + b"\n" + b"x\n" * lines


def mail(body: bytes, content_type: str = "text/plain") -> bytes:
    return f"From: a@b.example\nContent-Type: {content_type}\n\n".encode() + body


def nested(wrap: Callable[[bytes], bytes], data: bytes, depth: int) -> bytes:
    for _ in range(depth):
        data = wrap(data)
    return data
