"""The relations that a question's SELECT reads beside the public views, passed by name.

A relation is the answer to another question (`Made`), rows computed in Python (`Listed`), or a
view narrowed to the rows that count (`Narrowed`). Its `key` identifies its content: a connection
makes each relation once, and answers over it can be cached. Nothing depends on earlier questions.
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
    """The answer to the question `question`, called `name` by the SELECTs that read it.

    `wider` is a relation with these rows and more, used if it is already made or cached: SELECTs
    filter by domain themselves. `is_cached`: the answer is cached beside the store if it was slow.
    """

    name: str
    question: str
    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    over: tuple["Relation", ...] = ()
    wider: "Made | None" = None
    is_cached: bool = False

    @cached_property
    def key(self) -> str:
        keys = [each.key for each in self.over]
        return digest(self.name, self.sql, sorted(self.parameters.items()), keys)


@dataclass(frozen=True)
class Listed:
    """A small table computed in Python: `columns` as in CREATE TABLE, `rows` computed on first use.

    `basis` is what the rows depend on.
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
        """A table of rows that are known already."""
        known = [tuple(row) for row in rows]
        return cls(name, columns, tuple(known), lambda _: known)


@dataclass(frozen=True)
class Narrowed:
    """A public view under its own name, filtered by `where`; never materialized."""

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
    """One of our SELECTs with these common table expressions before its own."""
    if not clauses:
        return sql
    lines = sql.splitlines()
    first = next(n for n, line in enumerate(lines) if line and not line.startswith("--"))
    body = "\n".join(lines[first:])
    own = body[len("with ") :] if body.startswith("with ") else None
    with_all = "with " + ",\n".join(clauses)
    rest = f"{with_all}\n{body}" if own is None else f"{with_all},\n{own}"
    return "\n".join([*lines[:first], rest])
