"""Writes the files of one group's week into its folder."""

from dataclasses import dataclass
from pathlib import Path

from analytics.weekly import Week
from dashboards.weekly import sentences
from dashboards.weekly.html import page
from dashboards.weekly.paths import put, remove
from dashboards.weekly.pdf import NoPango, pdf
from dashboards.weekly.tables import Grid, grids
from dashboards.weekly.xlsx import workbook
from schemas.csv_writer import csv_text

__all__ = ["Written", "write"]


@dataclass(frozen=True, slots=True)
class Written:
    """The files written; `without_pdf` is the reason if there is no PDF."""

    files: list[Path]
    without_pdf: str | None = None


def write(week: Week, folder: Path) -> Written:
    """Write report.html, report.xlsx, csv/*.csv and report.pdf. Raises ConfigError."""
    html, tables, title = page(week), grids(week), sentences.title(week)
    files = [put(folder / "report.html", html.encode("utf-8"))]
    files.append(put(folder / "report.xlsx", workbook(tables, title, week.window.last)))
    files += [put(folder / "csv" / f"{grid.name.lower()}.csv", _csv(grid)) for grid in tables]
    try:
        files.append(put(folder / "report.pdf", pdf(html, f"{week.label} {week.group}")))
    except NoPango as missing:
        remove(folder / "report.pdf")  # of an earlier run, with other numbers
        return Written(files, str(missing))
    return Written(files)


def _csv(grid: Grid) -> bytes:
    return csv_text(grid.headers, grid.cells()).encode("utf-8")
