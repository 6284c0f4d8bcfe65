"""Reads an mbox file as a stream of mails: at most one mail is in memory, whatever its size.

The four dialects differ in how they tell a line of a mail that begins with "From " from the line
that begins the next mail (RFC 4155 defines only the default). mboxo and mboxrd quote it with ">";
mboxcl2 does not, and gives the bytes of the body in Content-Length. Real files lack the blank line,
end lines with CRLF, or were cut off. So a mail ends

- where its Content-Length says, if the next mail or the end of the file follows there;
- else at a line "From …" after a blank line and before a header field; a line with a date needs
  only one of the two.

The sender of a mail chooses its Content-Length; but to hide the next mail behind their own they
would have to know its size to the byte before it arrives.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

from ingest.model.limits import HEADER_BYTES, MESSAGE_BYTES
from schemas.errors import BrokenContainer

__all__ = ["LOOK", "GzipStream", "MboxMail", "Readable", "is_mbox", "read_mbox"]

CHUNK = 1024 * 1024
GZIP_CHUNK = 4096  # after a fault, what zlib has decompressed of a chunk is lost
GZIP_WBITS = zlib.MAX_WBITS | 16
# How many bytes from "From " on decide whether a mail begins. RFC 5321 §4.5.3.1: an address has at
# most 256 characters.
LOOK = 4096
MARK = b"From "
DATE = (
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? {1,2}(?:(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2})|"
    rb"(?P<day2>\d{1,2}) (?P<month2>[A-Z][a-z]{2})(?: \d{4})?) (?P<time>\d\d?:\d\d(?::\d\d)?)"
)
DATED = re.compile(rb"From [^\r\n]{0,1000}?" + DATE + rb"[^\r\n]{0,200}\r?\n")
FIELD_AFTER = re.compile(rb"From [^\r\n]*\r?\n(?:>From [^\r\n]*\r?\n)?[!-9;-~]{1,76}:")
# Prose has colons, too: without a date, the header after the line must have one of these.
USUAL_FIELD = re.compile(
    rb"\n(Return-Path|Received|From|To|Date|Subject|Message-ID|MIME-Version|Content-Type):", re.I
)
QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
HEADER_END = re.compile(rb"\r?\n\r?\n")
CONTENT_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,9})[ \t]*\r?$", re.I | re.M)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
YEAR = re.compile(rb"\b(19[7-9]\d|20\d\d)\b")
BREAK = re.compile(rb"(?:\r?\n){0,2}")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; b"" at the end."""


@dataclass(frozen=True, slots=True)
class MboxMail:
    """One mail, and the byte of the mbox where its "From " line begins.

    `raw` is the mail without that line and without quoting. Of a mail over the limit it is only the
    header block, and `too_large` is its size in bytes.
    """

    offset: int
    raw: bytes
    received_at: datetime | None
    too_large: int | None = None


def is_mbox(head: bytes) -> bool:
    """Whether the first LOOK bytes of a file begin an mbox."""
    return _begins_mail(head, 0, after_blank=True)


def read_mbox(stream: Readable) -> Iterator[MboxMail]:
    """Every mail of an mbox, in order.

    Raises OSError or BrokenContainer of the stream, after all mails before the fault.
    """
    window = _Window(stream)
    while window.ensure(1):
        mail = _next_mail(window)
        if mail.raw:
            yield mail
    if window.fault is not None:
        raise window.fault


class _Window:
    """A part of the stream in memory: `data` begins at byte `offset` of it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.data = bytearray()
        self.offset = 0
        self.at_end = False
        self.fault: OSError | BrokenContainer | None = None

    def ensure(self, size: int) -> bool:
        """Read until `data` holds `size` bytes; False if the stream ends before."""
        while len(self.data) < size and not self.at_end:
            self.data += self._read()
        return len(self.data) >= size

    def _read(self) -> bytes:
        chunk = b""
        try:
            chunk = self._stream.read(CHUNK)
        except (OSError, BrokenContainer) as fault:
            self.fault = fault
        self.at_end = not chunk
        return chunk

    def drop(self, size: int) -> None:
        """Remove the first bytes."""
        del self.data[:size]
        self.offset += size


def _next_mail(window: _Window) -> MboxMail:
    """The mail at the window's beginning; the window then begins at the next one."""
    offset = window.offset
    window.ensure(HEADER_BYTES)
    received_at = _received_at(window.data)
    mark_end = window.data.find(b"\n", 0, HEADER_BYTES) + 1
    window.drop(mark_end or min(len(window.data), HEADER_BYTES))
    window.ensure(HEADER_BYTES)
    header = _header_block(window.data)
    end = _end_by_length(window, header)
    if end is not None:
        raw = bytes(window.data[:end])
        window.drop(end)
        _drop_break(window)
        return MboxMail(offset, raw, received_at)
    raw, size = _scan(window)
    return _mail(offset, raw, size, header, received_at)


def _mail(
    offset: int, raw: bytes, size: int, header: bytes, received_at: datetime | None
) -> MboxMail:
    if size > MESSAGE_BYTES:
        return MboxMail(offset, header, received_at, too_large=size)
    if b"\n>" in raw:  # a faster test than the pattern
        raw = QUOTED.sub(rb"\1", raw)
    return MboxMail(offset, raw, received_at)


