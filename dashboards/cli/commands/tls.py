"""rua tls"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import click

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.tls.sessions import tls as ask_tls
from analytics.tls.sessions import tls_days, tls_failures
from dashboards.cli.output import Globals, Output, emit, output_options, window_options
from dashboards.cli.tables import Layout, print_sentence
from dashboards.common.formatting import amount
from dashboards.common.names import domain_name
from schemas.sanitize import cell

__all__ = ["tls"]

Row = dict[str, Any]

COLUMNS = (
    *("domain", "configured", "policy_type", "mode", "successful", "failed", "reports"),
    *("reporters", "days", "last_day", "unexplained", "overlapping", "unsaid", "unverified"),
    *("verdict", "reason"),
)
FAILURE_COLUMNS = (
    *("domain", "policy_type", "result_type", "mx", "sender", "reporter", "count"),
    *("days", "first_day", "last_day", "reason_codes", "receiving_ips", "meaning", "remedy"),
)
DAY_COLUMNS = ("day", "policy_type", "reporters", "successful", "failed")
SHOWN = (
    *("domain", "policy_type", "mode", "successful", "failed", "reports"),
    *("reporters", "last_day"),
)
CAUSES = (
    *("domain", "policy_type", "result_type", "mx", "count", "senders", "reporters"),
    *("first_day", "last_day"),
)
LAYOUT = Layout(spare=("reports", "reporters", "mode", "last_day"))
CAUSES_LAYOUT = Layout(
    below={"means": "", "remedy": "remedy: ", "codes": "reason codes: "},
    spare=("first_day", "senders", "reporters"),
)
FAILURES_LAYOUT = Layout(
    below={"means": "", "remedy": "remedy: ", "codes": "reason codes: "},
    spare=("first_day", "days", "policy_type"),
)
FAILURES_SHOWN = (
    *("domain", "policy_type", "result_type", "mx", "sender", "reporter", "count"),
    *("days", "first_day", "last_day"),
)
MOST_NAMED = 5
EMPTY = (
    "no TLS reports in these days; senders mail them to the address that the TXT record"
    " _smtp._tls.DOMAIN names"
)


@click.command()
@click.argument("name", metavar="[DOMAIN]", required=False)
@click.option("--domain", help="Only this domain: the same as DOMAIN.")
@click.option(
    "--by",
    type=click.Choice(["policy", "failure", "day"]),
    default="policy",
    help="One row for each.",
)
@window_options
@output_options
@click.pass_obj
def tls(
    context: Globals, name: str | None, domain: str | None, by: str, window: Window, output: str
) -> None:
    """Sessions to your mail servers, what failed, where, and what mends it.

    Senders count the sessions under each policy of yours that they know: sts is MTA-STS, tlsa is
    DANE. The same sessions stand under each, so no sum is made of them.

    \b
    rua tls
    rua tls example.com --days 7
    rua tls --by failure --format csv
    """
    if name is not None and domain is not None:
        raise click.UsageError("DOMAIN and --domain say the same: give one of them")
    chosen = domain_name(name or domain)
    domains = None if chosen is None else [chosen]
    if by == "policy":
        _policies(context, window, domains, output)
        return
    with context.store.read() as reader:
        q = Question(reader, window).within(domains)
        rows = tls_days(q) if by == "day" else tls_failures(q)
    if by == "day":
        emit(rows, DAY_COLUMNS, output, empty=EMPTY)
    elif output == Output.TABLE:
        empty = "no failure is told in these days"
        emit(
            [_told(row) for row in rows],
            FAILURES_SHOWN,
            output,
            empty=empty,
            layout=FAILURES_LAYOUT,
        )
    else:
        emit(rows, FAILURE_COLUMNS, output, empty="")


def _policies(context: Globals, window: Window, domains: Sequence[str] | None, output: str) -> None:
    configured = context.settings.domains
    with context.store.read() as reader:
        rows = ask_tls(Question(reader, window).within(domains))
    rows = [{**row, "configured": row["domain"] in configured} for row in rows]
    # Anyone can mail a report about any domain: ours come first.
    rows.sort(key=lambda row: not row["configured"])
    emit(rows, SHOWN if output == Output.TABLE else COLUMNS, output, empty=EMPTY, layout=LAYOUT)
    if output != Output.TABLE:
        return
    causes = [
        {"domain": row["domain"], "policy_type": row["policy_type"]} | cause
        for row in rows
        for cause in row["failures"]
    ]
    if causes:
        click.echo()
        emit([_told(row) for row in causes], CAUSES, output, empty="", layout=CAUSES_LAYOUT)
    for sentence in (*_not_known(rows), *_not_ours(rows, configured)):
        print_sentence(sentence)


def _told(row: Row) -> Row:
    return row | {"means": row["meaning"], "codes": row["reason_codes"] or None}


def _not_known(rows: Sequence[Row]) -> Iterator[str]:
    """What the sums leave open."""
    for row in rows:
        where = f"{cell(row['domain'])}, {cell(row['policy_type'])}"
        if row["unexplained"]:
            missing = f"{row['unexplained']:,} of {amount(row['failed'], 'failed session')}"
            yield f"{where}: what failed is not told of {missing}."
        if row["overlapping"]:
            # RFC 8460 §4: the failures are not exclusive of one another.
            more = amount(row["overlapping"], "session")
            yield f"{where}: the failures told are {more} more than failed: they may overlap."
        if row["unsaid"]:
            yield f"{where}: a count is left out {amount(row['unsaid'], 'time')}."
        if row["unverified"]:
            counted = f"{row['unverified']:,} of {amount(row['reports'], 'report')}"
            yield f"{where}: nothing proves who sent {counted}."


def _not_ours(rows: Sequence[Row], configured: Collection[str]) -> Iterator[str]:
    names = sorted({cell(row["domain"]) for row in rows if not row["configured"]})
    if names and configured:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield (
            f"Not in the settings: {', '.join(names[:MOST_NAMED])}{more}. Anyone can mail a report"
            " about any domain."
        )
