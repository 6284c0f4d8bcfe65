"""Fuzzed documents for the soak, each made from its seed and number alone.

Over half are well-formed mutants of real shapes: the golden documents and the simulator's, with
elements or keys doubled, dropped, moved, renamed and wrapped, and values changed by type. The
others are damaged byte by byte, or lie in containers and mails, some of those damaged, too.
"""

import base64
import copy
import gzip
import io
import json
import random
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from ingest.demo import write_demo
from ingest.model.document import Kind
from ingest.unpack.documents import extract
from tests.soak.soak_values import KEYS, NAMES, WORDS, value_of
from tests.support.paths import GOLDEN

__all__ = ["KINDS", "Document", "make_document", "mutant"]

KINDS = {  # out of a hundred
    "well-formed XML": 38,
    "well-formed JSON": 18,
    "damaged XML": 12,
    "damaged JSON": 8,
    "containers": 10,
    "mails": 14,
}
MOST_RECORDS = 4  # of a document to begin with: the soak is about shapes, not sizes
DEMO_DAYS, DEMO_UNTIL = 2, date(2026, 11, 1)
XML_ENCODINGS = ("utf-8",) * 12 + ("us-ascii", "iso-8859-1", "utf-16", "windows-1252")
JSON_ENCODINGS = ("utf-8",) * 12 + ("utf-8-sig", "utf-16", "utf-16-be", "utf-32")
Element = Any


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes as a mailbox or a folder may hold them."""

    number: int
    kind: str
    data: bytes
    is_mail: bool = False


@dataclass(frozen=True, slots=True)
class Shapes:
    """What mutants are made from: parsed documents and the texts of all."""

    roots: Sequence[Element]
    tables: Sequence[dict[str, Any]]
    texts: Sequence[bytes]
    mails: Sequence[bytes]


def make_document(seed: int, number: int) -> Document:
    """The same (seed, number) gives the same bytes."""
    chance = random.Random(seed * 10**9 + number)
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    data = MAKERS[kind](chance, number)
    return Document(number, kind, data, is_mail=kind == "mails")


@cache
def shapes() -> Shapes:
    """Read once a process."""
    xml = [path.read_bytes() for path in sorted((GOLDEN / "dmarc").glob("*.xml"))]
    tables = [path.read_bytes() for path in sorted((GOLDEN / "tls").glob("*.json"))]
    tables = [data for data in tables if b'"reporter"' not in data]  # what they are read as
    mails = [path.read_bytes() for path in sorted((GOLDEN / "mail").glob("*.eml"))]
    with tempfile.TemporaryDirectory() as folder:
        write_demo(Path(folder), days=DEMO_DAYS, seed=3, until=DEMO_UNTIL)
        demo = [path.read_bytes() for path in sorted(Path(folder, "mails").iterdir())]
    for leaf in (leaf for raw in demo for leaf in extract(raw, is_mail=True) if not leaf.refusal):
        if leaf.kind in (Kind.XML, Kind.JSON):
            (xml if leaf.kind is Kind.XML else tables).append(leaf.data)
    roots = [root for root in map(_parsed, xml) if root is not None]
    return Shapes(roots, list(filter(None, map(_loaded, tables))), [*xml, *tables], mails)


def _parsed(data: bytes) -> Element | None:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None
    for record in root.findall("{*}record")[MOST_RECORDS:]:
        root.remove(record)
    return root


def _loaded(data: bytes) -> dict[str, Any] | None:
    try:
        table = json.loads(data)
    except ValueError:
        return None
    return table if isinstance(table, dict) else None


def _xml(chance: random.Random, number: int) -> bytes:
    root = copy.deepcopy(chance.choice(shapes().roots))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        _change_element(chance, root)
    for each in root.iter("{*}report_id"):
        if chance.random() < 0.9:  # else many would be one report, and only the first be stored
            each.text = f"{each.text}-{number}"
    encoding = chance.choice(XML_ENCODINGS)
    try:
        return bytes(
            etree.tostring(
                root, encoding=encoding, xml_declaration=True, pretty_print=chance.random() < 0.1
            )
        )
    except etree.LxmlError:
        return bytes(etree.tostring(root))


def _change_element(chance: random.Random, root: Element) -> None:
    """One change somewhere; the document stays well-formed."""
    elements = [each for each in root.iter() if isinstance(each.tag, str)]
    one, other = chance.choice(elements), chance.choice(elements)
    parent = one.getparent()
    match chance.randrange(11):
        case 0 if parent is not None:
            for _ in range(chance.choice((1, 1, 1, 2, 40))):
                parent.insert(chance.randrange(len(parent) + 1), copy.deepcopy(one))
        case 1 if parent is not None:
            parent.remove(one)
        case 2 if parent is not None and one not in other.iterancestors() and one is not other:
            other.append(one)
        case 3:
            one.tag = chance.choice(NAMES)
        case 4:
            one.append(copy.deepcopy(chance.choice(elements)))
        case 5:
            one.set(chance.choice(("a", "{urn:x}b", "lang")), value_of(chance, "text"))
        case 6:
            one.append(etree.Comment(" a comment "))
        case 7:
            one.text = one.tail = value_of(chance, "text")
        case _:
            leaves = [each for each in elements if not len(each)]
            leaf = chance.choice(leaves or elements)
            leaf.text = value_of(chance, etree.QName(leaf).localname)


def _json(chance: random.Random, number: int) -> bytes:
    table = copy.deepcopy(chance.choice(shapes().tables))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        _change_table(chance, table)
    if "report-id" in table and chance.random() < 0.9:
        table["report-id"] = f"{table['report-id']}-{number}"[:300]
    text = json.dumps(table, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.05:  # RFC 7493 §2.3 forbids it, JSON does not
        text = text.replace("{", f'{{"{chance.choice(KEYS)}": {json.dumps(_any(chance))}, ', 1)
    return text.encode(chance.choice(JSON_ENCODINGS), "replace")


def _change_table(chance: random.Random, table: dict[str, Any]) -> None:
    places = list(_places(table))
    if not places:
        table[chance.choice(KEYS)] = _any(chance)
        return
    (holder, key), (other, where) = chance.choice(places), chance.choice(places)
    match chance.randrange(9):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder += [copy.deepcopy(holder[key])] * chance.choice((1, 2, 50))
        case 2 if isinstance(holder, dict):
            holder[chance.choice(KEYS)] = holder.pop(key)
        case 3:
            holder[key] = copy.deepcopy(other[where])
        case 4:
            holder[key] = [holder[key]] if chance.random() < 0.5 else {"a": holder[key]}
        case 5:
            holder[key] = json.dumps(holder[key])
        case _:
            holder[key] = _any(chance, str(key))


def _places(value: Any) -> Any:
    """Every (container, key or index) of a JSON value."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            yield holder, key
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])


