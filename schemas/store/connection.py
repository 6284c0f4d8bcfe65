"""What the store's own modules need of an open DuckDB connection; only store.py opens one."""

from typing import Any, Protocol

__all__ = ["Executes"]


class Executes(Protocol):
    """A DuckDB connection, which gives itself back from `execute`."""

    def execute(self, query: str, parameters: object = None) -> "Executes": ...

    def fetchall(self) -> list[Any]: ...

    def fetchmany(self, size: int = ...) -> list[Any]: ...

    def interrupt(self) -> None: ...

    @property
    def description(self) -> list[Any] | None: ...
