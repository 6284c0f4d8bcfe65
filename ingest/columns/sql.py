"""SQL statements by name, and rows into tables in bulk.

A statement named "FOLDER/NAME" is the one in ingest/FOLDER/queries/NAME.sql.
"""

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

import pyarrow as pa

from schemas.store.connection import Executes
from schemas.store.store import Connection

__all__ = ["execute", "insert", "insert_rows", "next_id", "statement"]


@cache
def statement(name: str) -> str:
    """The text of a named statement."""
    folder, _, stem = name.partition("/")
    file = resources.files("ingest").joinpath(folder, "queries", f"{stem}.sql")
    return file.read_text(encoding="utf-8")


def execute(con: Executes, name: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a named statement with its `$name` parameters; returns its rows."""
    return con.execute(statement(name), values).fetchall()


def insert(con: Connection, table: str, rows: Any) -> None:
    """Append an Arrow table, columns by name."""
    con.register("incoming", rows)
    con.execute(f"insert into {table} by name select * from incoming")
    con.unregister("incoming")


def insert_rows(con: Connection, table: str, columns: dict[str, Any], rows: Iterable[Any]) -> None:
    """Append tuples; `columns` gives the name and Arrow type of each value, in order."""
    schema = pa.schema(list(columns.items()))
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(v, t) for v, t in zip(values, columns.values(), strict=True)]
    insert(con, table, pa.Table.from_arrays(arrays, schema=schema))


def next_id(con: Connection, table: str, column: str) -> int:
    """The next free ID of a table. Only one transaction writes at a time, so it stays free."""
    question = f"select coalesce(max({column}), 0) + 1 from {table}"
    return int(con.execute(question).fetchall()[0][0])
