"""Runs a user's own SELECT, read-only and without access to files."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar, cast

import duckdb

from analytics.query.run import Row
from schemas.errors import AccessDenied, ConfigError
from schemas.store.reader import Reader
from schemas.store.store import Connection

__all__ = ["answer"]

# Read-only alone still lets `copy … to` write files, and a Python name stand for a table.
LOCKED_DOWN = """
    set python_enable_replacements = false;
    set enable_external_access = false;
    set lock_configuration = true
"""

T = TypeVar("T")
CHUNK = 2048  # rows fetched at a time
LOOK_SECONDS = 1.0  # between two checks for Ctrl-C
INTERRUPT_SECONDS = 0.1  # between two attempts to interrupt a query
READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def answer(reader: Reader, statement: str) -> tuple[list[str], Iterator[Row]]:
    """(columns, rows as they are computed) of one SELECT.

    Raises ConfigError for anything it cannot answer, also while rows are fetched, and AccessDenied
    on a connection that may not see every domain. Ctrl-C ends it at once. The connection stays
    locked down: use it for nothing else.
    """
    con = cast(Connection, reader.con)
    if con.execute("select getvariable('visible') is not null").fetchall()[0][0]:
        # A qualified table name would bypass the filter on domains.
        raise AccessDenied("custom SQL needs access to every domain")
    con.execute(LOCKED_DOWN)
    try:
        statements = con.extract_statements(statement)
        if len(statements) != 1:
            raise ConfigError(f"expected one statement, got {len(statements)}")
        if statements[0].type not in READING:
            raise ConfigError("only SELECT is allowed", todo='try: rua sql "describe report"')
        result = _interruptible(con, lambda: con.execute(statements[0]))
    except duckdb.Error as error:
        raise ConfigError(str(error).splitlines()[0]) from None
    columns = _distinct([column[0] for column in result.description or ()])
    return columns, _rows(con, result, columns)


def _rows(con: Connection, result: Connection, columns: list[str]) -> Iterator[Row]:
    try:
        while chunk := _interruptible(con, lambda: result.fetchmany(CHUNK)):
            for row in chunk:
                yield dict(zip(columns, row, strict=True))
    except duckdb.Error as error:
        raise ConfigError(str(error).splitlines()[0]) from None


def _interruptible(con: Connection, act: Callable[[], T]) -> T:
    """Run DuckDB in a thread, since Python handles Ctrl-C only between its own bytecodes.

    Both the wait and the interrupt repeat: a DuckDB thread may take the signal without waking
    Python, and a query that has not begun cannot be interrupted.
    """
    with ThreadPoolExecutor(1) as aside:
        future = aside.submit(act)
        try:
            while not wait([future], LOOK_SECONDS).done:
                pass
        except KeyboardInterrupt:
            while not future.done():
                con.interrupt()
                wait([future], INTERRUPT_SECONDS)
            raise
        return future.result()


def _distinct(names: list[str]) -> list[str]:
    """Column names, numbered where they repeat: `count`, `count:2`."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}:{seen[name]}")
    return out
