"""rua tls: TLS sessions to your mail servers, failures and remedies."""

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
TABLE_COLUMNS = (
    *("domain", "policy_type", "mode", "successful", "failed", "reports"),
    *("reporters", "last_day"),
)
CAUSE_COLUMNS = (
    *("domain", "policy_type", "result_type", "mx", "count", "senders", "reporters"),
    *("first_day", "last_day"),
)
LAYOUT = Layout(spare=("reports", "reporters", "mode", "last_day"))
CAUSES_LAYOUT = Layout(
    below={"meaning": "", "remedy": "remedy: ", "codes": "reason codes: "},
    spare=("first_day", "senders", "reporters"),
)
FAILURES_LAYOUT = Layout(
    below={"meaning": "", "remedy": "remedy: ", "codes": "reason codes: "},
    spare=("first_day", "days", "policy_type"),
)
FAILURE_TABLE_COLUMNS = (
    *("domain", "policy_type", "result_type", "mx", "sender", "reporter", "count"),
    *("days", "first_day", "last_day"),
)
MOST_NAMED = 5
EMPTY = (
    "no TLS reports in these days; publish a TXT record _smtp._tls.DOMAIN that names the address"
    " they are sent to"
)


@click.command()
@click.argument("name", metavar="[DOMAIN]", required=False)
@click.option("--domain", help="Only this domain; the same as DOMAIN.")
@click.option(
    "--by",
    type=click.Choice(["policy", "failure", "day"]),
    default="policy",
    help="One row per policy, failure or day.",
)
@window_options
@output_options
@click.pass_obj
def tls(
    context: Globals, name: str | None, domain: str | None, by: str, window: Window, output: str
) -> None:
    """Show TLS sessions to your mail servers: what failed, where, and how to fix it.

    \b
    rua tls
    rua tls example.com --days 7
    rua tls --by failure --format csv

    Senders count sessions under each policy type that they know: sts is MTA-STS, tlsa is DANE. Each
    type lists the same sessions, so they are never added up.
    """
    if name is not None and domain is not None:
        raise click.UsageError("DOMAIN and --domain mean the same: give one of them")
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
        empty = "no failure was reported in these days"
        emit(
            [_table_row(row) for row in rows],
            FAILURE_TABLE_COLUMNS,
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
    emit(
        rows,
        TABLE_COLUMNS if output == Output.TABLE else COLUMNS,
        output,
        empty=EMPTY,
        layout=LAYOUT,
    )
    if output != Output.TABLE:
        return
    causes = [
        {"domain": row["domain"], "policy_type": row["policy_type"]} | cause
        for row in rows
        for cause in row["failures"]
    ]
    if causes:
        click.echo()
        emit(
            [_table_row(row) for row in causes],
            CAUSE_COLUMNS,
            output,
            empty="",
            layout=CAUSES_LAYOUT,
        )
    for sentence in (*_gaps(rows), *_not_configured(rows, configured)):
        print_sentence(sentence)


def _table_row(row: Row) -> Row:
    """A failure with the keys of the lines below its row."""
    return row | {"codes": row["reason_codes"] or None}


def _gaps(rows: Sequence[Row]) -> Iterator[str]:
    """What the reports leave open, one sentence each."""
    for row in rows:
        where = f"{cell(row['domain'])}, {cell(row['policy_type'])}"
        if row["unexplained"]:
            missing = f"{row['unexplained']:,} of {amount(row['failed'], 'failed session')}"
            yield f"{where}: no reason is reported for {missing}."
        if row["overlapping"]:
            # RFC 8460 §4: one session may fail in several ways.
            more = amount(row["overlapping"], "session")
            yield f"{where}: the details count {more} more than failed; one can fail twice."
        if row["unsaid"]:
            yield f"{where}: a session count is missing {amount(row['unsaid'], 'time')}."
        if row["unverified"]:
            counted = f"{row['unverified']:,} of {amount(row['reports'], 'report')}"
            yield f"{where}: {counted} {'is' if row['reports'] == 1 else 'are'} unverified."


def _not_configured(rows: Sequence[Row], configured: Collection[str]) -> Iterator[str]:
    names = sorted({cell(row["domain"]) for row in rows if not row["configured"]})
    if names and configured:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield (
            f"Not in the settings: {', '.join(names[:MOST_NAMED])}{more}. Anyone can mail a report"
            " about any domain."
        )
