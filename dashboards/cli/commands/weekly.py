"""rua weekly: write the weekly report of each domain group."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from analytics.query.isoweek import label_of, last_whole_week, read_week
from analytics.query.window import Window
from analytics.sources.totals import domain_names
from analytics.weekly import Week, months, weeks
from dashboards.cli.commands.advise import ask_dns
from dashboards.cli.output import Globals, Output, emit, emit_object, output_options
from dashboards.common.asked import asked
from dashboards.common.formatting import amount
from dashboards.common.stderr import say
from dashboards.weekly.files import Written, write
from dashboards.weekly.paths import folder_names
from schemas.errors import ConfigError

__all__ = ["weekly"]

Row = dict[str, Any]
COLUMNS = (
    *("group", "folder", "domains", "reports", "messages", "legitimate", "legitimate_aligned"),
    *("changes", "decisions", "headline"),
)
TOTALS = ("domains", "reports", "messages", "aligned", "legitimate", "legitimate_aligned")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder to write into: OUT/WEEK/GROUP/.",
)
@click.option("--week", "week", help="An ISO week, such as 2026-W46 (the last whole week).")
@click.option(
    "--as-of", type=click.DateTime(formats=["%Y-%m-%d"]), help="Answer as on that day (today)."
)
@click.option("--offline", is_flag=True, help="Ask no DNS; use the answers stored before.")
@output_options
@click.pass_obj
def weekly(
    context: Globals,
    out: Path,
    week: str | None,
    as_of: datetime | None,
    offline: bool,
    output: str,
) -> None:
    """Write the weekly report of each domain group as HTML, PDF, XLSX and CSV.

    \b
    rua weekly --out reports
    rua weekly --out reports --week 2026-W46 --format json

    It holds decisions to take, changes, the next step of each domain, the numbers of the week and
    the evidence behind them. Existing files of the week are replaced.
    """
    today = min(as_of.date(), _today()) if as_of else _today()
    if today < _today():
        context.as_of = today
    window = _week_window(week, today)
    if not offline and today >= _today():
        ask_dns(context, replace(months(window), as_of=today), None)
    with context.store.read() as reader:
        groups = _groups(context, domain_names(reader))
        reports = weeks(asked(reader, context.settings, window), groups, today)
    folder = out / label_of(window)
    names = folder_names(groups)
    written = {each.group: write(each, folder / names[each.group]) for each in reports}
    _emit(reports, written, folder, names, output)
    _warn(reports, written)


def _today() -> date:
    return datetime.now(UTC).date()


def _week_window(week: str | None, today: date) -> Window:
    window = read_week(week) if week else last_whole_week(today)
    if window.last >= today:
        raise ConfigError(
            f"{label_of(window)} is not over: it ends on {window.last}",
            where="--week",
            todo=f"the last whole week is {label_of(last_whole_week(today))}",
        )
    return window


def _groups(context: Globals, reported: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Domains by group; all with reports if the settings name none. Domains outside the settings
    are left out, since anyone can mail a report about any domain."""
    configured = context.settings.domains
    if not configured:
        return {"": reported}
    if others := [name for name in reported if name not in configured]:
        say(
            f"left out: {amount(len(others), 'domain')} with reports but not in the settings;"
            " rua domains lists them"
        )
    return context.settings.groups


def _emit(
    reports: Sequence[Week],
    written: Mapping[str, Written],
    folder: Path,
    names: Mapping[str, str],
    output: str,
) -> None:
    rows = [_row(week, written[week.group], folder / names[week.group]) for week in reports]
    if output == Output.JSON:
        window = reports[0].window if reports else None
        answer = {
            "week": folder.name,
            "first": window and window.first,
            "last": window and window.last,
            "groups": rows,
            "totals": {key: sum(row[key] for row in rows) for key in TOTALS},
        }
        emit_object(answer, output)
    else:
        emit(rows, COLUMNS, output, empty="no domain has reports or settings")


def _row(week: Week, files: Written, folder: Path) -> Row:
    total = week.total
    return {
        "group": week.group or None,
        "folder": str(folder),
        "domains": len(week.domains),
        "reports": week.evidence.reports,
        **{key: total[key] for key in TOTALS[2:]},
        "interval": total["interval"],
        "enough": total["enough"],
        "changes": len(week.changes),
        "decisions": len(week.decisions),
        "headline": week.headline,
        "files": [str(path) for path in files.files],
    }


def _warn(reports: Sequence[Week], written: Mapping[str, Written]) -> None:
    if not any(week.has_reports for week in reports):
        say("no report covers this week, and the files say so; rua status shows the last report")
    missing = next((each.without_pdf for each in written.values() if each.without_pdf), None)
    if missing:
        raise ConfigError(
            f"no PDF was written: the system has no Pango ({missing.splitlines()[0][:120]})",
            todo="install libpango-1.0-0 libpangoft2-1.0-0 (Debian); the other files are written",
        )
