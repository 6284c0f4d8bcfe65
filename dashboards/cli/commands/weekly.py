"""rua weekly"""

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
from dashboards.common.asked import asked as asked_under
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
    help="The folder that gets a folder for the week.",
)
@click.option("--week", "asked", help="An ISO week, like 2026-W46 (the last whole one).")
@click.option(
    "--as-of", type=click.DateTime(formats=["%Y-%m-%d"]), help="Look as on that day (today)."
)
@click.option("--offline", is_flag=True, help="Ask no DNS; go by what was asked before.")
@output_options
@click.pass_obj
def weekly(
    context: Globals,
    out: Path,
    asked: str | None,
    as_of: datetime | None,
    offline: bool,
    output: str,
) -> None:
    """Write the week of each group of domains as HTML, PDF, XLSX and CSV, to read and forward.

    What changed, what needs a decision, the next step of each domain, the week in numbers, and how
    much evidence there was. Existing files of the week are replaced.

    \b
    rua weekly --out reports
    rua weekly --out reports --week 2026-W46 --format json
    """
    today = min(as_of.date(), _today()) if as_of else _today()
    if today < _today():
        context.as_of = today
    window = _week(asked, today)
    if not offline and today >= _today():
        ask_dns(context, replace(months(window), as_of=today), None)
    with context.store.read() as reader:
        groups = _groups(context, domain_names(reader))
        told = weeks(asked_under(reader, context.settings, window), groups, today)
    folder = out / label_of(window)
    names = folder_names(groups)
    written = {week.group: write(week, folder / names[week.group]) for week in told}
    _emit(told, written, folder, names, output)
    _complain(told, written)


def _today() -> date:
    return datetime.now(UTC).date()


def _week(asked: str | None, today: date) -> Window:
    window = read_week(asked) if asked else last_whole_week(today)
    if window.last >= today:
        raise ConfigError(
            f"{label_of(window)} ends on {window.last} and is not over",
            where="--week",
            todo=f"the last whole week is {label_of(last_whole_week(today))}",
        )
    return window


def _groups(context: Globals, reported: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Domains by group; without settings all that have reports. Of others nothing is told, since
    anyone can mail a report about any domain."""
    configured = context.settings.domains
    if not configured:
        return {"": reported}
    if others := [name for name in reported if name not in configured]:
        say(
            f"{amount(len(others), 'domain')} with reports but not in the settings:"
            " in no weekly report; rua domains shows them"
        )
    return context.settings.groups


def _emit(
    told: Sequence[Week],
    written: Mapping[str, Written],
    folder: Path,
    names: Mapping[str, str],
    output: str,
) -> None:
    rows = [_row(week, written[week.group], folder / names[week.group]) for week in told]
    if output == Output.JSON:
        window = told[0].window if told else None
        answer = {
            "week": folder.name,
            "first": window and window.first,
            "last": window and window.last,
            "groups": rows,
            "totals": {key: sum(row[key] for row in rows) for key in TOTALS},
        }
        emit_object(answer, output)
    else:
        emit(rows, COLUMNS, output, empty="there is no domain to tell of")


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


def _complain(told: Sequence[Week], written: Mapping[str, Written]) -> None:
    if not any(week.has_reports for week in told):
        say("no report covers this week: the files say so; see rua status")
    missing = next((each.without_pdf for each in written.values() if each.without_pdf), None)
    if missing:
        raise ConfigError(
            f"no PDF was made, for want of the system's Pango ({missing.splitlines()[0][:120]})",
            todo="install it (Debian: libpango-1.0-0 libpangoft2-1.0-0); the other files are there",
        )
