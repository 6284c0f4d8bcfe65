"""rua rebuild: make the derived tables again."""

import click

from dashboards.cli.output import Globals, emit_object, output_options
from ingest.load.writer import Writer
from ingest.run.rebuild import rebuild as rebuild_tables

__all__ = ["rebuild"]


@click.command()
@output_options
@click.pass_obj
def rebuild(context: Globals, output: str) -> None:
    """Rebuild the derived tables from the stored documents.

    \b
    rua rebuild

    Documents, carrier mails, the mailbox ledger, runs and labels stay as they are.
    """
    context.require_store()
    documents = rebuild_tables(context.store, Writer(context.store), context.settings.workers)
    emit_object({"documents": documents}, output)