def _header_block(data: bytearray) -> bytes:
    end = HEADER_END.search(data, 0, HEADER_BYTES)
    return bytes(data[: end.end() if end else HEADER_BYTES])


def _end_by_length(window: _Window, header: bytes) -> int | None:
    """The end of the mail by Content-Length, if the next mail or the end of the file is there."""
    found = CONTENT_LENGTH.search(header)
    if found is None or not HEADER_END.search(header):
        return None
    end = len(header) + int(found[1])
    if end > MESSAGE_BYTES:
        return None
    window.ensure(end + LOOK)
    if end > len(window.data):
        return None  # cut off
    after = bytes(window.data[end : end + LOOK])
    gap = BREAK.match(after)
    start = gap.end() if gap else 0
    if start == len(after):
        return end
    # Within a line it would be quoted, and the length a trick.
    at_line = start > 0 or window.data[end - 1 : end] == b"\n"
    return end if at_line and _begins_mail(after, start, after_blank=True) else None


def _drop_break(window: _Window) -> None:
    gap = BREAK.match(window.data)
    window.drop(gap.end() if gap else 0)


def _scan(window: _Window) -> tuple[bytes, int]:
    """(bytes, size) of the mail up to the next separator or the end of the file.

    Of a mail over the limit only the size is right: its bytes are dropped.
    """
    dropped = position = 0
    while (end := _find_separator(window, position)) is None:
        position = max(0, len(window.data) - len(MARK))
        if len(window.data) > MESSAGE_BYTES + CHUNK:
            spare = position - len(MARK)  # leaves enough to see whether a blank line comes before
            window.drop(spare)
            dropped, position = dropped + spare, position - spare
        if not window.ensure(len(window.data) + 1):
            end = len(window.data)
            break
    raw = bytes(window.data[: end - _blank_before(window.data, end)])
    window.drop(end)
    return raw, dropped + len(raw)


def _find_separator(window: _Window, position: int) -> int | None:
    """Where the line before the next mail begins, at `position` or later."""
    while (start := _find_mark(window.data, position)) is not None:
        window.ensure(start + LOOK)
        if _begins_mail(window.data, start, after_blank=_is_after_blank(window.data, start)):
            return start
        position = start + 1
    return None


def _find_mark(data: bytearray, position: int) -> int | None:
    """Where the next line "From " begins, at `position` or later."""
    if position == 0 and data.startswith(MARK):
        return 0
    found = data.find(b"\n" + MARK, max(0, position - 1))
    return None if found < 0 else found + 1


def _begins_mail(data: bytes | bytearray, start: int, *, after_blank: bool) -> bool:
    """Whether the line at `start` begins a mail."""
    ahead = bytes(data[start : start + LOOK])
    has_field = FIELD_AFTER.match(ahead) is not None
    if DATED.match(ahead):
        return after_blank or has_field
    end = HEADER_END.search(ahead)
    header_end = end.start() if end else LOOK
    return after_blank and has_field and USUAL_FIELD.search(ahead, 0, header_end) is not None


def _is_after_blank(data: bytearray, start: int) -> bool:
    before = b"\n" + data[max(0, start - 3) : start].replace(b"\r", b"")
    return start == 0 or before.endswith(b"\n\n")


def _blank_before(data: bytearray, start: int) -> int:
    """Bytes of the blank line that writers of mbox put after each mail."""
    before = bytes(data[max(0, start - 4) : start])
    if before.endswith(b"\r\n\r\n"):
        return 2
    return 1 if before.endswith(b"\n\n") else 0


def _received_at(data: bytearray) -> datetime | None:
    """The time of a "From " line. RFC 4155: it is UTC; local time cannot be recognised."""
    found = DATED.match(data, 0, LOOK)
    year = YEAR.search(data, found.start("time") - 5, found.end()) if found else None
    if found is None or year is None:
        return None
    day, month = found["day"] or found["day2"], (found["month"] or found["month2"]).decode()
    try:
        hour, minute, second = (*map(int, found["time"].split(b":")), 0)[:3]
        number = MONTHS.index(month) + 1
        return datetime(int(year[1]), number, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


class GzipStream:
    """The decompressed bytes of a gzip file, up to a fault, which raises BrokenContainer."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._stream = zlib.decompressobj(GZIP_WBITS)
        self._left = b""

    def read(self, size: int, /) -> bytes:
        """Between one and `size` bytes; b"" at the end. Raises OSError, BrokenContainer."""
        while feed := self._left or self._file.read(GZIP_CHUNK):
            if self._stream.eof:
                if not feed.startswith(b"\x1f"):  # padding after the last member
                    return b""
                self._stream = zlib.decompressobj(GZIP_WBITS)
            piece = self._decompress(feed, size)
            if piece:
                return piece
        if not self._stream.eof:
            raise BrokenContainer("compressed data ends too early")
        return b""

    def _decompress(self, feed: bytes, size: int) -> bytes:
        try:
            piece = self._stream.decompress(feed, size)
        except zlib.error as error:
            raise BrokenContainer(f"damaged compressed data ({error})") from None
        self._left = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        return piece
