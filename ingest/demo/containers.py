"""gzip and zip with the same bytes on every run: all times in them are those of the report."""

import io
import struct
import zipfile
import zlib
from datetime import UTC, datetime

__all__ = ["gzipped", "zipped"]


def gzipped(data: bytes, name: str = "", at: int = 0) -> bytes:
    """One gzip member (RFC 1952), with the file's name and time if given."""
    flags = 0x08 if name else 0
    header = b"\x1f\x8b\x08" + struct.pack("<BIBB", flags, at, 0, 3)
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush()
    trailer = struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return header + (name.encode("ascii") + b"\0" if name else b"") + body + trailer


def zipped(data: bytes, name: str, at: int) -> bytes:
    """A zip archive of one member."""
    written = io.BytesIO()
    moment = datetime.fromtimestamp(at, UTC)
    member = zipfile.ZipInfo(name, moment.timetuple()[:6])
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(member, data)
    return written.getvalue()
