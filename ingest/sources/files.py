"""Reads the files and folders of a command line; they are never moved or changed.

Folders are walked in the order of their paths. Skipped are names that begin with a dot, symbolic
links to folders (they may be loops), and everything but regular files (opening a FIFO waits for
ever). Whether a file is a mail, an mbox or a document is decided by its content alone. A folder
with `cur` and `new` in it is read as a Maildir.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ingest.model.document import Kind
from ingest.model.limits import HEADER_BYTES, MESSAGE_BYTES
from ingest.model.source import Arrival, printable
from ingest.sources.maildir import Maildir, is_maildir
from ingest.sources.mbox import LOOK, GzipStream, Readable, is_mbox, read_mbox
from ingest.unpack.file_types import sniff
from schemas.errors import BrokenContainer

__all__ = ["FileSource"]

BATCH_FILES = 200
BATCH_BYTES = 32 * 1024 * 1024


class FileSource:
    """Paths as a Source. `problems` says which files could not be read; the others are."""

    name = "files"
    ledger_name: str | None = None

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.problems: list[str] = []

    def arrivals(self) -> Iterator[Sequence[Arrival]]:
        """All files, in batches. A missing path is a problem, and the others are read."""
        found = []
        for path in self._paths:
            if _is_missing(path):
                self._note(str(path), "there is no such file or folder; check the path")
            else:
                found.append(path)
        self._paths = found
        batch: list[Arrival] = []
        total = 0
        for arrival in self._each():
            if batch and (len(batch) == BATCH_FILES or total + len(arrival.raw) > BATCH_BYTES):
                yield batch
                batch, total = [], 0
            batch.append(arrival)
            total += len(arrival.raw)
        if batch:
            yield batch

    def settle(self, keys: Sequence[str]) -> None:
        """Files stay where they are."""

    def defer(self, keys: Sequence[str]) -> None:
        """Files are read again in each run."""

    def close(self) -> None:
        """Nothing is open."""

    def _each(self) -> Iterator[Arrival]:
        """Every file once, even if it is named twice or lies in a named folder, too."""
        given: set[str] = set()
        for start in self._paths:
            for path in self._walk(os.path.abspath(start)):  # resolve() would follow links
                if path in given:
                    continue
                given.add(path)
                yield from self._maildir(path) if os.path.isdir(path) else self._file(Path(path))

    def _walk(self, start: str) -> Iterator[str]:
        """Files, and folders that are Maildirs."""
        waiting = [start]
        while waiting:  # no recursion: a stranger's archive may be thousands of folders deep
            path = waiting.pop()
            if not os.path.isdir(path):
                yield path
                continue
            if is_maildir(Path(path)):
                yield path
            waiting += reversed(self._inside(path))

    def _inside(self, folder: str) -> list[str]:
        try:
            if is_maildir(Path(folder)):
                return Maildir(Path(folder)).subfolders()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self._note(folder, f"cannot be listed: {error.strerror}")
            return []
        return [
            entry.path
            for entry in entries
            if not entry.name.startswith(".")
            and not (entry.is_symlink() and os.path.isdir(entry.path))
        ]

    def _file(self, path: Path) -> Iterator[Arrival]:
        """The mails of an mbox, or the file itself."""
        with self._noting(path), _opened(path) as file:
            if file is None:
                self._note(str(path), "is no regular file and was skipped")
                return
            mails = _as_mbox(file)
            if mails is None:
                yield _arrival(printable(str(path)), file)
                return
            for mail in read_mbox(mails):
                key = f"{printable(str(path))}:{mail.offset}"
                yield Arrival(key, mail.raw, received_at=mail.received_at, too_large=mail.too_large)

    def _maildir(self, folder: str) -> Iterator[Arrival]:
        box = Maildir(Path(folder))
        with self._noting(Path(folder)):
            for key, path in box.mails():
                yield from self._mail(printable(key), chain([path], box.follow(path)))

    def _mail(self, key: str, paths: Iterator[Path]) -> Iterator[Arrival]:
        """The mail from the first path that exists; a removed mail is no problem."""
        for path in paths:
            with self._noting(path), contextlib.suppress(FileNotFoundError), _opened(path) as file:
                if file is not None:
                    yield _arrival(key, file, in_maildir=True)
                return

    @contextlib.contextmanager
    def _noting(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._note(str(path), f"cannot be read: {error.strerror}")
        except BrokenContainer as error:
            self._note(str(path), f"cannot be read to its end: {error}")

    def _note(self, path: str, problem: str) -> None:
        self.problems.append(f"{printable(path)}: {problem}")


def _is_missing(path: Path) -> bool:
    """Whether nothing is there. What cannot be read is reported when it is read."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        pass
    return False


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    """The file, or None if it is no regular file. Raises OSError."""
    # Opening a device can change it, so check first. O_NONBLOCK, because the file may have become a
    # FIFO since.
    if not stat.S_ISREG(path.stat().st_mode):
        yield None
        return
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
        yield file if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None


def _as_mbox(file: BinaryIO) -> Readable | None:
    """The stream of an mbox, compressed or not; None if the file is no mbox."""
    head = file.read(LOOK)
    file.seek(0)
    if is_mbox(head):
        return file
    if sniff(head) is Kind.GZIP and is_mbox(_gzip_head(file)):
        file.seek(0)
        return GzipStream(file)
    file.seek(0)
    return None


def _gzip_head(file: BinaryIO) -> bytes:
    """The first decompressed bytes of a gzip file, as far as it can be read."""
    stream, head = GzipStream(file), b""
    with contextlib.suppress(BrokenContainer):
        while len(head) < LOOK and (piece := stream.read(LOOK)):
            head += piece
    return head


def _arrival(key: str, file: BinaryIO, *, in_maildir: bool = False) -> Arrival:
    facts = os.fstat(file.fileno())
    large = facts.st_size > MESSAGE_BYTES
    raw = file.read(HEADER_BYTES if large else MESSAGE_BYTES + 1)
    size = max(facts.st_size, len(raw))  # it may have grown since
    kind = sniff(raw)
    return Arrival(
        key=key,
        raw=raw if size <= MESSAGE_BYTES else raw[:HEADER_BYTES],
        received_at=datetime.fromtimestamp(facts.st_mtime, UTC),
        # In a Maildir a file is a mail, however strange its header, unless it is compressed.
        is_mail=kind is Kind.MESSAGE or (in_maildir and kind is not Kind.GZIP),
        too_large=size if size > MESSAGE_BYTES else None,
    )
