"""rua reports and rua show: list reports, and show one with its records."""

import sys

import click

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.reports.documents import document, document_bytes
from analytics.reports.documents import reports as ask_reports
from analytics.sources.summary import sources
from dashboards.cli.output import Globals, Output, emit, emit_object, output_options, window_options
from dashboards.cli.verified_option import proven_option, read
from dashboards.common.names import domain_name, of_source
from dashboards.common.stderr import say
from schemas.domain_names import canonical_ip
from schemas.errors import ConfigError

__all__ = ["reports", "show"]

COLUMNS = (
    "id",
    "kind",
    "status",
    "authenticity",
    "day",
    "reporter",
    "domain",
    "records",
    "messages",
    "refused_records",
    "report_id",
)
TABLE_COLUMNS = tuple("domains" if column == "domain" else column for column in COLUMNS)
DELIVERY_COLUMNS = (
    "source",
    "key",
    "path",
    "message_id",
    "from_address",
    "authenticity",
    "authenticity_reason",
)


@click.command()
@click.option("--domain", help="Only reports on this domain.")
@click.option("--reporter", help="Only this reporter.")
@click.option(
    "--authenticity",
    type=click.Choice(["verified", "unverified", "failed"]),
    help="Only reports with this authenticity.",
)
@click.option("--source-ip", metavar="ADDRESS", help="Only reports on mail from this address.")
@click.option("--source", help="Only reports on mail of this source, named as in rua sources.")
@click.option("--most", type=click.IntRange(1), default=1000, help="Number of rows at most (1000).")
@proven_option
@window_options
@output_options
@click.pass_obj
def reports(
    context: Globals,
    domain: str | None,
    reporter: str | None,
    authenticity: str | None,
    source_ip: str | None,
    source: str | None,
    most: int,
    is_proven: bool,
    window: Window,
    output: str,
) -> None:
    """List the reports, newest first.

    \b
    rua reports --domain example.com --days 7
    rua reports --reporter google.com --format csv
    rua reports --source sendgrid --domain example.com
    """
    name, address = domain_name(domain), _address(source_ip)
    with read(context, window, name, is_proven=is_proven) as q:
        rows = ask_reports(
            q,
            reporter=reporter.strip().lower() if reporter else None,
            authenticity=authenticity,
            source_ip=address,
            addresses=_addresses(q, source),
            most=most + 1,
        )
    if len(rows) > most:
        rows = rows[:most]
        say(f"only the newest {most} are shown; --most shows more")
    columns = TABLE_COLUMNS if output == Output.TABLE else COLUMNS
    emit(rows, columns, output, empty="no reports in these days; see rua status")


def _address(text: str | None) -> str | None:
    address = canonical_ip(text)
    if text is not None and address is None:
        raise ConfigError(
            f"{text[:80]!r} is not an IP address", todo="write 192.0.2.1 or 2001:db8::1"
        )
    return address


def _addresses(q: Question, source: str | None) -> list[tuple[str, str]] | None:
    """(policy domain, address) of a source in these days; None means any source."""
    if source is None:
        return None
    rows = of_source(sources(q.under(())), source)
    return [(row["domain"], row["source_ip"]) for row in rows]


@click.command()
@click.argument("document_id", metavar="ID", type=int)
@click.option("--raw", is_flag=True, help="Print the original document, byte for byte.")
@output_options
@click.pass_obj
def show(context: Globals, document_id: int, raw: bool, output: str) -> None:
    """Show one report with its records and carrier mails, or its original document.

    \b
    rua show 17
    rua show 17 --raw > report.xml
    """
    if raw:
        _show_raw(context, document_id)
        return
    with context.store.read() as reader:
        found = document(reader, document_id)
    if found is None:
        raise _missing(document_id)
    if output == Output.JSON:
        emit_object(found, output)
        return
    deliveries, contents = found.pop("deliveries"), found.pop("contents")
    if output == Output.TABLE:
        emit_object(found, output)
        click.echo()
        emit(deliveries, DELIVERY_COLUMNS, output, empty="")
        click.echo()
    columns = [key for key in contents[0] if key != "ordinal"] if contents else []
    emit(contents, columns, output, empty="the document has no records")


def _show_raw(context: Globals, document_id: int) -> None:
    with context.store.read() as reader:
        data = document_bytes(reader, document_id)
    if data is None:
        raise _missing(document_id)
    if sys.stdout.isatty():  # a hostile document could drive the terminal
        raise ConfigError(
            "a document is never printed on a terminal",
            todo=f"redirect it: rua show {document_id} --raw > FILE",
        )
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _missing(document_id: int) -> ConfigError:
    return ConfigError(f"there is no document {document_id}", todo="see rua reports for the IDs")
