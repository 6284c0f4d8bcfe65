"""The week as a workbook; the only module that imports XlsxWriter, and only when called.

Text stays text: no cell becomes a formula, a link, or a number that was sent as text.
"""

import io
from datetime import date, datetime, time
from typing import Any

from dashboards.weekly.tables import Column, Grid, Type
from schemas.sanitize import plain

__all__ = ["LONGEST_CELL", "workbook"]

LONGEST_CELL = 32_767  # Excel's limit; longer cells are refused or break the file
MOST_ROWS = 1_000_000  # of 1,048,576
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
    "in_memory": True,
}
WIDTHS = {Type.TEXT: 26, Type.LONG: 60, Type.COUNT: 13, Type.NUMBER: 13, Type.RATE: 13}
FORMATS: dict[Type, dict[str, Any]] = {
    Type.TEXT: {},
    Type.LONG: {"text_wrap": True},
    Type.COUNT: {"num_format": "#,##0"},
    Type.NUMBER: {"num_format": "0.0"},
    Type.RATE: {"num_format": "0.00%"},
    Type.DAY: {"num_format": "yyyy-mm-dd"},
    Type.BOOLEAN: {},
}


def workbook(grids: list[Grid], title: str, made: date) -> bytes:
    """The XLSX file, one sheet per grid; `made` is its date of creation."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    book.set_properties(
        {"title": text_cell(title)[:255], "created": datetime.combine(made, time(0))}
    )
    formats = {kind: book.add_format({"valign": "top", **each}) for kind, each in FORMATS.items()}
    head = book.add_format({"bold": True, "valign": "top", "bottom": 1})
    for grid in grids:
        _sheet(book.add_worksheet(grid.name), grid, formats, head)
    book.close()
    return buffer.getvalue()


def _sheet(sheet: Any, grid: Grid, formats: dict[Type, Any], head: Any) -> None:
    for place, column in enumerate(grid.columns):
        sheet.set_column(place, place, WIDTHS.get(column.type, 13))
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, grid.headers, head)
    last = min(len(grid.rows), MOST_ROWS)
    sheet.autofilter(0, 0, max(last, 1), len(grid.columns) - 1)
    for number, cells in enumerate(grid.cells(), start=1):
        if number > MOST_ROWS:
            break
        for place, (column, value) in enumerate(zip(grid.columns, cells, strict=True)):
            _write(sheet, (number, place), value, column, formats[column.type])


def _write(sheet: Any, place: tuple[int, int], value: Any, column: Column, style: Any) -> None:
    """Write a cell by the type of its value, never by the look of its text."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_string(*place, "yes" if value else "no", style)
    elif isinstance(value, int | float):
        sheet.write_number(*place, value, style)
    elif isinstance(value, date) and column.type is Type.DAY:
        sheet.write_datetime(*place, value, style)
    else:
        sheet.write_string(*place, text_cell(value), style)


def text_cell(value: Any) -> str:
    """A value as plain text, cut to what a cell can hold."""
    text = plain(str(value))
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
