"""gzip, zlib and zip opened within the limits; nothing is trusted that a header says of sizes."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.limits import DOCUMENT_BYTES, MEMBERS, TOTAL_BYTES
from schemas.errors import BrokenContainer, LimitExceeded

__all__ = ["Allowance", "Member", "gunzip", "inflate", "unzip"]

CHUNK = 256 * 1024
GZIP_MAGIC = b"\x1f\x8b"
ENCRYPTED = 0x1  # APPNOTE.TXT §4.4.4, bit 0
# Office documents, packages and books are zips too, and hold XML that is no report.
FOREIGN_ZIP = ("[Content_Types].xml", "META-INF/", "mimetype", "AndroidManifest.xml")


@dataclass
class Allowance:
    """Decompressed bytes that one message may still cost."""

    left: int = TOTAL_BYTES

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise LimitExceeded(f"more than {TOTAL_BYTES} bytes decompressed in one message")


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; `error` stands instead of its bytes where it cannot be read."""

    name: str
    data: bytes
    error: BrokenContainer | LimitExceeded | None = None


def gunzip(data: bytes, allowance: Allowance) -> bytes:
    """All members of a gzip file; bytes behind the last one are ignored (D30)."""
    parts = []
    rest = data
    while rest.startswith(GZIP_MAGIC):
        part, rest = _decompress(rest, zlib.MAX_WBITS | 16, allowance, sum(map(len, parts)))
        parts.append(part)
    return b"".join(parts)


def inflate(data: bytes, allowance: Allowance) -> bytes:
    """A bare zlib stream (RFC 1950)."""
    return _decompress(data, zlib.MAX_WBITS, allowance, 0)[0]


def _decompress(data: bytes, wbits: int, allowance: Allowance, before: int) -> tuple[bytes, bytes]:
    stream = zlib.decompressobj(wbits)
    out = []
    size = before
    feed = data
    try:
        while not stream.eof:
            piece = stream.decompress(feed, CHUNK)
            if not piece and not stream.unconsumed_tail:
                break
            size += len(piece)
            if size > DOCUMENT_BYTES:
                raise LimitExceeded(f"more than {DOCUMENT_BYTES} bytes after decompression")
            allowance.spend(len(piece))
            out.append(piece)
            feed = stream.unconsumed_tail
    except zlib.error as error:
        raise BrokenContainer(f"damaged compressed data ({error})") from None
    if not stream.eof:
        raise BrokenContainer("compressed data ends too early")
    return b"".join(out), stream.unused_data


def unzip(data: bytes, allowance: Allowance) -> Iterator[Member]:
    """Each file of a zip, in the order of its directory. Raises BrokenContainer, LimitExceeded."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise BrokenContainer(f"not a readable zip ({error})") from None
    if any(entry.filename.startswith(FOREIGN_ZIP) for entry in entries):
        return
    if len(entries) > MEMBERS:
        raise LimitExceeded(f"{len(entries)} files in one archive, more than {MEMBERS}")
    for entry in entries:
        yield _member(archive, entry, allowance)


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowance: Allowance) -> Member:
    name = entry.filename
    if entry.flag_bits & ENCRYPTED:
        return Member(name, b"", BrokenContainer("the zip member is encrypted"))
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
