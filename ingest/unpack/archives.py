"""Opens gzip, zlib and zip within the limits, whatever sizes their headers claim."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.model.limits import ARCHIVE_ENTRIES, DOCUMENT_BYTES, MEMBERS, TOTAL_BYTES
from schemas.errors import BrokenContainer, LimitExceeded

__all__ = ["Allowance", "Member", "gunzip", "inflate", "peek_zlib", "unzip"]

CHUNK = 256 * 1024
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WBITS = zlib.MAX_WBITS | 16
ENCRYPTED = 0x1  # APPNOTE.TXT §4.4.4, bit 0
# Reporters use no other, and LZMA reserves as much memory as its header asks for.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DIRECTORY_ENTRY = b"PK\x01\x02"  # APPNOTE.TXT §4.3.12
# Office documents, packages and books are zips too, and hold XML that is no report.
FOREIGN_ZIP = frozenset(("[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype"))
# What macOS adds beside each file of an archive.
FOREIGN_MEMBER = "__MACOSX/"


@dataclass
class Allowance:
    """How many more bytes one message may decompress to."""

    left: int = TOTAL_BYTES

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise LimitExceeded(f"more than {TOTAL_BYTES} bytes decompressed in one message")


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; `error` is set instead of `data` if it cannot be read."""

    name: str
    data: bytes
    error: BrokenContainer | LimitExceeded | None = None


def gunzip(data: bytes, allowance: Allowance) -> bytes:
    """All members of a gzip file; bytes after the last one are ignored (D30)."""
    parts: list[bytes] = []
    start = size = 0
    while data.startswith(GZIP_MAGIC, start):
        if len(parts) >= MEMBERS:
            raise LimitExceeded(f"more than {MEMBERS} members in one gzip file")
        part, start = _decompress(data, start, GZIP_WBITS, allowance, size)
        size += len(part)
        parts.append(part)
    return b"".join(parts)


def inflate(data: bytes, allowance: Allowance) -> bytes:
    """A bare zlib stream (RFC 1950)."""
    return _decompress(data, 0, zlib.MAX_WBITS, allowance, 0)[0]


def peek_zlib(data: bytes) -> bytes:
    """The first bytes of a zlib stream, complete or not; b"" if it is none."""
    try:
        return zlib.decompressobj().decompress(data[:CHUNK], 4096)
    except zlib.error:
        return b""


def _decompress(
    data: bytes, start: int, wbits: int, allowance: Allowance, before: int
) -> tuple[bytes, int]:
    """One stream of `data` from `start`, and where it ends. Feeds slices, to copy no tail."""
    stream = zlib.decompressobj(wbits)
    out: list[bytes] = []
    size = before
    view = memoryview(data)
    position = start
    try:
        while not stream.eof:
            feed: bytes | memoryview = stream.unconsumed_tail
            if not feed:
                feed = view[position : position + CHUNK]
                position += len(feed)
            piece = stream.decompress(feed, CHUNK)
            if not piece and not feed:
                break
            size += len(piece)
            if size > DOCUMENT_BYTES:
                raise LimitExceeded(f"more than {DOCUMENT_BYTES} bytes after decompression")
            allowance.spend(len(piece))
            out.append(piece)
    except zlib.error as error:
        raise BrokenContainer(f"damaged compressed data ({error})") from None
    if not stream.eof:
        raise BrokenContainer("compressed data ends too early")
    return b"".join(out), position - len(stream.unused_data)


def unzip(data: bytes, allowance: Allowance) -> Iterator[Member]:
    """Each file of a zip, in the order of its directory. Raises BrokenContainer, LimitExceeded."""
    # Counted in the bytes: reading a directory of a million entries costs a gigabyte.
    if data.count(DIRECTORY_ENTRY) > ARCHIVE_ENTRIES:
        raise LimitExceeded(f"more than {ARCHIVE_ENTRIES} entries in one archive")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        # Not is_dir(), which looks at the last character of a name that may be empty.
        entries = [each for each in archive.infolist() if not each.filename.endswith("/")]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BrokenContainer(f"not a readable zip ({error})") from None
    if any(entry.filename in FOREIGN_ZIP for entry in entries):
        return
    entries = [entry for entry in entries if not entry.filename.startswith(FOREIGN_MEMBER)]
    if len(entries) > MEMBERS:
        raise LimitExceeded(f"{len(entries)} files in one archive, more than {MEMBERS}")
    for entry in entries:
        yield _member(archive, entry, allowance)


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowance: Allowance) -> Member:
    name = entry.filename
    if entry.flag_bits & ENCRYPTED:
        return Member(name, b"", BrokenContainer("the zip member is encrypted"))
    if entry.compress_type not in METHODS:
        reason = f"the zip member is compressed by method {entry.compress_type}"
        return Member(name, b"", BrokenContainer(reason))
    try:
        with archive.open(entry) as stream:
            data = stream.read(min(DOCUMENT_BYTES, max(allowance.left, 0)) + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        return Member(name, b"", BrokenContainer(f"the zip member cannot be read ({error})"))
    allowance.spend(len(data))
    if len(data) > DOCUMENT_BYTES:
        limit = LimitExceeded(f"more than {DOCUMENT_BYTES} bytes after decompression")
        return Member(name, b"", limit)
    return Member(name, data)
