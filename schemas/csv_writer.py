"""CSV files as RFC 4180 has them: the one writer for commands, screens, weekly files and evidence.

Values are whole: no text is cut, times keep their seconds and are UTC in ISO 8601, NULL is empty.
Lines end with CRLF. A spreadsheet takes every text as text, never as a formula.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from schemas.sanitize import no_formula, plain

__all__ = ["csv_text", "write_csv"]


class TextFile(Protocol):
    """What can be written to."""

    def write(self, text: str, /) -> object: ...


def write_csv(file: TextFile, headers: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Writes the headers and a line per row. The file must not translate line ends."""
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180 §2
    writer.writerow([_cell(header) for header in headers])
    writer.writerows([_cell(value) for value in row] for row in rows)


def csv_text(headers: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """The same as text."""
    file = io.StringIO(newline="")
    write_csv(file, headers, rows)
    return file.getvalue()


def _cell(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _text(value) if is_number else no_formula(_text(value))


def _text(value: Any) -> str:
    """The whole value on one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
    if isinstance(value, datetime):
        return value.isoformat() + ("Z" if value.tzinfo is None else "")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        pairs = ((key, each) for key, each in value.items() if each is not None)
        return " ".join(f"{plain(str(key))}={_text(each)}" for key, each in pairs)
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return plain(str(value))
