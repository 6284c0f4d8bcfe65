"""What the store's own modules need of an open DuckDB connection; only store.py opens one."""

from typing import Any, Protocol

__all__ = ["Executes", "Opened", "Rows"]


class Rows(Protocol):
    """The answer of a statement."""

    @property
    def description(self) -> list[Any] | None: ...

    def fetchall(self) -> list[Any]: ...

    def fetchmany(self, size: int = ..., /) -> list[Any]: ...


class Executes(Protocol):
    """Whatever runs a statement: a DuckDB connection, or a `Reader` of one."""

    def execute(self, query: str, parameters: object = None) -> Rows: ...


class Opened(Executes, Protocol):
    """A connection whose statements another thread can end."""

    def interrupt(self) -> None: ...
