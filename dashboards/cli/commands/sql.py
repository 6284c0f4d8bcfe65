"""rua sql: query the store in SQL."""

import click

from analytics.query.adhoc_sql import answer
from dashboards.cli.output import Globals, emit_stream, output_options

__all__ = ["sql"]


@click.command()
@click.argument("statement")
@output_options
@click.pass_obj
def sql(context: Globals, statement: str, output: str) -> None:
    """Query the store in SQL, read-only.

    \b
    rua sql "select day, sum(message_count) from dmarc_message group by day order by day"

    STATEMENT is one SELECT. It cannot change the store or read other files. docs/commands.md lists
    the views that are a public interface. A table shows the first 10,000 rows; CSV and JSON are
    written as they are computed.
    """
    with context.store.read() as reader:
        columns, rows = answer(reader, statement)
        emit_stream(rows, columns, output, empty="no rows")
