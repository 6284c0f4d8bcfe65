"""rua quarantine"""

import click

from analytics.quarantine import quarantined
from dashboards.commands.reports import show as show_document
from dashboards.console import Globals, emit, emit_object, output_options
from ingest.retry import retry as retry_documents
from ingest.writer import Writer

__all__ = ["quarantine"]

COLUMNS = ("id", "status", "code", "reason", "kind", "size", "path", "from_address")


@click.group()
def quarantine() -> None:
    """What could not be read, or contradicts another report, and why.

    \b
    rua quarantine list
    rua quarantine retry
    """


@quarantine.command("list")
@output_options
@click.pass_obj
def list_(context: Globals, output: str) -> None:
    """Every quarantined document with its reason.

    \b
    rua quarantine list --format json
    """
    with context.store.read() as con:
        rows = quarantined(con)
    emit(rows, COLUMNS, output, empty="nothing is in quarantine")


quarantine.add_command(show_document, "show")


@quarantine.command()
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@output_options
@click.pass_obj
def retry(context: Globals, ids: tuple[int, ...], output: str) -> None:
    """Read refused documents again, all of them or those named: after an update of rua.

    \b
    rua quarantine retry
    rua quarantine retry 17 23
    """
    counts = retry_documents(context.store, Writer(context.store), context.settings.workers, ids)
    emit_object(counts, output)
