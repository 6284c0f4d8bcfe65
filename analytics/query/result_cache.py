"""Answers that take seconds, kept beside the store until it changes.

`STORE.kept/NAME-KEY.parquet`: the key holds the state of the reports (Store.write), so an answer is
never older than they are; whatever else it hangs on, such as the owner's words, is part of what was
asked. Files of other states stay as long as somebody uses them, who reads a copy of the store
(replica.py). They are of no value: whoever deletes them only waits once more. Where they
cannot be written nothing is kept.

An answer that comes back has the types it had. Parquet has no integer as wide as DuckDB's sums,
HUGEINT, and makes a DOUBLE of it, so these stand in the file as DECIMAL of the same width.
"""

import contextlib
import hashlib
import os
import threading
import time
from pathlib import Path

from schemas.store.reader import Reader
from schemas.store.store import FileFault

__all__ = ["SLOW_ANSWER", "SLOW_SECONDS", "Kept"]

SLOW_SECONDS = 0.2  # what takes longer is kept
SLOW_ANSWER = 0.03  # of a question of which a screen asks many
MOST_FILES = 400  # of one state of the store
OTHERS_SECONDS = 600.0  # since they were used: files of other states, which a copy may be of

WIDE, IN_FILE = "HUGEINT", "DECIMAL(38,0)"

NARROW, BROAD = ".parquet", ".wide.parquet"  # whether types are to be looked at


class Kept:
    """The answer of one name and question, to one who sees as much as `reader`.

    `name` is another one for another question, state of the store, or view of it.
    """

    def __init__(self, reader: Reader, name: str, asked: str) -> None:
        self._con = reader
        self._folder = Path(f"{reader.path}.kept") if reader.state and reader.path else None
        self._state = hashlib.sha256(str(reader.state).encode()).hexdigest()[:16]
        question = hashlib.sha256(repr((IN_FILE, reader.sees, asked)).encode()).hexdigest()[:16]
        self.name = f"{name.rpartition('/')[2]}-{self._state}-{question}"
        self._began = time.monotonic()

    def found(self) -> str | None:
        """The kept answer as a SELECT; None where there is none."""
        if self._folder is None:
            return None
        for suffix in (NARROW, BROAD):
            file = self._folder / f"{self.name}{suffix}"
            if not file.is_file():
                continue
            with contextlib.suppress(OSError):
                os.utime(file)  # it is used
            cast = self._cast(_quoted(file), IN_FILE, WIDE) if suffix == BROAD else ""
            return f"select * {cast} from {_quoted(file)}"
        return None

    def keep(self, table: str, *, slow: float | None = None) -> None:
        """Keep a table that took long to make: `slow` seconds, by default SLOW_SECONDS."""
        least = SLOW_SECONDS if slow is None else slow
        if self._folder is None or time.monotonic() - self._began < least:
            return
        with contextlib.suppress(OSError, FileFault):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._remove_older(self._folder)
            if os.access(self._folder, os.W_OK):
                self._write(self._folder, table)

    def _write(self, folder: Path, table: str) -> None:
        """Under another name first, one of this thread's own, so that nobody reads half of it."""
        half = folder / f"{self.name}.parquet.{os.getpid()}.{threading.get_ident()}"
        cast = self._cast(table, WIDE, IN_FILE)
        answer = f"select * {cast} from {table}"
        try:
            self._con.execute(
                f"copy ({answer}) to {_quoted(half)} (format parquet, use_tmp_file false)"
            )
            half.chmod(0o600)
            # The name tells that types are to be looked at, which takes as long as to read the
            # file.
            half.replace(folder / f"{self.name}{BROAD if cast else NARROW}")
        finally:
            half.unlink(missing_ok=True)

    def _cast(self, table: str, old: str, new: str) -> str:
        """What a SELECT replaces, so that `old` types are `new` ones, within lists as well."""
        told = self._con.execute(f"describe from {table}").fetchall()
        changed = [
            f"{_name(column)}::{kind.replace(old, new)} as {_name(column)}"
            for column, kind, *_ in told
            if old in kind
        ]
        return f"replace ({', '.join(changed)})" if changed else ""

    def _remove_older(self, folder: Path) -> None:
        """All but the newest files of this state, and what nobody has used of others of late."""
        files = sorted(folder.glob("*.parquet*"), key=_used_at)
        mine = [file for file in files if _state_of(file) == self._state]
        stale = [file for file in files if file not in mine and _is_old(file)]
        for file in (*stale, *mine[: -MOST_FILES + 1]):
            file.unlink(missing_ok=True)


def _state_of(file: Path) -> str:
    """Of a name as `Kept` makes it: NAME-STATE-QUESTION."""
    return file.name.split("-")[1] if file.name.count("-") > 1 else ""


def _is_old(file: Path) -> bool:
    return time.time() - _used_at(file) > OTHERS_SECONDS


def _used_at(file: Path) -> float:
    """Another process may have removed it meanwhile."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
