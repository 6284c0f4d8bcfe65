"""What a question's SELECT reads beside the public views: named, and passed to the question.

A relation is an answer of another question (`Made`), rows of Python's (`Listed`), or a view
narrowed to what counts here (`Narrowed`). Its `key` says what it holds, so that the same relation
is made once in a connection, and an answer over it can be kept. Nothing depends on what was asked
before.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from schemas.store.reader import Reader

__all__ = ["Listed", "Made", "Narrowed", "Relation", "Relations", "composed", "digest"]


def digest(*parts: object) -> str:
    """16 hexadecimal digits that differ where any part's `repr` does."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Made:
    """The answer of the question `question`, called `name` by the SELECTs that read it.

    `wider`, where it is at hand, holds these rows and more: questions name the domains they want.
    `is_kept` answers are kept beside the store when they took long.
    """

    name: str
    question: str
    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    over: tuple["Relation", ...] = ()
    wider: "Made | None" = None
    is_kept: bool = False

    @cached_property
    def key(self) -> str:
        keys = [each.key for each in self.over]
        return digest(self.name, self.sql, sorted(self.parameters.items()), keys)


@dataclass(frozen=True)
class Listed:
    """A small table of Python's: `columns` as CREATE TABLE takes them, `rows` made when it is read.

    `basis` says what the rows follow from.
    """

    name: str
    columns: str
    basis: tuple[object, ...]
    rows: Callable[[Reader], Iterable[Sequence[object]]]

    @cached_property
    def key(self) -> str:
        return digest(self.name, self.columns, self.basis)

    @classmethod
    def of(cls, name: str, columns: str, rows: Iterable[Sequence[object]]) -> "Listed":
        """Of rows that are known already."""
        known = [tuple(row) for row in rows]
        return cls(name, columns, tuple(known), lambda _: known)


@dataclass(frozen=True)
class Narrowed:
    """A public view under its own name, of the rows that `where` keeps; it is never stored."""

    name: str
    where: str
    parameters: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        return digest(self.name, self.where, sorted(self.parameters.items()))

    @property
    def clause(self) -> str:
        return f"{self.name} as not materialized (select * from {self.name} where {self.where})"


Relation = Made | Listed | Narrowed
Relations = tuple[Relation, ...]


def composed(sql: str, clauses: Sequence[str]) -> str:
    """A SELECT of ours with these common table expressions before its own."""
    if not clauses:
        return sql
    lines = sql.splitlines()
    first = next(n for n, line in enumerate(lines) if line and not line.startswith("--"))
    body = "\n".join(lines[first:])
    own = body[len("with ") :] if body.startswith("with ") else None
    with_all = "with " + ",\n".join(clauses)
    rest = f"{with_all}\n{body}" if own is None else f"{with_all},\n{own}"
    return "\n".join([*lines[:first], rest])
