"""Ask a question: one SELECT in FOLDER/queries/NAME.sql, with parameters by name."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from schemas.store.store import Connection

__all__ = ["Row", "ask", "question"]

Row = dict[str, Any]


@cache
def question(name: str) -> str:
    """The SELECT of a question named "FOLDER/NAME": analytics/FOLDER/queries/NAME.sql."""
    folder, _, stem = name.partition("/")
    return (
        resources.files("analytics").joinpath(folder, "queries", f"{stem}.sql").read_text("utf-8")
    )


def ask(con: Connection, name: str, parameters: Mapping[str, Any]) -> list[Row]:
    """All rows of a question, as dictionaries in the order of its columns."""
    result = con.execute(question(name), dict(parameters))
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
