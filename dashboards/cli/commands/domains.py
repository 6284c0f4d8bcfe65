"""rua domains: pass rates, undecided sources and the verdict of each domain."""

from typing import Any

import click

from analytics.query.window import Window
from analytics.sources.classes import CLASSES
from analytics.sources.summary import domains as ask_domains
from dashboards.cli.output import Globals, Output, emit, output_options, window_options
from dashboards.cli.tables import Layout
from dashboards.cli.verified_option import proven_option, read
from dashboards.common.formatting import percent, policy, rate_words, shares
from dashboards.common.names import domain_name
from dashboards.common.verdicts import verdicts

__all__ = ["domains"]

COLUMNS = (
    "domain",
    "published",
    "reports",
    "messages",
    "aligned",
    "unverified",
    "legitimate",
    "legitimate_aligned",
    "interval",
    "undecided_sources",
    "last_report",
    "enough",
    "verdict",
    *CLASSES,
)
TABLE_COLUMNS = (
    *("domain", "policy", "messages", "raw_pass", "legit_pass", "interval"),
    *("undecided_sources", "verdict", "last_report"),
)
LAYOUT = Layout(
    below={"shares": ""},
    spare=("last_report", "policy", "undecided_sources", "interval"),
    right=("raw_pass", "legit_pass"),
)


@click.command()
@click.option("--domain", help="Only this domain.")
@proven_option
@window_options
@output_options
@click.pass_obj
def domains(
    context: Globals, domain: str | None, is_proven: bool, window: Window, output: str
) -> None:
    """Show the pass rate, the undecided sources and the verdict of each domain.

    \b
    rua domains
    rua domains --domain example.com --days 7 --format json

    Legitimate mail comes from own and broken sources: your servers and the services that send for
    you. Its pass rate has a 95 % interval. Spoofing lowers the raw pass rate, that of all mail.
    Indirect mail comes from forwarders and lists.
    """
    with read(context, window, domain_name(domain), is_proven=is_proven) as q:
        rows, verdict_of = ask_domains(q, context.settings.domains), verdicts(q)
    rows = [row | {"verdict": verdict_of.get(row["domain"])} for row in rows]
    empty = "no reports in these days; see rua status"
    if output == Output.TABLE:
        emit([_table_row(row) for row in rows], TABLE_COLUMNS, output, empty=empty, layout=LAYOUT)
    elif output == Output.CSV:
        emit([row | row["classes"] for row in rows], COLUMNS, output, empty=empty)
    else:
        emit(rows, COLUMNS, output, empty=empty)


def _table_row(row: dict[str, Any]) -> dict[str, Any]:
    """A domain as the table shows it."""
    enough, messages = row["enough"], row["messages"]
    return {
        **{key: row[key] for key in ("domain", "messages", "undecided_sources")},
        "policy": policy(row["published"]),
        "raw_pass": percent(row["aligned"] / messages) if messages else None,
        "legit_pass": (percent(row["legitimate_aligned"] / row["legitimate"]) if enough else None),
        "interval": rate_words(row),
        "verdict": row["verdict"],
        "last_report": row["last_report"],
        "shares": shares(row["classes"]) or None,
    }
