"""A stranger to the code asks in SQL, and can do no harm."""

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
LOOK_SECONDS = 1.0  # between two looks whether Ctrl-C came
INTERRUPT_SECONDS = 0.1  # between two tries to end a question
READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def answer(reader: Reader, statement: str) -> tuple[list[str], Iterator[Row]]:
    """(columns, rows as they are computed) of one SELECT.

    Raises ConfigError for anything it cannot answer, while rows are taken, too, and AccessDenied
    on a connection that may not see everything. Ctrl-C ends it at once. The connection stays
    locked down: use it for nothing else.
    """
    con = cast(Connection, reader.con)
    if con.execute("select getvariable('visible') is not null").fetchall()[0][0]:
        # Whoever writes the question can name a table in a way that leads around the scope.
        raise AccessDenied("SQL of one's own is for those who may see every domain")
    con.execute(LOCKED_DOWN)
    try:
        statements = con.extract_statements(statement)
        if len(statements) != 1:
            raise ConfigError(f"one statement is wanted, not {len(statements)}")
        if statements[0].type not in READING:
            raise ConfigError("only a SELECT is answered", todo='try: rua sql "describe report"')
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
    """Python hears Ctrl-C only between two steps of its own: DuckDB computes in a thread.

    Neither the waiting nor the interrupt are done once for all: a thread of DuckDB's may take the
    signal, which then wakes nobody, and what has not begun is not interrupted.
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
    """Column names, a repeated one with its place: `count`, `count:2`."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}:{seen[name]}")
    return out
