"""Tables and progress on a terminal, whatever its width. The only module that knows rich.

Cells fold rather than lose text; what would not fit at all (a sentence) stands on lines of its own
below the row. Every value passes `cell`, so that no report drives the terminal.
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

PIPE_WIDTH = 200  # where no terminal says how wide it is
GAP = "  "
NARROWEST = 8
INDENT = "    "


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table stands on a terminal.

    `below` are the keys told under each row, with the word before each; `spare` the columns that
    a narrow terminal leaves out, the first first; `colours` {column: {value: colour}}; `right` the
    columns of numbers that are written in words.
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
    """Rows on stdout, the columns of `headers` in their order."""
    wide = width()
    columns = [_column(key, header, rows, layout) for key, header in headers.items()]
    columns, widths = _fitted(columns, layout.spare, wide)
    lines = [*_lines(columns, widths, 0, {"bold": True})]
    for number, row in enumerate(rows, start=1):
        lines += _lines(columns, widths, number, {}, layout.colours)
        for key, word in layout.below.items():
            if row.get(key) is not None:
                lines += _wrapped(f"{word}{cell(row[key])}", wide)
    click.echo("\n".join(lines), color=False if os.environ.get("NO_COLOR") else None)


def print_sentence(text: str) -> None:
    """Words of ours on stdout, broken between words; what strangers sent in it is made plain."""
    click.echo("\n".join(_folded(plain(text), width())))


def width() -> int:
    """Columns of the terminal, or enough for whoever reads from a pipe."""
    return Console().width if sys.stdout.isatty() else PIPE_WIDTH


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """Words of ours as plain lines no wider than `width`, all but the first behind `indent`."""
    first, *rest = _folded(plain(text), width) or [""]
    if not rest:
        return [first]
    more = plain(text)[len(first) :].lstrip()
    return [first, *(indent + line for line in _folded(more, max(NARROWEST, width - len(indent))))]


def shortened(text: str, width: int) -> str:
    """The beginning of a text that fits `width`, to the end of a word, with … for the rest."""
    safe = plain(text)
    if cell_len(safe) <= width:
        return safe
    line = _folded(safe, max(NARROWEST, width - 2))[0]
    return f"{line.rstrip(' ,;:.')} …"


def rows_taken(line: str, width: int) -> int:
    """How many rows of the terminal a line takes that it breaks itself."""
    return max(1, -(-cell_len(line) // width))


def _column(key: str, header: str, rows: Sequence[Row], layout: Layout) -> _Column:
    values = [row.get(key) for row in rows]
    is_numeric = key in layout.right or all(isinstance(v, int | float | None) for v in values)
    return _Column(key, [header, *map(cell, values)], is_numeric)


def _fitted(
    columns: list[_Column], spare: Sequence[str], width: int
) -> tuple[list[_Column], list[int]]:
    """The columns that stay, and their widths: spare ones go first, then the widest fold."""
    room = {column.key: column.widest for column in columns}
    for key in spare:
        if _taken(room.values()) > width:
            room.pop(key, None)
    while _taken(room.values()) > width and max(room.values()) > NARROWEST:
        room[max(room, key=lambda key: room[key])] -= 1
    return [column for column in columns if column.key in room], list(room.values())


def _taken(widths: Iterable[int]) -> int:
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
            shown = click.style(piece, fg=colour, **style) if piece and (colour or style) else piece
            parts.append(pad + shown if column.is_numeric else shown + pad)
        yield GAP.join(parts).rstrip()


def _wrapped(text: str, width: int) -> Iterator[str]:
    """A sentence below its row."""
    for line in _folded(text, max(NARROWEST, width - len(INDENT))):
        yield INDENT + line


def _folded(text: str, width: int) -> Sequence[str]:
    """Pieces no wider than `width`, broken between words where that can be."""
    if cell_len(text) <= width:
        return [text]
    if " " not in text:
        return chop_cells(text, width)
    return [line.plain.rstrip() for line in Text(text).wrap(Console(width=width), width)]


def progress(label: str) -> Progress:
    """A progress line on stderr, on a terminal only."""
    return Progress(
        SpinnerColumn(),
        TextColumn(label),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
