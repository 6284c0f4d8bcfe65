"""rua quarantine: documents and records that could not be read."""

import sys

import click

from analytics.reports.documents import document
from analytics.reports.quarantine import quarantined, refused_records
from dashboards.cli.commands.reports import show as show_document
from dashboards.cli.output import Globals, Output, emit, emit_object, output_options
from ingest.load.quarantine import drop as drop_documents
from ingest.load.writer import Writer
from ingest.run.quarantine_retry import retry as retry_documents
from schemas.errors import ConfigError

__all__ = ["quarantine"]

COLUMNS = ("id", "status", "ordinal", "code", "reason", "kind", "size", "path", "from_address")


@click.group()
def quarantine() -> None:
    """List what could not be read or contradicts another report, and why.

    \b
    rua quarantine list
    rua quarantine retry
    rua quarantine drop 17
    """


@quarantine.command("list")
@output_options
@click.pass_obj
def list_(context: Globals, output: str) -> None:
    """List every quarantined document and record, with its reason.

    \b
    rua quarantine list --format json
    """
    with context.store.read() as reader:
        rows = quarantined(reader)
    emit(rows, COLUMNS, output, empty="the quarantine is empty")


@quarantine.command()
@click.argument("document_id", metavar="ID", type=int)
@click.option("--raw", is_flag=True, help="Print the original document, byte for byte.")
@output_options
@click.pass_context
def show(context: click.Context, document_id: int, raw: bool, output: str) -> None:
    """Show one document, and its records that could not be read.

    \b
    rua quarantine show 17
    rua quarantine show 17 --raw > report.xml
    """
    with context.obj.store.read() as reader:
        refused, found = refused_records(reader, document_id), document(reader, document_id)
    if raw or not refused or found is None:
        context.invoke(show_document, document_id=document_id, raw=raw, output=output)
    elif output == Output.JSON:
        emit_object(found | {"refused": refused}, output)
    else:
        if output == Output.TABLE:
            context.invoke(show_document, document_id=document_id, output=output)
            click.echo()
        lines = [row | {"xml": " ".join(row["xml"].split())} for row in refused]
        emit(lines, ("ordinal", "reason", "xml"), output, empty="")


@quarantine.command()
@click.argument("ids", metavar="[ID]...", nargs=-1, type=int)
@output_options
@click.pass_obj
def retry(context: Globals, ids: tuple[int, ...], output: str) -> None:
    """Read refused documents again, all or the given ones; useful after an update of rua.

    \b
    rua quarantine retry
    rua quarantine retry 17 23
    """
    context.require_store()
    counts = retry_documents(context.store, Writer(context.store), context.settings.workers, ids)
    if ids and not counts["tried"]:
        raise _no_such_document(ids)
    emit_object(counts, output)


@quarantine.command()
@click.argument("ids", metavar="ID...", nargs=-1, type=int, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_options
@click.pass_obj
def drop(context: Globals, ids: tuple[int, ...], yes: bool, output: str) -> None:
    """Delete the bytes of refused documents, to free space in quarantine.

    \b
    rua quarantine drop 17 23
    rua quarantine drop --yes 17

    Hash, reason and carrier mail stay. A dropped document cannot be retried.
    """
    context.require_store()
    if not yes:
        _ask(len(ids))
    counts = drop_documents(context.store, ids)
    if not counts["dropped"]:
        raise _no_such_document(ids)
    emit_object(counts, output)


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("cannot ask without a terminal: use --yes")
    what = "1 document" if count == 1 else f"{count} documents"
    click.confirm(f"Delete the bytes of {what}? They cannot be restored", abort=True, err=True)


def _no_such_document(ids: tuple[int, ...]) -> ConfigError:
    return ConfigError(
        f"no refused document has the ID {', '.join(map(str, ids))}",
        todo="see rua quarantine list",
    )