def _any(chance: random.Random, key: str = "text") -> Any:
    numbers = (0, -1, 1.5, 1e308, float("nan"), float("inf"), 2**63, 10**40, 7.0)
    odd: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], *numbers)
    return chance.choice(odd) if chance.random() < 0.4 else value_of(chance, key)


def mutant(seed: bytes, number: int) -> bytes:
    """A well-formed input with a few pieces dropped, doubled, moved or replaced."""
    chance = random.Random(number)
    out = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(out) + 1)
        end = min(len(out), start + chance.choice((1, 2, 9, 40, 200)))
        piece = bytes(out[start:end])
        word = chance.choice(WORDS)
        out[start:end] = chance.choice((b"", piece * 2, word, piece + word, piece[::-1]))
    return bytes(out)


def _damaged(make: Callable[[random.Random, int], bytes]) -> Callable[[random.Random, int], bytes]:
    def damage(chance: random.Random, number: int) -> bytes:
        return mutant(make(chance, number), chance.getrandbits(32))

    return damage


def _document(chance: random.Random, number: int) -> bytes:
    make = chance.choice((_xml, _xml, _json, _damaged(_xml), _damaged(_json)))
    return make(chance, number)


def _container(chance: random.Random, number: int) -> bytes:
    data = _document(chance, number)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        data = _wrapped(chance, data, number)
    return mutant(data, number) if chance.random() < 0.3 else data


def _wrapped(chance: random.Random, data: bytes, number: int) -> bytes:
    match chance.randrange(5):
        case 0:
            return zlib.compress(data, 1)
        case 1:
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for place in range(chance.choice((1, 1, 1, 2, 3))):
                    name = chance.choice(("report.xml", "../../x", "\x1b[31m", "a/b", ""))
                    inside = data if not place else _document(chance, number + place)
                    archive.writestr(zipfile.ZipInfo(f"{place}{name}"), inside)
            return file.getvalue()
        case _:
            return gzip.compress(data, 1, mtime=0)


def _mail(chance: random.Random, number: int) -> bytes:
    if chance.random() < 0.2:
        return mutant(chance.choice(shapes().mails), chance.getrandbits(32))
    parts = [_part(chance, number) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    head = (
        f"From: {value_of(chance, 'email')}\r\nSubject: {value_of(chance, 'text')}\r\n"
        f"Message-ID: <{number}@soak.example>\r\nDate: Mon, 2 Nov 2026 00:00:00 +0000\r\n"
        f"TLS-Report-Domain: {value_of(chance, 'domain')}\r\n"
        f"Authentication-Results: mx.example; {value_of(chance, 'text')}\r\n"
    ).encode("utf-8", "replace")
    if len(parts) == 1 and chance.random() < 0.5:
        raw = head + parts[0]
    else:
        body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
        raw = head + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + body + b"--b--\r\n"
    return mutant(raw, number) if chance.random() < 0.3 else raw


def _part(chance: random.Random, number: int) -> bytes:
    data = chance.choice((_document, _container))(chance, number)
    kind = chance.choice(("application/gzip", "text/xml", "application/octet-stream", "a/b", ""))
    name = chance.choice(("r.example!example.com!1!2.xml", "../../x", "=?utf-8?q?=ff?=", ""))
    head = f'Content-Type: {kind}; name="{name}"\r\n'.encode()
    if chance.random() < 0.1:
        return head + b"\r\n" + data
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data)


MAKERS: dict[str, Callable[[random.Random, int], bytes]] = {
    "well-formed XML": _xml,
    "well-formed JSON": _json,
    "damaged XML": _damaged(_xml),
    "damaged JSON": _damaged(_json),
    "containers": _container,
    "mails": _mail,
}
