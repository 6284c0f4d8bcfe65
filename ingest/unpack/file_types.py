"""Tells file types by content alone: types, names and Subjects are often wrong (D31, D32, T13)."""

import re

from ingest.model.document import Kind

__all__ = ["sniff"]

LOOK = 4096


# The first tag of an XML document; mails also begin with <https://…> and <someone@…>.
FIRST_TAG = re.compile(rb"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s>/])")
XML_OPENING = re.compile(rb"<(\?xml|!--|!DOCTYPE|!ENTITY|\?)", re.IGNORECASE)
JSON_OPENING = re.compile(rb'\{\s*("|\})')
HTML_TAGS = frozenset(
    b"html head body div p span table tbody tr td br a img font center meta style title link "
    b"script h1 h2 h3 h4 ul ol li b i u em strong hr blockquote pre section article".split()
)
# RFC 5322 §2.2: a message begins with a field, and one of these is among the first.
HEADER_LINE = re.compile(rb"(From [^\r\n]*\r?\n)?[!-9;-~]{1,76}:[ \t]?[^\r\n]*\r?\n")
USUAL_FIELD = re.compile(
    rb"^(Return-Path|Received|From|To|Date|Subject|Message-ID|MIME-Version|Content-Type):",
    re.IGNORECASE | re.MULTILINE,
)
BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def sniff(data: bytes) -> Kind:
    """The kind of `data`, from its first 4 KiB."""
    if data[:2] == b"\x1f\x8b":
        return Kind.GZIP
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return Kind.ZIP
    head = _as_ascii(data[:LOOK])
    text = head.lstrip()
    if text[:1] == b"<":
        return _sniff_markup(text)
    if len(data) < LOOK and text.strip().lower() == b"unused":
        return Kind.PLACEHOLDER
    # RFC 1950 §2.2: method 8 in the low nibble, and the first two bytes a multiple of 31.
    if data[:1] == b"\x78" and len(data) > 2 and (data[0] * 256 + data[1]) % 31 == 0:
        return Kind.ZLIB
    return _sniff_text(text)


def _sniff_text(text: bytes) -> Kind:
    if JSON_OPENING.match(text):
        return Kind.JSON
    if text[:14].lower() == b"feedback-type:":
        return Kind.FEEDBACK
    if HEADER_LINE.match(text) and USUAL_FIELD.search(text):
        return Kind.MESSAGE
    return Kind.OTHER


def _sniff_markup(text: bytes) -> Kind:
    tag = FIRST_TAG.search(text)
    if tag and tag[2].lower() in HTML_TAGS:
        return Kind.OTHER
    at_start = tag is not None and tag.start() == 0
    return Kind.XML if at_start or XML_OPENING.match(text) else Kind.OTHER


def _as_ascii(head: bytes) -> bytes:
    """The head without a byte-order mark, UTF-16 reduced to one byte a character."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            rest = head[len(mark) :]
            return rest if encoding == "utf-8" else rest.replace(b"\x00", b"")
    # XML 1.0 App. F: without a mark, the zeros of the first two characters show the encoding.
    zeros = [byte == 0 for byte in head[:4]]
    if zeros in ([False, True, False, True], [True, False, True, False]):
        return head.replace(b"\x00", b"")
    return head
