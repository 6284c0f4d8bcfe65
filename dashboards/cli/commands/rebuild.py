"""rua rebuild"""

import click

from dashboards.cli.output import Globals, emit_object, output_options
from ingest.load.writer import Writer
from ingest.run.rebuild import rebuild as rebuild_tables

__all__ = ["rebuild"]


@click.command()
@output_options
@click.pass_obj
def rebuild(context: Globals, output: str) -> None:
    """Make the derived tables again from the stored documents.

    What arrived, the mailbox ledger and the runs stay as they are.

    \b
    rua rebuild
    """
    context.require_store()
    documents = rebuild_tables(context.store, Writer(context.store), context.settings.workers)
    emit_object({"documents": documents}, output)
