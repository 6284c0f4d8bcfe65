"""Parses XML as a stream within limits; the only module that imports lxml.

A document is parsed strictly, not by lxml's recovery, which drops and moves elements. If that
fails, the text is repaired (ingest.parse.xml_repair) and parsed strictly again. If that fails, too,
the document is read record by record: a record that is not well-formed is refused by itself, and
all others are read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from ingest.model.limits import BROKEN_RECORDS, RECORDS, TAGS_BETWEEN_RECORDS
from ingest.parse.xml_repair import Pieces, keeps_ascii, pieces, repair
from schemas.errors import Forbidden, LimitExceeded, Malformed, NotAReport

__all__ = [
    "Element",
    "Parsed",
    "children",
    "lang_of",
    "local_name",
    "markup",
    "parse",
    "serialise",
    "text_of",
]

Element = Any  # lxml ships no types; etree._Element is what it is

CHUNK = 64 * 1024
ROOT = "feedback"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The root without its records, the result for each record, and the names of the repairs.

    `flags` says why the values of a document that could be read are doubtful.
    """

    root: Element
    records: list[Any]
    repairs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def parse(data: bytes, take: Callable[[Element], Any], refuse: Callable[[str, str], Any]) -> Parsed:
    """Parse a document; each `record` below the root is given to `take` and freed.

    `refuse` is given the reason and the text of a record that is not well-formed.
    Raises Malformed, NotAReport, Forbidden or LimitExceeded.
    """
    reason = "an encoding that hides its tags"
    if keeps_ascii(data):
        try:
            return Parsed(*_walk(data, take))
        except etree.XMLSyntaxError as error:
            reason = _first_line(error)
    text, repairs = repair(data, reason)
    try:
        return Parsed(*_walk(text.encode(), take), repairs)
    except etree.XMLSyntaxError as error:
        reason = _first_line(error)
    return _by_pieces(pieces(text, reason), take, refuse, repairs, reason)


def _by_pieces(
    parts: Pieces,
    take: Callable[[Element], Any],
    refuse: Callable[[str, str], Any],
    repairs: tuple[str, ...],
    reason: str,
) -> Parsed:
    """Parse each record by itself within its root, then the text around the records."""
    records: list[Any] = []
    broken = 0
    for record in parts.records:
        try:
            records += _walk(parts.within_root(record).encode(), take)[1]
        except etree.XMLSyntaxError as error:
            broken += 1
            if broken > BROKEN_RECORDS:
                raise LimitExceeded(f"more than {BROKEN_RECORDS} broken records") from None
            records.append(refuse(f"not well-formed: {_first_line(error)}", record))
    if len(records) < len(parts.records):
        raise Malformed(f"{len(parts.records)} records begin, but {len(records)} can be read")
    around = parts.around.encode()
    repairs = (*repairs, "records read one by one")
    try:
        return Parsed(_walk(around, take)[0], records, repairs)
    except etree.XMLSyntaxError:
        pass
    try:
        root = _walk(around, take, recover=True)[0]
    except etree.XMLSyntaxError:
        raise Malformed(f"not well-formed XML: {reason}") from None
    return Parsed(root, records, repairs, (f"not well-formed around the records ({reason})",))


def _walk(
    data: bytes, take: Callable[[Element], Any], *, recover: bool = False
) -> tuple[Element, list[Any]]:
    parser = etree.XMLPullParser(
        events=("end",),
        tag="{*}record",
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
        # Attributes cost as much as tags do.
        seen = chunk.count(b"<") + chunk.count(b"=")
        tags = 0 if len(records) > before else tags + seen
        if tags > TAGS_BETWEEN_RECORDS:
            raise LimitExceeded(f"more than {TAGS_BETWEEN_RECORDS} tags between two records")
    root = parser.close()
    _take_records(parser, take, records)
    if root is None or local_name(root) != ROOT:
        found = "nothing" if root is None else f"<{local_name(root)[:40]}>"
        raise NotAReport(f"XML, but no DMARC aggregate report: the root is {found}")
    _forbid_doctype(root)
    return root, records


def _take_records(parser: Any, take: Callable[[Element], Any], records: list[Any]) -> None:
    for _, element in parser.read_events():
        parent = element.getparent()
        if parent is None or parent.getparent() is not None or local_name(parent) != ROOT:
            continue
        if not records:
            _forbid_doctype(parent)
        if len(records) >= RECORDS:
            raise LimitExceeded(f"more than {RECORDS} records in one report")
        records.append(take(element))
        _free(element, parent)


def _forbid_doctype(root: Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise Forbidden("a DOCTYPE, which no report needs")


def _free(element: Element, parent: Element) -> None:
    """Free a record. It stays in the tree until its tail is parsed; earlier ones are removed."""
    element.clear(keep_tail=True)
    before = element.getprevious()
    if before is not None and local_name(before) == "record":
        parent.remove(before)


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "empty document"


def local_name(element: Element) -> str:
    """The name without its namespace: reporters qualify at will (D1 to D4)."""
    tag = element.tag
    if not isinstance(tag, str):  # an entity reference that nothing resolves
        return ""
    return tag.rpartition("}")[2] if tag[0] == "{" else tag


def children(element: Element | None, names: frozenset[str], rest: list[Element]) -> dict[str, Any]:
    """The first child of each of these names; all other children go to `rest`."""
    found: dict[str, Element] = {}
    for child in element if element is not None else ():
        name = local_name(child)
        if name in names and name not in found:
            found[name] = child
        else:
            rest.append(child)
    return found


def text_of(element: Element | None) -> str | None:
    """Text without the white space around it: None when absent, "" when empty.

    Markup within the text stays markup: `5<x/>3` is not 53.
    """
    if element is None:
        return None
    if len(element):
        inner = (str(etree.tostring(child, encoding="unicode")) for child in element)
        return (escape(element.text or "") + "".join(inner)).strip()
    return (element.text or "").strip()


def lang_of(element: Element | None) -> str | None:
    """The language of an element's text; None if it names none.

    RFC 9990 App. A, langAttrString: the attribute is `lang`, in no namespace. `xml:lang`, which
    every XML element may have, means the same and is used if `lang` is absent.
    """
    if element is None or not element.attrib:
        return None
    lang = element.get("lang", element.get(XML_LANG))
    return None if lang is None else str(lang).strip()


def serialise(element: Element) -> str:
    """An element as XML text, for extensions and refused records."""
    return str(etree.tostring(element, encoding="unicode", with_tail=False))


def markup(element: Element) -> bytes:
    """An element as ASCII bytes: equal bytes, equal content."""
    return bytes(etree.tostring(element, with_tail=False))
