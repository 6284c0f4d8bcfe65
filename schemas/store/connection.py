"""What migrations and row-level access need of an open DuckDB connection."""

from typing import Any, Protocol

__all__ = ["Executes"]


class Executes(Protocol):
    """A DuckDB connection, which gives itself back from `execute`."""

    def execute(self, query: str, parameters: object = None) -> "Executes": ...

    def fetchall(self) -> list[Any]: ...
