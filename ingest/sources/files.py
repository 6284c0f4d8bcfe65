"""The files and folders of one command line; read anew each time, never moved or changed.

Folders are walked in the order of their paths. Left out: names that begin with a dot, folders
behind symbolic links (they may be loops), and what is no regular file (opening a FIFO waits
for ever). Whether a file is a mail is decided by its content alone.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ingest.limits import HEADER_BYTES, MESSAGE_BYTES
from ingest.sniff import Kind, sniff
from ingest.sources import Arrival, printable
from schemas.errors import FolderMissing

__all__ = ["FileSource"]

BATCH_FILES = 200
BATCH_BYTES = 32 * 1024 * 1024


class FileSource:
    """Paths as a Source. `problems` says which files could not be read; the rest goes on."""

    name = "files"
    ledger_name: str | None = None

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.problems: list[str] = []

    def arrivals(self) -> Iterator[Sequence[Arrival]]:
        """All files, in batches. Raises FolderMissing before the first if a path is not there."""
        for path in self._paths:
            _require(path)
        batch: list[Arrival] = []
        total = 0
        for path in self._files():
            arrival = self._read(path)
            if arrival is None:
                continue
            if batch and (len(batch) == BATCH_FILES or total + len(arrival.raw) > BATCH_BYTES):
                yield batch
                batch, total = [], 0
            batch.append(arrival)
            total += len(arrival.raw)
        if batch:
            yield batch

    def settle(self, keys: Sequence[str]) -> None:
        """Files stay where they are."""

    def close(self) -> None:
        """Nothing is held open."""

    def _files(self) -> Iterator[Path]:
        """Each file once, though it may be named twice or lie in a folder named, too."""
        given: set[str] = set()
        for start in self._paths:
            for path in self._walk(os.path.abspath(start)):  # resolve() would follow links
                if path not in given:
                    given.add(path)
                    yield Path(path)

    def _walk(self, start: str) -> Iterator[str]:
        waiting = [start]
        while waiting:  # no recursion: a stranger's archive may be thousands of folders deep
            path = waiting.pop()
            if os.path.isdir(path):
                waiting += reversed(self._inside(path))
            else:
                yield path

    def _inside(self, folder: str) -> list[str]:
        try:
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

    def _read(self, path: Path) -> Arrival | None:
        try:
            # Opening a device can do something to it, so look first. And O_NONBLOCK, because
            # it may have become a FIFO since.
            if _is_regular(path.stat()):
                with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
                    facts = os.fstat(file.fileno())
                    if _is_regular(facts):
                        large = facts.st_size > MESSAGE_BYTES
                        raw = file.read(HEADER_BYTES if large else MESSAGE_BYTES + 1)
                        return _arrival(path, raw, facts)
            self._note(str(path), "is no regular file and is left out")
        except OSError as error:
            self._note(str(path), f"cannot be read: {error.strerror}")
        return None

    def _note(self, path: str, problem: str) -> None:
        self.problems.append(f"{printable(path)}: {problem}")


def _require(path: Path) -> None:
    problem = False
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        problem = True
    except OSError:
        return  # it is there; that it cannot be read is told when its turn comes
    if problem:
        raise FolderMissing(
            "there is no such file or folder", where=printable(str(path)), todo="check the path"
        )


def _is_regular(facts: os.stat_result) -> bool:
    return stat.S_ISREG(facts.st_mode)


def _arrival(path: Path, raw: bytes, facts: os.stat_result) -> Arrival:
    size = max(facts.st_size, len(raw))  # it may have grown since
    return Arrival(
        key=printable(str(path)),
        raw=raw if size <= MESSAGE_BYTES else raw[:HEADER_BYTES],
        received_at=datetime.fromtimestamp(facts.st_mtime, UTC),
        is_mail=sniff(raw) is Kind.MESSAGE,
        too_large=size if size > MESSAGE_BYTES else None,
    )
