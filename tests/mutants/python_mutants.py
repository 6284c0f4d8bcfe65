"""Mutants of a Python file, made on its syntax tree and cut into its text."""

import ast
from collections.abc import Iterable, Iterator
from itertools import pairwise

from tests.mutants.mutant import Edit

__all__ = ["python_edits"]

WORDS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
}
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Nothing is decided there: annotations, how a class is made, and text.
PASSED_BY = frozenset({"annotation", "returns", "decorator_list"})


def python_edits(source: str) -> Iterator[Edit]:
    """Comparisons, and/or, arithmetic, constants, min/max, any/all, a lost `not` or statement."""
    places = _Places(source)
    for node in _walk(ast.parse(source)):
        yield from _of_operators(node, places)
        yield from _of_values(node, places)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for field, value in ast.iter_fields(node):
        if field in PASSED_BY or isinstance(node, ast.JoinedStr):
            continue
        if isinstance(node, ast.keyword) and node.arg == "strict":  # of zip: an assertion
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


class _Places:
    """Where nodes stand in the text, in bytes."""

    def __init__(self, source: str) -> None:
        self._starts = [0]
        for line in source.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def stop(self, node: ast.expr | ast.stmt) -> int:
        line, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._starts[line - 1] + column

    def whole(self, node: ast.expr | ast.stmt, new: str) -> Edit:
        return Edit(self.start(node), self.stop(node), new)


def _of_operators(node: ast.AST, places: _Places) -> Iterator[Edit]:
    match node:
        case ast.Compare():
            operands = pairwise([node.left, *node.comparators])
            yield from _between(zip(operands, node.ops, strict=True), places)
        case ast.BoolOp():
            yield from _between(((pair, node.op) for pair in pairwise(node.values)), places)
        case ast.BinOp() if not _is_text(node.left) | _is_text(node.right):
            yield from _between([((node.left, node.right), node.op)], places)
        case ast.UnaryOp(op=ast.Not()):
            yield Edit(places.start(node), places.start(node.operand), "")


def _between(
    found: Iterable[tuple[tuple[ast.expr, ast.expr], ast.AST]], places: _Places
) -> Iterator[Edit]:
    for (before, after), operator in found:
        if type(operator) in WORDS:
            old, new = WORDS[type(operator)]
            yield Edit(places.stop(before), places.start(after), new, old)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def _of_values(node: ast.AST, places: _Places) -> Iterator[Edit]:
    match node:
        case ast.Constant(value=bool(value)):
            yield places.whole(node, str(not value))
        case ast.Constant(value=int(value)):
            yield places.whole(node, str(value + 1))
            yield places.whole(node, f"({value - 1})")
        case ast.Constant(value=float(value)):
            yield places.whole(node, repr(value * 1.5))
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
            yield places.whole(node.func, FUNCTIONS[name])
        case ast.Break():
            yield places.whole(node, "continue")
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield places.whole(node, "pass")
