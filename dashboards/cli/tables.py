"""Tables, sentences and progress on a terminal of any width. The only module that imports rich.

Cells fold rather than lose text; sentences go on lines of their own below the row. Every value
passes `cell`, so that no report can drive the terminal.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click
from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from schemas.sanitize import cell, plain

__all__ = [
    "PLAIN",
    "Layout",
    "folded",
    "print_sentence",
    "print_table",
    "progress",
    "rows_taken",
    "shortened",
    "width",
]

Row = Mapping[str, Any]

PIPE_WIDTH = 200  # columns when stdout is no terminal
GAP = "  "
NARROWEST = 8
INDENT = "    "


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is laid out.

    `below`: keys printed on lines below each row, with a prefix for each. `spare`: columns that a
    narrow terminal omits, in this order. `colours`: {column: {value: colour}}. `right`: columns
    aligned right though their cells are text.
    """

    below: Mapping[str, str] = field(default_factory=dict)
    spare: Sequence[str] = ()
    colours: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    right: Sequence[str] = ()


PLAIN = Layout()


@dataclass(frozen=True, slots=True)
class _Column:
    key: str
    cells: Sequence[str]  # the header first
    is_numeric: bool

    @property
    def widest(self) -> int:
        return max(map(cell_len, self.cells))


def print_table(rows: Sequence[Row], headers: Mapping[str, str], layout: Layout) -> None:
    """Print rows with the columns of `headers`, in their order."""
    wide = width()
    columns = [_column(key, header, rows, layout) for key, header in headers.items()]
    columns, widths = _fitted(columns, layout.spare, wide)
    lines = [*_lines(columns, widths, 0, {"bold": True})]
    for number, row in enumerate(rows, start=1):
        lines += _lines(columns, widths, number, {}, layout.colours)
        for key, prefix in layout.below.items():
            if row.get(key) is not None:
                lines += _wrapped(f"{prefix}{cell(row[key])}", wide)
    click.echo("\n".join(lines), color=False if os.environ.get("NO_COLOR") else None)


def print_sentence(text: str) -> None:
    """Print a sentence, broken between words; control characters become visible escapes."""
    click.echo("\n".join(_folded(plain(text), width())))


def width() -> int:
    """Columns of the terminal, or PIPE_WIDTH for a pipe."""
    return Console().width if sys.stdout.isatty() else PIPE_WIDTH


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """A text as lines no wider than `width`; all but the first start with `indent`."""
    first, *rest = _folded(plain(text), width) or [""]
    if not rest:
        return [first]
    more = plain(text)[len(first) :].lstrip()
    return [first, *(indent + line for line in _folded(more, max(NARROWEST, width - len(indent))))]


def shortened(text: str, width: int) -> str:
    """The text, or its first whole words that fit `width`, followed by …."""
    safe = plain(text)
    if cell_len(safe) <= width:
        return safe
    line = _folded(safe, max(NARROWEST, width - 2))[0]
    return f"{line.rstrip(' ,;:.')} …"


def rows_taken(line: str, width: int) -> int:
    """Rows of the terminal that a line takes when the terminal breaks it."""
    return max(1, -(-cell_len(line) // width))


def _column(key: str, header: str, rows: Sequence[Row], layout: Layout) -> _Column:
    values = [row.get(key) for row in rows]
    is_numeric = key in layout.right or all(isinstance(v, int | float | None) for v in values)
    return _Column(key, [header, *map(cell, values)], is_numeric)


def _fitted(
    columns: list[_Column], spare: Sequence[str], width: int
) -> tuple[list[_Column], list[int]]:
    """The columns that fit, and their widths: spare ones are dropped, then the widest narrow."""
    width_of = {column.key: column.widest for column in columns}
    for key in spare:
        if _total(width_of.values()) > width:
            width_of.pop(key, None)
    while _total(width_of.values()) > width and max(width_of.values()) > NARROWEST:
        width_of[max(width_of, key=lambda key: width_of[key])] -= 1
    return [column for column in columns if column.key in width_of], list(width_of.values())


def _total(widths: Iterable[int]) -> int:
    listed = list(widths)
    return sum(listed) + len(GAP) * (len(listed) - 1)


def _lines(
    columns: Sequence[_Column],
    widths: Sequence[int],
    number: int,
    style: Mapping[str, Any],
    colours: Mapping[str, Mapping[str, str]] = PLAIN.colours,
) -> Iterator[str]:
    """One row on as many lines as its longest cell needs."""
    folded = [
        _folded(column.cells[number], width) for column, width in zip(columns, widths, strict=True)
    ]
    for place in range(max(map(len, folded))):
        parts = []
        for column, width, pieces in zip(columns, widths, folded, strict=True):
            piece = pieces[place] if place < len(pieces) else ""
            pad = " " * (width - cell_len(piece))
            colour = colours.get(column.key, {}).get(column.cells[number])
            if piece and (colour or style):
                piece = click.style(piece, fg=colour, **style)
            parts.append(pad + piece if column.is_numeric else piece + pad)
        yield GAP.join(parts).rstrip()


def _wrapped(text: str, width: int) -> Iterator[str]:
    """The lines of a sentence below its row."""
    for line in _folded(text, max(NARROWEST, width - len(INDENT))):
        yield INDENT + line


def _folded(text: str, width: int) -> Sequence[str]:
    """Pieces no wider than `width`, broken between words where possible."""
    if cell_len(text) <= width:
        return [text]
    if " " not in text:
        return chop_cells(text, width)
    return [line.plain.rstrip() for line in Text(text).wrap(Console(width=width), width)]


def progress(label: str) -> Progress:
    """A progress line on stderr; nothing if that is no terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn(label),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
