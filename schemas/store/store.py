"""The one DuckDB file: open late, close early, migrate, and say clearly what is wrong with it.

The only module that opens the file. Every error of DuckDB leaves here as one of ours.
"""

import contextlib
import errno
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from schemas.errors import AccessDenied, StoreDamaged, StoreError, StoreFull, StoreLocked
from schemas.store import lock, migrate
from schemas.store.reader import Reader
from schemas.store.row_access import EVERYTHING, Scope, confine, count_only

__all__ = ["Connection", "Copied", "FileFault", "Reader", "State", "Store", "attached"]

Connection = duckdb.DuckDBPyConnection
FileFault = duckdb.IOException  # of a file beside the store; outside of a connection it is ours

HELD_ELSEWHERE = re.compile(r"Conflicting lock is held.*?(?:\(PID (\d+)\))", re.DOTALL)
NO_SPACE = re.compile(r"no space left|disk quota|out of disk", re.IGNORECASE)
FOREIGN = re.compile(r"not a valid DuckDB database|cannot (?:be read|open)|corrupt", re.IGNORECASE)
POLL_SECONDS = 0.05
COPY_MEMORY = "256MB"  # enough for any store; more only where it holds very large documents
# The oldest form of file that packs as well as the newest. A store itself is of the newest, which
# no DuckDB before 2.0 opens.
COPY_FORM = "v1.2.0"

State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """`file` holds the store at `path` as it was in `state`, at a moment of UTC."""

    file: Path
    path: Path
    state: State
    at: datetime


class Store:
    """The store at `path`; `lock_timeout` in seconds is how long to wait for others.

    With `require_verified` the views count only reports whose mail proves its sender; with `as_of`
    only those that had arrived by the end of that UTC day. `scope` is what its reader may see and
    change: whatever is asked through this store, nothing else is answered.
    """

    def __init__(
        self,
        path: Path,
        *,
        lock_timeout: float = 60,
        require_verified: bool = False,
        as_of: date | None = None,
        scope: Scope = EVERYTHING,
    ) -> None:
        self.path = path
        self.lock_timeout = lock_timeout
        self._require_verified = require_verified
        self._as_of = as_of
        self.scope = scope
        self._latest: lock.Deadline = lock.never
        self._copied: Copied | None = None

    def as_copied(self, copied: Copied) -> "Store":
        """The same store for its readers, as it was then: they keep nobody waiting."""
        store = copy(self)
        store._copied = copied
        return store

    def until(self, latest: lock.Deadline) -> "Store":
        """The same store, for whom nothing waits past that moment of time.monotonic()."""
        store = copy(self)
        store._latest = latest
        return store

    def exists(self) -> bool:
        return self._file.exists()

    @property
    def _file(self) -> Path:
        """What is read."""
        return self.path if self._copied is None else self._copied.file

    def state(self) -> State:
        """Changes with every commit: times and sizes of the file and of its write-ahead log."""
        if self._copied is not None:
            return self._copied.state
        found: State = ()
        for each in (self.path, self.path.with_name(f"{self.path.name}.wal")):
            with contextlib.suppress(OSError):
                status = each.stat()
                found += (status.st_mtime_ns, status.st_size, status.st_ino)
        return found

    @contextlib.contextmanager
    def read(self) -> Iterator[Reader]:
        """A read-only connection, closed at the end of the block.

        Raises StoreError when there is no store, StoreLocked, StoreDamaged.
        """
        if not self.exists():
            raise StoreError(
                "there is no store yet", where=str(self.path), todo="run rua ingest first"
            )
        with contextlib.ExitStack() as stack:
            con = self._enter_reading(stack)
            if self._copied is None and not migrate.is_current(_form_of(con), self.path):
                stack.close()
                with self._writing():
                    pass
                con = self._enter_reading(stack)
            states = con.execute("select state::text from report_state").fetchall()
            visible = self.scope.visible
            if visible is not None:
                confine(con, visible)
            seen = None if visible is None else sorted(visible)
            sees = (self._require_verified, self._as_of, seen)
            yield Reader(con, self.path.absolute(), states[0][0] if states else None, sees)

    def _enter_reading(self, stack: contextlib.ExitStack) -> Connection:
        if self._copied is None:
            stack.enter_context(lock.shared(self.path, self.lock_timeout, self._latest))
        return stack.enter_context(self._connect(read_only=True))

    @contextlib.contextmanager
    def write(
        self, about: str | None = None, *, changes_reports: bool = True
    ) -> Iterator[Connection]:
        """A connection of one's own, on a store of the newest form; creates it when missing.

        It sees everything. `about` is the one policy domain whose labels it is for. Without
        `changes_reports` it leaves alone what reports say, and host names: answers that were kept
        stay true. Raises StoreError, and AccessDenied where the scope does not allow it.
        """
        self.scope.require_edit(about)
        with self._writing() as con:
            if changes_reports:  # before it does: whoever is killed in between has changed nothing
                con.execute("update report_state set state = gen_random_uuid()")
            yield con

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{error.strerror}", where=str(self.path.parent)) from None
        with lock.exclusive(self.path, self.lock_timeout, self._latest):
            if not self.path.exists():
                self._create()
            with _as_private_as(self.path), self._connect(read_only=False) as con:
                migrate.migrate(con, _form_of(con), self.path)
                yield con

    @contextlib.contextmanager
    def aside(self, file: Path, tables: Sequence[str]) -> Iterator[Connection]:
        """A connection to a DuckDB file of one's own that has tables as the store has them.

        The file is made when missing. Nobody is locked out meanwhile. Raises StoreError.
        """
        aside = Store(file)
        if not aside.exists():
            question = "select sql from duckdb_tables() where list_contains($1, table_name)"
            with self.read() as con:
                made = [row[0] for row in con.execute(question, [list(tables)]).fetchall()]
            with aside._connect(read_only=False) as con:
                con.execute("".join(made))
        with aside._connect(read_only=False) as con:
            yield con

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """For who copies the file: it is a store of the newest form, and nobody writes meanwhile.

        Raises as `read` does.
        """
        with self.read():
            pass
        with lock.shared(self.path, self.lock_timeout, self._latest):
            yield

    def copy_to(self, target: Path) -> None:
        """Write tables and views, as of one moment, into a new file that DuckDB 1.2 can open.

        Raises StoreError, and AccessDenied for who may not see everything. Whatever it has written
        by then is left to the caller.
        """
        if self.scope.visible is not None:
            raise AccessDenied("a copy would hold what this login may not see")
        with self.held():
            try:
                self._copy_within(COPY_MEMORY, target)
            except duckdb.OutOfMemoryException:
                target.unlink(missing_ok=True)
                target.with_name(target.name + ".wal").unlink(missing_ok=True)
                self._copy_within("80%", target)

    def _copy_within(self, memory: str, target: Path) -> None:
        """A log that a killed writer left behind is read with the file, and stays as it is."""
        spill = str(target.with_name(target.name + ".spill"))
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "temp_directory": spill,
        }
        try:
            with duckdb.connect(config=config) as con:
                con.execute(f"attach {_quoted(self.path)} as store (read_only)")
                con.execute(f"attach {_quoted(target)} as copy (storage_version '{COPY_FORM}')")
                con.execute("copy from database store to copy")
                con.execute("checkpoint copy")  # on a full disk it fails here
                con.execute("detach copy")
        except duckdb.OutOfMemoryException:
            if memory == COPY_MEMORY:
                raise
            raise StoreError("not enough memory to copy it", where=str(self.path)) from None
        except duckdb.Error as error:
            full = NO_SPACE.search(str(error))
            raise _ours(error, target if full else self.path) from None

    def _create(self) -> None:
        """Make it aside and put it in its place whole.

        DuckDB writes a new file in several steps; a process that is killed between two of them
        leaves one that nobody can open.
        """
        aside = self.path.with_name(self.path.name + ".new")
        for left in (aside, aside.with_name(aside.name + ".wal")):
            left.unlink(missing_ok=True)
        with Store(aside)._connect(read_only=False) as con:
            aside.chmod(0o600)  # mails will stand in it
            migrate.migrate(con, _form_of(con), self.path)
            con.execute("checkpoint")  # on a full disk it fails here, and not silently on closing
        aside.replace(self.path)

    @contextlib.contextmanager
    def _connect(self, *, read_only: bool) -> Iterator[Connection]:
        con = self._open(read_only=read_only)
        try:
            yield con
        except duckdb.Error as error:
            raise _ours(error, self.path) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise _ours(duckdb.IOException("no space left"), self.path) from error
            raise
        finally:
            with contextlib.suppress(duckdb.Error):
                con.close()

    def _open(self, *, read_only: bool) -> Connection:
        """Open the file; a program that knows nothing of our lock may hold it, so wait here too."""
        end = time.monotonic() + self.lock_timeout
        file = self._file if read_only else self.path
        while True:
            try:
                con = duckdb.connect(str(file), read_only=read_only)
            except duckdb.Error as error:
                is_held = HELD_ELSEWHERE.search(str(error))
                if is_held and time.monotonic() < min(end, self._latest()):
                    time.sleep(POLL_SECONDS)
                    continue
                raise _ours(error, self.path) from None
            con.execute("set TimeZone = 'UTC'")
            count_only(con, self._require_verified, self._as_of if read_only else None)
            return con


