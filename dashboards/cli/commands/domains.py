"""rua domains"""

from typing import Any

import click

from analytics.query.window import Window
from analytics.sources.classification import CLASSES
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
SHOWN = (
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
    """What passes and what is unknown, for each domain.

    Legitimate is the mail of own and broken sources: yours, or of those who work for you. Its pass
    rate comes with a 95 % interval; the raw one, of all mail, is lowered by spoofing. Indirect is
    the mail of forwarders and lists.

    \b
    rua domains
    rua domains --domain example.com --days 7 --format json
    """
    with read(context, window, domain_name(domain), is_proven=is_proven) as q:
        rows, said = ask_domains(q, context.settings.domains), verdicts(q)
    rows = [row | {"verdict": said.get(row["domain"])} for row in rows]
    empty = "no reports in these days; see rua status"
    if output == Output.TABLE:
        emit([_shown(row) for row in rows], SHOWN, output, empty=empty, layout=LAYOUT)
    elif output == Output.CSV:
        emit([row | row["classes"] for row in rows], COLUMNS, output, empty=empty)
    else:
        emit(rows, COLUMNS, output, empty=empty)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A domain in the words of a table."""
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
