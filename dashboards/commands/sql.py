"""rua sql"""

import click

from analytics.sql import answer
from dashboards.console import Globals, emit, output_options

__all__ = ["sql"]


@click.command()
@click.argument("statement")
@output_options
@click.pass_obj
def sql(context: Globals, statement: str, output: str) -> None:
    """Ask the store in SQL, read-only: it can neither change it nor touch other files.

    The views dmarc_message, seen_policy, report and quarantine are a public interface.

    \b
    rua sql "select day, sum(message_count) from dmarc_message group by day order by day"
    """
    with context.store.read() as con:
        columns, rows = answer(con, statement)
    emit(rows, columns, output, empty="no rows", exact=True)