@contextlib.contextmanager
def attached(con: Connection, file: Path, name: str) -> Iterator[None]:
    """Another DuckDB file, for reading, as the schema `name`; not within a transaction."""
    con.execute(f"attach {_quoted(file)} as {name} (read_only)")
    try:
        yield
    finally:
        with contextlib.suppress(duckdb.Error):  # a transaction that failed holds on to it
            con.execute(f"detach {name}")


@contextlib.contextmanager
def _as_private_as(path: Path) -> Iterator[None]:
    """What DuckDB makes beside the file, its log above all, is for nobody else than the file."""
    before = os.umask(~stat.S_IMODE(path.stat().st_mode) & 0o077)
    try:
        yield
    finally:
        os.umask(before)


def _quoted(path: Path) -> str:
    """For ATTACH; absolute, since what stands before a colon would be taken for a file type."""
    return "'" + str(path.absolute()).replace("'", "''") + "'"


def _ours(error: duckdb.Error, path: Path) -> StoreError:
    text = str(error)
    where = str(path)
    held = HELD_ELSEWHERE.search(text)
    if held:
        return StoreLocked(
            f"the store is held by process {held[1]}",
            where=where,
            todo="close that program, or give a longer --lock-timeout",
        )
    if NO_SPACE.search(text):
        return StoreFull(
            "no space left on the device", where=where, todo="free some; nothing was lost"
        )
    first = text.splitlines()[0] if text else type(error).__name__
    if isinstance(
        error, duckdb.IOException | duckdb.SerializationException | duckdb.FatalException
    ):
        todo = "check that it is a store of rua and that this user may use it"
        return StoreDamaged(first, where=where, todo=todo)
    return StoreError(first, where=where)


def _form_of(con: Connection) -> migrate.Form:
    question = "select (select count(*) from migration), (select min(sql) from view_text)"
    try:
        applied, views = con.execute(question).fetchall()[0]
    except (duckdb.CatalogException, duckdb.BinderException):
        return 0, ""  # empty, or of another program: some have a table migration, too
    return applied, views or ""
