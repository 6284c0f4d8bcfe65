"""A stranger to the code asks in SQL, and can do no harm."""

import duckdb

from analytics.ask import Row
from schemas.errors import ConfigError
from schemas.store import Connection

__all__ = ["answer"]

# Read-only alone still lets `copy … to` write files, and a Python name stand for a table.
LOCKED_DOWN = """
    set python_enable_replacements = false;
    set enable_external_access = false;
    set lock_configuration = true
"""

READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def answer(con: Connection, statement: str) -> tuple[list[str], list[Row]]:
    """(columns, rows) of one SELECT. Raises ConfigError for anything it cannot answer.

    The connection stays locked down: use it for nothing else.
    """
    con.execute(LOCKED_DOWN)
    try:
        statements = con.extract_statements(statement)
        if len(statements) != 1:
            raise ConfigError(f"one statement is wanted, not {len(statements)}")
        if statements[0].type not in READING:
            raise ConfigError("only a SELECT is answered", todo='try: rua sql "describe report"')
        result = con.execute(statements[0])
        columns = _distinct([column[0] for column in result.description or ()])
        rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    except duckdb.Error as error:
        raise ConfigError(str(error).splitlines()[0]) from None
    return columns, rows


def _distinct(names: list[str]) -> list[str]:
    """Column names, a repeated one with its place: `count`, `count:2`."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}:{seen[name]}")
    return out
