"""Mutants of an SQL file, made on its words: no tool for Python mutates SQL."""

import re
from collections.abc import Iterator, Sequence

from tests.mutants.mutant import Edit

__all__ = ["sql_edits"]

TOKEN = re.compile(
    r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|\$?[A-Za-z_][A-Za-z_0-9]*|[0-9]+(?:\.[0-9]+)?"
    r"|<=|>=|<>|!=|=>|:=|->|\|\||::|\S"
)
OPERATORS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "!=": "="}
WORDS = {"and": "or", "or": "and", "+": "-", "-": "+", "desc": "asc"} | OPERATORS
FUNCTIONS = {
    "bool_or": "bool_and",
    "bool_and": "bool_or",
    "min": "max",
    "max": "min",
    "sum": "max",
    "count": "max",
    "greatest": "least",
    "least": "greatest",
}
OTHER_JOINS = frozenset({"left", "anti", "semi", "cross", "asof", "full"})
CLAUSES = frozenset(
    {"group", "order", "having", "qualify", "limit", "union", "then", "or", "where"}
)


def sql_edits(source: str) -> Iterator[Edit]:
    """Comparisons, and/or, aggregates, constants, joins, a lost `not` or condition."""
    found = [each for each in TOKEN.finditer(source) if not each[0].startswith(("--", '"'))]
    words = [each[0].lower() for each in found]
    at = [len(source[: each.start()].encode()) for each in found]
    ranges = _ands_of_ranges(words)
    for n, word in enumerate(words):
        if n not in ranges:
            stop = at[n] + len(word.encode())
            yield from (Edit(at[n], stop, new) for new in _instead(words, n))
        if word == "not" or _is_left_join(words, n) or _is_distinct(words, n):
            yield Edit(at[n], at[n + 1], "")
        if word in {"where", "and", "on", "having"}:
            yield from _without_condition(words, at, n, ranges)


def _ands_of_ranges(words: Sequence[str]) -> frozenset[int]:
    """Places of `and` that belong to a `between`."""
    starts = (n for n, word in enumerate(words) if word == "between")
    return frozenset(words.index("and", n) for n in starts)


def _instead(words: Sequence[str], n: int) -> Iterator[str]:
    word = words[n]
    if "decimal" in (words[n - 2], words[n - 4]):  # digits of a type
        return
    if word.isdigit():
        yield str(int(word) + 1)
        yield f"({int(word) - 1})"
    elif word == "join" and words[n - 1] not in OTHER_JOINS:
        yield "left join"
    elif word in WORDS:
        yield WORDS[word]
    elif word in FUNCTIONS and words[n + 1] == "(" and words[n + 2] != "*":
        yield FUNCTIONS[word]


def _is_left_join(words: Sequence[str], n: int) -> bool:
    return words[n : n + 2] == ["left", "join"]


def _is_distinct(words: Sequence[str], n: int) -> bool:
    return words[n] == "distinct" and words[n - 1] == "("


def _without_condition(
    words: Sequence[str], at: Sequence[int], n: int, ranges: frozenset[int]
) -> Iterator[Edit]:
    """The condition behind this word made true, where another one stands beside it."""
    depth, end = 0, n + 1
    for end in range(n + 1, len(words)):
        word = words[end]
        depth += (word in {"(", "case"}) - (word in {")", "end"})
        is_joined = word == "and" and end not in ranges
        if depth < 0 or (depth == 0 and (word in CLAUSES or is_joined)):
            break
    if end > n + 1 and n not in ranges and "and" in {words[n], words[end]}:
        yield Edit(at[n + 1], at[end], "true\n")
