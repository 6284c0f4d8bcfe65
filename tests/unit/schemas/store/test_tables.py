"""The tables after all migrations, column by column, as a golden file: a migration never changes
what an earlier one made, and each change of a column is read in the diff.

RUA_REWRITE_GOLDEN=1 writes the file again."""

import os
from collections.abc import Iterator
from pathlib import Path

from schemas.store.store import Connection, Store
from tests.support.paths import GOLDEN

EXPECTED = GOLDEN / "store" / "tables.txt"
COLUMNS = """
    select table_name, column_name, data_type, is_nullable, column_default
    from duckdb_columns()
    where schema_name = 'main' and database_name = current_database() and not internal
        and table_name in (select table_name from duckdb_tables())
    order by table_name, column_index
"""
CONSTRAINTS = """
    select table_name, constraint_text
    from duckdb_constraints()
    where database_name = current_database() and constraint_type != 'NOT NULL'
    order by all
"""


def told(con: Connection) -> Iterator[str]:
    for table, column, kind, is_nullable, default in con.execute(COLUMNS).fetchall():
        words = [f"{table}.{column}", kind, "null" if is_nullable else "not null"]
        yield " ".join(words + ([f"default {default}"] if default else []))
    for table, text in con.execute(CONSTRAINTS).fetchall():
        yield f"{table}: {text}"


def test_tables_are_what_the_migrations_made(tmp_path: Path) -> None:
    with Store(tmp_path / "rua.duckdb").write() as con:
        found = "".join(f"{line}\n" for line in told(con))
    if os.environ.get("RUA_REWRITE_GOLDEN") == "1":
        EXPECTED.write_text(found, encoding="utf-8")
    assert found == EXPECTED.read_text(encoding="utf-8")
