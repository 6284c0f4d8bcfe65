"""Repairs the text of a broken XML document; the report keeps the name of each repair."""

import codecs
import re
from dataclasses import dataclass

from ingest.model.limits import REPAIRABLE_BYTES
from schemas.errors import Forbidden, Malformed, NotAReport

__all__ = ["Pieces", "keeps_ascii", "pieces", "repair"]

LONGEST_HEAD = 64 * 1024
# Every repetition that could backtrack is possessive: no input makes these quadratic.
DECLARED_ENCODING = re.compile(rb"<\?xml[^<>]{0,200}?\sencoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})")
DECLARATION = re.compile(r"<\?xml[^<>]*+>")
SCHEMA_WRAPPER = re.compile(r"</?xs:schema[^<>]*+>")
ADDRESS_IN_BRACKETS = re.compile(r"<([^<>\s/@\"']{1,64}@[^<>\s/@\"']{1,253})>")
# A tag ends before the next one begins; CDATA and comments are left to the parser.
BARE_LESS_THAN = re.compile(r"<(?!!)(?:(?=[^<>]*+(?:<|\Z))|(?![/?\w:]))")
BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 §2.2
REPAIRS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("D5: schema wrapper removed", SCHEMA_WRAPPER, ""),
    ("D6: address in angle brackets escaped", ADDRESS_IN_BRACKETS, r"&lt;\1&gt;"),
    ("D6: bare < escaped", BARE_LESS_THAN, "&lt;"),
    ("bare ampersand escaped", BARE_AMPERSAND, "&amp;"),
    ("control characters replaced", NOT_IN_XML, "\ufffd"),
)
OPENING = re.compile(r"<(?:[\w.-]++:)?+feedback(?=[\s>])[^<>]*+>")
END = re.compile(r"</(?:[\w.-]++:)?+feedback\s*+>")
RECORD_OPENING = re.compile(r"<(?:[\w.-]++:)?+record(?=[\s/>])")
RECORD_END = re.compile(r"</(?:[\w.-]++:)?+record\s*+>")
# Others hide tags from the limits (EBCDIC, UTF-7) or are slow to decode (punycode).
KNOWN_ENCODING = re.compile(
    r"utf-?8|utf-?(16|32)([lb]e)?|(us-)?ascii|iso-?8859-?\d{1,2}|latin-?\d|(windows-|cp)125\d"
    r"|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-(jp|kr)|iso-2022-(jp|kr)",
    re.IGNORECASE,
)
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A document cut at its records: their texts, and the text around them."""

    opening: str
    closing: str
    records: list[str]
    around: str

    def within_root(self, record: str) -> str:
        """One record below a root of the same name and namespaces."""
        return f"{self.opening}{record}{self.closing}"


def keeps_ascii(data: bytes) -> bool:
    """Whether each `<` byte is a tag and no tag is written otherwise: tags can be counted."""
    return KNOWN_ENCODING.fullmatch(_declared(data)) is not None


def repair(data: bytes, reason: str) -> tuple[str, tuple[str, ...]]:
    """The document's text without known faults, and the name of each repair.

    `reason` says why the original document is not well-formed.
    """
    if len(data) > REPAIRABLE_BYTES:
        size = f"larger than the {REPAIRABLE_BYTES} bytes that are repaired"
        raise Malformed(f"not well-formed XML, and {size}: {reason}")
    repairs: list[str] = []
    whole = _decode(data, repairs).lstrip("\ufeff")
    text = whole.lstrip()
    if text != whole:
        repairs.append("white space before the document removed")
    if "<!DOCTYPE" in text[:LONGEST_HEAD] or "<!ENTITY" in text:
        raise Forbidden("a DOCTYPE or entity declaration, which no report needs")
    if declaration := DECLARATION.match(text):
        text = text[declaration.end() :]
    for name, pattern, into in REPAIRS:
        text, count = pattern.subn(into, text)
        if count:
            repairs.append(name)
    return _cut_at_end(text, repairs), tuple(repairs)


def pieces(text: str, reason: str) -> Pieces:
    """Repaired text that is still not well-formed, cut at its records."""
    openings = OPENING.findall(text)
    if len(openings) != 1:
        raise Malformed(f"{len(openings)} reports in one document ({reason})")
    starts = [found.start() for found in RECORD_OPENING.finditer(text)]
    end_tag = text[text.rfind("</") :]
    stop = len(text) - len(end_tag)
    records, around, done = [], [], 0
    for start, following in zip(starts, [*starts, stop][1:], strict=True):
        end = RECORD_END.search(text, start, following)
        around.append(text[done:start])
        done = end.end() if end else following
        records.append(text[start:done])
    around.append(text[done:])
    return Pieces(openings[0], end_tag, records, "".join(around))


def _cut_at_end(text: str, repairs: list[str]) -> str:
    if not OPENING.search(text):
        raise NotAReport("XML, but no DMARC aggregate report: there is no <feedback>")
    ends = [found.end() for found in END.finditer(text)]
    if not ends:
        # The missing part cannot be counted, and a part must not count as the whole report.
        raise Malformed("the document ends too early: </feedback> is missing")
    if text[ends[-1] :].strip():
        repairs.append("bytes behind the document removed")
    return text[: ends[-1]]


def _decode(data: bytes, repairs: list[str]) -> str:
    encoding = _encoding(data)
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        repairs.append(f"D7: bytes that are not {encoding} replaced")
    return data.decode(encoding if encoding.startswith("utf-") else "utf-8", "replace")


def _encoding(data: bytes) -> str:
    """By mark, by the zeros of the first character (XML 1.0 App. F), as declared, or UTF-8."""
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return name
    if b"\x00" in data[:2]:
        return "utf-16-be" if data[0] == 0 else "utf-16-le"
    name = _declared(data)
    # The declaration itself is not written in an encoding of two bytes a character.
    is_plain = KNOWN_ENCODING.fullmatch(name) and "16" not in name[:6] and "32" not in name[:6]
    return name if is_plain else "utf-8"


def _declared(data: bytes) -> str:
    found = DECLARED_ENCODING.search(data[:512])
    return found[1].decode("ascii").lower() if found else "utf-8"
