"""Caches slow answers in files beside the store until its reports change.

A file is `STORE.kept/NAME-KEY.parquet`. The key contains the state of the reports (Store.write), so
an answer is never older than they are, and everything else it depends on, such as overrides. Files
of other states stay while a reader of a copy of the store (replica.py) uses them. Deleting the
files is safe: answers are computed again. Where the folder cannot be written, nothing is cached.

A cached answer keeps its column types. Parquet has no HUGEINT, the type of DuckDB's sums, and would
store a DOUBLE, so the file holds a DECIMAL of the same width.
"""

import contextlib
import hashlib
import os
import threading
import time
from pathlib import Path

from schemas.store.reader import Reader
from schemas.store.store import FileFault

__all__ = ["SLOW_ANSWER", "SLOW_SECONDS", "CachedAnswer"]

SLOW_SECONDS = 0.2  # what takes longer is cached
SLOW_ANSWER = 0.03  # the same for a question that a screen asks many times
MOST_FILES = 400  # of one state of the store
OTHERS_SECONDS = 600.0  # files of other states go when unused for so long

WIDE, IN_FILE = "HUGEINT", "DECIMAL(38,0)"

NARROW, BROAD = ".parquet", ".wide.parquet"  # BROAD: some columns are cast back to HUGEINT


class CachedAnswer:
    """The cached answer to one question, for a reader who may see the same domains as `reader`.

    `name` differs by question, state of the store, and visible domains.
    """

    def __init__(self, reader: Reader, name: str, asked: str) -> None:
        self._con = reader
        self._folder = Path(f"{reader.path}.kept") if reader.state and reader.path else None
        self._state = hashlib.sha256(str(reader.state).encode()).hexdigest()[:16]
        question = hashlib.sha256(repr((IN_FILE, reader.sees, asked)).encode()).hexdigest()[:16]
        self.name = f"{name.rpartition('/')[2]}-{self._state}-{question}"
        self._began = time.monotonic()

    def found(self) -> str | None:
        """A SELECT of the cached answer; None if there is none."""
        if self._folder is None:
            return None
        for suffix in (NARROW, BROAD):
            file = self._folder / f"{self.name}{suffix}"
            if not file.is_file():
                continue
            with contextlib.suppress(OSError):
                os.utime(file)  # the time of last use
            cast = self._cast(_quoted(file), IN_FILE, WIDE) if suffix == BROAD else ""
            return f"select * {cast} from {_quoted(file)}"
        return None

    def store(self, table: str, *, slow: float | None = None) -> None:
        """Cache a table that took at least `slow` seconds to make, by default SLOW_SECONDS."""
        least = SLOW_SECONDS if slow is None else slow
        if self._folder is None or time.monotonic() - self._began < least:
            return
        with contextlib.suppress(OSError, FileFault):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._remove_older(self._folder)
            if os.access(self._folder, os.W_OK):
                self._write(self._folder, table)

    def _write(self, folder: Path, table: str) -> None:
        """Write under a name unique to this thread, then rename: nobody reads half a file."""
        half = folder / f"{self.name}.parquet.{os.getpid()}.{threading.get_ident()}"
        cast = self._cast(table, WIDE, IN_FILE)
        answer = f"select * {cast} from {table}"
        try:
            self._con.execute(
                f"copy ({answer}) to {_quoted(half)} (format parquet, use_tmp_file false)"
            )
            half.chmod(0o600)
            # The suffix says whether columns need a cast: describing a file is as slow as reading.
            half.replace(folder / f"{self.name}{BROAD if cast else NARROW}")
        finally:
            half.unlink(missing_ok=True)

    def _cast(self, table: str, old: str, new: str) -> str:
        """The REPLACE clause that casts columns from type `old` to `new`, also within lists."""
        described = self._con.execute(f"describe from {table}").fetchall()
        changed = [
            f"{_name(column)}::{kind.replace(old, new)} as {_name(column)}"
            for column, kind, *_ in described
            if old in kind
        ]
        return f"replace ({', '.join(changed)})" if changed else ""

    def _remove_older(self, folder: Path) -> None:
        """Remove all but the newest files of this state, and unused files of other states."""
        files = sorted(folder.glob("*.parquet*"), key=_used_at)
        mine = [file for file in files if _state_of(file) == self._state]
        stale = [file for file in files if file not in mine and _is_old(file)]
        for file in (*stale, *mine[: -MOST_FILES + 1]):
            file.unlink(missing_ok=True)


def _state_of(file: Path) -> str:
    """The state in a file name of `CachedAnswer`: NAME-STATE-QUESTION."""
    return file.name.split("-")[1] if file.name.count("-") > 1 else ""


def _is_old(file: Path) -> bool:
    return time.time() - _used_at(file) > OTHERS_SECONDS


def _used_at(file: Path) -> float:
    """When a file was last used; 0 if another process has removed it."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
