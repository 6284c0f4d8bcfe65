"""From raw mails and files to documents: every MIME part, every container, by content alone."""

import base64
import binascii
import email
import email.message
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.containers import Allowance, gunzip, inflate, unzip
from ingest.limits import DEPTH, PARTS
from ingest.sniff import Kind, sniff
from schemas.errors import BrokenContainer, LimitExceeded, Refusal

__all__ = ["Leaf", "extract"]

DOCUMENTS = (Kind.XML, Kind.JSON)
IGNORED = (Kind.PLACEHOLDER, Kind.FEEDBACK)
BASE64_ONLY = re.compile(rb"[A-Za-z0-9+/\s]++=*+\s*+")
EMBEDDED = re.compile(rb"<\?xml[^>]*>\s*<(\w+:)?feedback[\s>]|<(\w+:)?feedback[\s>]")
INLINE_LOOK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Leaf:
    """A document as it lay in its mail or file, or what could not be opened.

    `path` leads to it through its containers ("report.zip/report.xml"), as sent, untrusted.
    `ignored` marks placeholders and failure reports, which are counted and not kept.
    """

    kind: Kind
    data: bytes
    path: str = ""
    refusal: Refusal | None = None
    ignored: bool = False


def extract(raw: bytes, *, is_mail: bool, name: str = "") -> list[Leaf]:
    """Every document in a raw mail, or in a file when `is_mail` is False. Never raises Refusal:
    what cannot be opened is a leaf with its reason."""
    allowance = Allowance()
    leaves = _message(raw, allowance, 0) if is_mail else _leaf(raw, name, allowance, 0)
    return list(leaves)


def _message(raw: bytes, allowance: Allowance, depth: int) -> Iterator[Leaf]:
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        every = list(message.walk())
    except RecursionError:
        yield Leaf(Kind.MESSAGE, raw, refusal=LimitExceeded("MIME parts nested too deeply"))
        return
    if len(every) > PARTS:
        reason = f"{len(every)} MIME parts, more than {PARTS}"
        yield Leaf(Kind.MESSAGE, raw, refusal=LimitExceeded(reason))
        return
    if any(_is_failure_report(part) for part in every):
        # RFC 9991: a failure report quotes a stranger's mail, whose parts are no reports to us.
        yield Leaf(Kind.FEEDBACK, b"", ignored=True)
        return
    for part in every:
        if part.is_multipart() and not _is_encoded(part):
            continue
        yield from _leaf(_decoded(part), _part_name(part), allowance, depth)


def _is_failure_report(part: email.message.Message) -> bool:
    """RFC 9991 reports: the machine-readable part, or the type that announces it (Exim)."""
    kind = part.get_content_type()
    return kind == "message/feedback-report" or (
        kind == "multipart/report" and part.get_param("report-type") == "feedback-report"
    )


def _is_encoded(part: email.message.Message) -> bool:
    """An attached message in base64, which RFC 2046 §5.2.1 forbids and gateways send."""
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    return part.get_content_maintype() == "message" and encoding in ("base64", "quoted-printable")


def _decoded(part: email.message.Message) -> bytes:
    if part.is_multipart():
        inner = part.get_payload()
        text = inner[0].as_bytes() if isinstance(inner, list) and inner else b""
        return _from_base64(text) or text
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _part_name(part: email.message.Message) -> str:
    try:
        return part.get_filename() or ""
    except (LookupError, ValueError, TypeError):  # a charset or RFC 2231 form nobody knows
        return ""


def _leaf(data: bytes, path: str, allowance: Allowance, depth: int) -> Iterator[Leaf]:
    kind = sniff(data)
    if kind in IGNORED:
        yield Leaf(kind, data[:0], path, ignored=True)
    elif kind in DOCUMENTS:
        yield Leaf(kind, data, path)
    elif kind in (Kind.GZIP, Kind.ZLIB, Kind.ZIP, Kind.MESSAGE):
        yield from _container(kind, data, path, allowance, depth)
    else:
        yield from _hidden(data, path, allowance, depth)


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
        # Two zlib bytes are too weak a sign to call other people's attachments broken.
        if kind is not Kind.ZLIB or isinstance(refusal, LimitExceeded):
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


def _hidden(data: bytes, path: str, allowance: Allowance, depth: int) -> Iterator[Leaf]:
    """A report inside text: base64 that nobody declared (T13), or XML behind a greeting (D34)."""
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
