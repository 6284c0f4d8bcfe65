"""rua domains"""

import click

from analytics.mail import domains as ask_domains
from analytics.window import Window
from dashboards.console import Globals, emit, output_options, window_options
from dashboards.naming import domain_name, words_of

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
)


@click.command()
@click.option("--domain", help="Only this domain.")
@window_options
@output_options
@click.pass_obj
def domains(context: Globals, domain: str | None, window: Window, output: str) -> None:
    """What passes and what is unknown, for each domain.

    Legitimate is the mail of sources that pass aligned; its rate comes with a 95 % interval.

    \b
    rua domains
    rua domains --domain example.com --days 7 --format json
    """
    with context.store.read() as con:
        rows = ask_domains(
            con,
            window,
            context.settings.domains,
            domain_name(domain),
            words_of(con, context.settings),
        )
    emit(rows, COLUMNS, output, empty="no reports in these days; see rua status")
