"""Finds the documents in mails and files: in every MIME part and container, by content alone."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ingest.model.document import Kind
from ingest.model.limits import DEPTH, LEAVES
from ingest.unpack.archives import Allowance, gunzip, inflate, peek_zlib, unzip
from ingest.unpack.file_types import sniff
from ingest.unpack.mime import Message, parse_message, part_bytes, part_name, report_parts
from schemas.errors import BrokenContainer, LimitExceeded, Refusal

__all__ = ["Leaf", "extract"]

DOCUMENTS = (Kind.XML, Kind.JSON)
CONTAINERS = (Kind.GZIP, Kind.ZLIB, Kind.ZIP)
IGNORED = (Kind.PLACEHOLDER, Kind.FEEDBACK)
BASE64_ONLY = re.compile(rb"[A-Za-z0-9+/\s]++=*+\s*+")
EMBEDDED = re.compile(rb"(<\?xml[^<>]*+>\s*+)?<(?:\w++:)?+feedback(?=[\s>])")
INLINE_LOOK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Leaf:
    """A document as found in its mail or file, or a container that could not be opened.

    `path` names its containers and itself ("report.zip/report.xml"), as sent, untrusted.
    `ignored` marks placeholders and failure reports, which are counted and not stored.
    """

    kind: Kind
    data: bytes
    path: str = ""
    refusal: Refusal | None = None
    ignored: bool = False


def extract(raw: bytes, *, is_mail: bool, name: str = "") -> list[Leaf]:
    """Every document in a raw mail, or in a file when `is_mail` is False. Never raises Refusal:
    a container that cannot be opened is a leaf with the reason."""
    allowance = Allowance()
    name = name.encode("utf-8", "replace").decode()  # a file name may be any bytes
    found = _message(raw, allowance, 0) if is_mail else _leaf(raw, name, allowance, 0)
    leaves = list(islice(found, LEAVES))
    if next(found, None) is not None:
        reason = f"more than {LEAVES} documents in one message"
        leaves.append(Leaf(sniff(raw), raw, name, LimitExceeded(reason)))
    return leaves


def _message(raw: bytes, allowance: Allowance, depth: int) -> Iterator[Leaf]:
    try:
        message = parse_message(raw)
    except LimitExceeded as refusal:
        yield Leaf(Kind.MESSAGE, raw, refusal=refusal)
        return
    for part in report_parts(message):
        if part is None:
            # RFC 9991: a failure report quotes another mail, whose parts are no reports.
            yield Leaf(Kind.FEEDBACK, b"", ignored=True)
        else:
            yield from _part(part, allowance, depth)


def _part(part: Message, allowance: Allowance, depth: int) -> Iterator[Leaf]:
    data = part_bytes(part)
    if part.is_multipart():  # an attached message, encoded: its text is not a message yet
        data = _from_base64(data) or data
    yield from _leaf(data, part_name(part), allowance, depth)


def _leaf(data: bytes, path: str, allowance: Allowance, depth: int) -> Iterator[Leaf]:
    kind = sniff(data)
    if kind in IGNORED:
        yield Leaf(kind, data[:0], path, ignored=True)
    elif kind in DOCUMENTS:
        yield Leaf(kind, data, path)
    elif kind is Kind.MESSAGE or kind in CONTAINERS:
        yield from _container(kind, data, path, allowance, depth)
    else:
        yield from _embedded(data, path, allowance, depth)


def _container(
    kind: Kind, data: bytes, path: str, allowance: Allowance, depth: int
) -> Iterator[Leaf]:
    if depth >= DEPTH:
        reason = f"containers nested deeper than {DEPTH}"
        yield Leaf(kind, data, path, LimitExceeded(reason))
        return
    if kind is Kind.MESSAGE:
        yield from _message(data, allowance, depth + 1)
        return
    try:
        yield from _opened(kind, data, path, allowance, depth)
    except (BrokenContainer, LimitExceeded) as refusal:
        # Two zlib bytes are too weak a sign to call an attachment broken.
        is_sure = kind is not Kind.ZLIB or sniff(peek_zlib(data)) in DOCUMENTS
        if is_sure or isinstance(refusal, LimitExceeded):
            yield Leaf(kind, data, path, refusal)


def _opened(kind: Kind, data: bytes, path: str, allowance: Allowance, depth: int) -> Iterator[Leaf]:
    if kind is Kind.GZIP:
        yield from _leaf(gunzip(data, allowance), path, allowance, depth + 1)
    elif kind is Kind.ZLIB:
        yield from _leaf(inflate(data, allowance), path, allowance, depth + 1)
    else:
        broken = None
        for member in unzip(data, allowance):
            if member.error is not None:
                broken = member.error
            else:
                inner = f"{path}/{member.name}" if path else member.name
                yield from _leaf(member.data, inner, allowance, depth + 1)
        if broken is not None:
            raise broken


def _embedded(data: bytes, path: str, allowance: Allowance, depth: int) -> Iterator[Leaf]:
    """A report inside text: undeclared base64 (T13), or XML after a greeting (D34)."""
    decoded = _from_base64(data)
    if decoded and sniff(decoded) in (*DOCUMENTS, Kind.GZIP, Kind.ZIP):
        yield from _leaf(decoded, path, allowance, depth)
        return
    found = EMBEDDED.search(data, 0, INLINE_LOOK)
    if found and b"feedback>" in data[found.end() :]:
        yield Leaf(Kind.XML, data[found.start() :], path)


def _from_base64(data: bytes) -> bytes:
    if len(data) < 64 or not BASE64_ONLY.fullmatch(data):
        return b""
    try:
        return base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return b""
