"""Rows into tables in bulk: tuples to Arrow to DuckDB."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from schemas.store.store import Connection

__all__ = ["insert", "insert_rows", "next_id"]


def insert(con: Connection, table: str, rows: Any) -> None:
    """Append an Arrow table, columns by name."""
    con.register("incoming", rows)
    con.execute(f"insert into {table} by name select * from incoming")
    con.unregister("incoming")


def insert_rows(con: Connection, table: str, columns: dict[str, Any], rows: Iterable[Any]) -> None:
    """Append tuples whose columns, in order, have the given Arrow types."""
    schema = pa.schema(list(columns.items()))
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(v, t) for v, t in zip(values, columns.values(), strict=True)]
    insert(con, table, pa.Table.from_arrays(arrays, schema=schema))


def next_id(con: Connection, table: str, column: str) -> int:
    """The id that the next row of a table gets; one transaction writes at a time."""
    question = f"select coalesce(max({column}), 0) + 1 from {table}"
    return int(con.execute(question).fetchall()[0][0])
