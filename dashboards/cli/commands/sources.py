"""rua sources: who sends as a domain, and what each source is."""

from typing import Any

import click

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.classes import CLASSES
from analytics.sources.daily import gone, source_days
from analytics.sources.summary import by_service
from analytics.sources.summary import sources as ask_sources
from dashboards.cli.output import Globals, emit, output_options, window_options
from dashboards.cli.tables import Layout
from dashboards.cli.verified_option import proven_option, read
from dashboards.common.names import domain_name, of_source, unmatched
from dashboards.common.stderr import say

__all__ = ["sources"]

Row = dict[str, Any]

COLUMNS = (
    *("domain", "source_ip", "source", "class", "messages", "aligned"),
    *("first_seen", "last_seen", "country"),
)
BY = {
    "ip": COLUMNS,
    "source": ("domain", "source", "source_ips", *COLUMNS[3:]),
    "day": (
        *("domain", "source", "day", "messages", "aligned", "dkim_aligned", "spf_aligned"),
        *("indeterminate", "reporters"),
    ),
}
GONE = ("domain", "source_ip", "source", "messages", "first_seen", "last_seen")
EXPLAINED = ("reason", "settled_by")
CLASS_COLOURS = {
    "own": "green",
    "broken": "red",
    "forwarder": "cyan",
    "list": "cyan",
    "spoof": "magenta",
    "undecided": "yellow",
}
LAYOUT = Layout(
    below={"reason": "", "settled_by": "to decide: "},
    spare=("country", "first_seen", "last_seen"),
    colours={"class": CLASS_COLOURS},
)
DAYS_LAYOUT = Layout(spare=("indeterminate", "spf_aligned", "dkim_aligned", "first_seen"))
CREDIT = "IP address data by IPinfo (ipinfo.io), CC BY-SA 4.0"


@click.command()
@click.option(
    "--by",
    type=click.Choice(list(BY)),
    default="ip",
    help="One row per address, service, or service and day.",
)
@click.option("--class", "only", type=click.Choice(CLASSES), help="Only sources of this class.")
@click.option(
    "--source", "name", help="Only this source: a known sender, or a name from the table."
)
@click.option(
    "--new", is_flag=True, help="Only sources first seen in the last 7 days of the window."
)
@click.option(
    "--gone",
    "is_gone",
    is_flag=True,
    help="Sources of the 90 days before the window that sent nothing in it.",
)
@click.option("--domain", help="Only this domain.")
@proven_option
@window_options
@output_options
@click.pass_obj
def sources(
    context: Globals,
    by: str,
    only: str | None,
    name: str | None,
    new: bool,
    is_gone: bool,
    domain: str | None,
    is_proven: bool,
    window: Window,
    output: str,
) -> None:
    """List who sends as a domain, with the class of each source and its reason.

    \b
    rua sources --domain example.com
    rua sources --class undecided
    rua sources --by day --source sendgrid --days 90 --format csv

    Classes are own, broken (yours, and it fails: fix it), forwarder, list, spoof, undecided. Your
    label overrides every rule: see rua label.
    """
    if is_gone and (only or new or by != "ip"):
        raise click.UsageError("--gone can be combined with --domain and --source only")
    chosen = domain_name(domain)
    with read(context, window, chosen, is_proven=is_proven) as q:
        if is_gone:
            rows = of_source(gone(q), name)
        else:
            rows = _current_rows(q, by=by, only=only, name=name, new=new)
    if is_gone:
        empty = "no source of the 90 days before these has stopped"
        emit(rows, GONE, output, empty=empty, layout=DAYS_LAYOUT)
        return
    columns = (*BY[by], *EXPLAINED) if output == "csv" and by != "day" else BY[by]
    empty = "no such mail in these days; rua status shows the last report"
    emit(rows, columns, output, empty=empty, layout=DAYS_LAYOUT if by == "day" else LAYOUT)
    if output == "table" and rows and by != "day":
        say(CREDIT)


def _current_rows(
    q: Question,
    *,
    by: str,
    only: str | None,
    name: str | None,
    new: bool,
) -> list[Row]:
    """Sources with mail in these days; rows by day are selected by their service."""
    everything = ask_sources(q)
    mine = [each for each in q.overrides if q.domain in (None, each.policy_domain)]
    for line in unmatched(mine, everything):
        say(line)
    addresses = of_source(everything, name)
    rows = addresses if by == "ip" else by_service(addresses, q.gates)
    rows = [row for row in rows if only in (None, row["class"]) and (row["is_new"] or not new)]
    if by != "day":
        return rows
    selected = {(row["domain"], row["source"]) for row in rows}
    days = source_days(q)
    return [row for row in days if (row["domain"], row["source"]) in selected]
