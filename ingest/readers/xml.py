"""XML parsed as a stream within limits; the only module here that imports lxml.

A well-formed document is parsed strictly. Only when that fails is the text mended, each mend
named, and parsed leniently; a document that ends too early is refused, since the part that is
missing cannot be counted.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from ingest.limits import RECORDS, TAGS_BETWEEN_RECORDS
from schemas.errors import Forbidden, LimitExceeded, Malformed, NotAReport

__all__ = ["Element", "Parsed", "children", "local_name", "parse", "serialise", "text_of"]

Element = Any  # lxml ships no types; etree._Element is what it is

CHUNK = 64 * 1024
ROOT = "feedback"
DECLARED_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
SCHEMA_WRAPPER = re.compile(r"</?xs:schema[^>]*>")
ADDRESS_IN_BRACKETS = re.compile(r"<([^<>\s/@\"']{1,64}@[^<>\s/@\"']{1,253})>")
BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 §2.2
END = re.compile(r"</(?:[\w.-]+:)?feedback\s*>")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The root without its records, what `take` made of each record, and what was mended."""

    root: Element
    records: list[Any]
    repairs: tuple[str, ...]


def parse(data: bytes, take: Callable[[Element], Any]) -> Parsed:
    """Parse a document, handing each `record` below the root to `take` and forgetting it.

    Raises Malformed, NotAReport, Forbidden or LimitExceeded.
    """
    try:
        return Parsed(*_walk(data, take, recover=False), ())
    except etree.XMLSyntaxError as error:
        reason = _first_line(error)
    text, repairs = _mend(data)
    try:
        root, records = _walk(text.encode(), take, recover=True)
    except etree.XMLSyntaxError:
        raise Malformed(f"not well-formed XML: {reason}") from None
    return Parsed(root, records, repairs or (f"parsed leniently ({reason})",))


def _walk(
    data: bytes, take: Callable[[Element], Any], *, recover: bool
) -> tuple[Element, list[Any]]:
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=("{*}record", "{*}" + ROOT),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
        recover=recover,
    )
    records: list[Any] = []
    tags = 0
    for chunk in _chunks(data):
        parser.feed(chunk)
        before = len(records)
        _take_records(parser, take, records)
        tags = 0 if len(records) > before else tags + chunk.count(b"<")
        if tags > TAGS_BETWEEN_RECORDS:
            raise LimitExceeded(f"more than {TAGS_BETWEEN_RECORDS} tags between two records")
    root = parser.close()
    _take_records(parser, take, records)
    if root is None or local_name(root) != ROOT:
        found = "nothing" if root is None else f"<{local_name(root)}>"
        raise NotAReport(f"XML, but no DMARC aggregate report: the root is {found}")
    return root, records


def _take_records(parser: Any, take: Callable[[Element], Any], records: list[Any]) -> None:
    for event, element in parser.read_events():
        parent = element.getparent()
        if event == "start":
            if parent is None and element.getroottree().docinfo.internalDTD is not None:
                raise Forbidden("a DOCTYPE, which no report needs")
            continue
        if parent is None or parent.getparent() is not None or local_name(element) == ROOT:
            continue
        if len(records) >= RECORDS:
            raise LimitExceeded(f"more than {RECORDS} records in one report")
        records.append(take(element))
        _forget(element, parent)


def _forget(element: Element, parent: Element) -> None:
    """Free a record. It must stay in the tree until its tail is parsed; those before it go."""
    element.clear(keep_tail=True)
    before = element.getprevious()
    if before is not None and local_name(before) == "record":
        parent.remove(before)


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def _mend(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Readable text out of a broken document, and the name of each mend that was needed."""
    repairs: list[str] = []
    text = _decode(data, repairs)
    steps: tuple[tuple[str, re.Pattern[str], str], ...] = (
        ("D5: schema wrapper removed", SCHEMA_WRAPPER, ""),
        ("D6: address in angle brackets escaped", ADDRESS_IN_BRACKETS, r"&lt;\1&gt;"),
        ("bare ampersand escaped", BARE_AMPERSAND, "&amp;"),
        ("control characters replaced", NOT_IN_XML, "\ufffd"),
    )
    stripped = text.lstrip()
    if stripped != text:
        repairs.append("white space before the document removed")
    if "<!DOCTYPE" in stripped[:CHUNK] or "<!ENTITY" in stripped[:CHUNK]:
        raise Forbidden("a DOCTYPE or entity declaration, which no report needs")
    text = DECLARATION.sub("", stripped, count=1)
    for name, pattern, into in steps:
        text, count = pattern.subn(into, text)
        if count:
            repairs.append(name)
    return _cut_at_end(text, repairs), tuple(repairs)


def _cut_at_end(text: str, repairs: list[str]) -> str:
    last = None
    for last in END.finditer(text):
        pass
    if last is None:
        if f"<{ROOT}" not in text and f":{ROOT}" not in text:
            raise NotAReport("XML, but no DMARC aggregate report: there is no <feedback>")
        raise Malformed("the document ends too early: </feedback> is missing")
    if text[last.end() :].strip():
        repairs.append("bytes behind the document removed")
    return text[: last.end()]


def _decode(data: bytes, repairs: list[str]) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    declared = DECLARED_ENCODING.search(data[:512])
    encoding = declared[1].decode("ascii") if declared else "utf-8"
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError, ValueError):
        repairs.append(f"D7: bytes that are not {encoding[:32]} replaced")
        return data.decode("utf-8", "replace")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "empty document"


def local_name(element: Element) -> str:
    """The name without its namespace: reporters qualify at will (D1 to D4)."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element) -> dict[str, Element]:
    """The first child of each local name (D23: a second policy_published is not read)."""
    found: dict[str, Element] = {}
    for child in element:
        found.setdefault(local_name(child), child)
    return found


def text_of(element: Element | None) -> str | None:
    """Text without the layout around it: None when absent, "" when empty."""
    return None if element is None else (element.text or "").strip()


def serialise(element: Element) -> str:
    """An element as XML text, for what is kept without being understood."""
    return str(etree.tostring(element, encoding="unicode", with_tail=False))
