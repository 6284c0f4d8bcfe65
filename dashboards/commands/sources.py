"""rua sources"""

import click

from analytics.mail import by_service
from analytics.mail import sources as ask_sources
from analytics.window import Window
from dashboards.console import Globals, emit, output_options, window_options

__all__ = ["sources"]

COLUMNS = (
    "domain",
    "source_ip",
    "source",
    "class",
    "messages",
    "aligned",
    "first_seen",
    "last_seen",
    "country",
)
BY_SOURCE = ("domain", "source", "source_ips", *COLUMNS[3:])
CREDIT = "IP address data by IPinfo (ipinfo.io), CC BY-SA 4.0"


@click.command()
@click.option("--by", type=click.Choice(["ip", "source"]), default="ip", help="One row for each.")
@click.option(
    "--class", "only", type=click.Choice(["own", "undecided"]), help="Only sources of this class."
)
@click.option("--domain", help="Only this domain.")
@window_options
@output_options
@click.pass_obj
def sources(
    context: Globals,
    by: str,
    only: str | None,
    domain: str | None,
    window: Window,
    output: str,
) -> None:
    """Who sends as a domain, address by address or service by service.

    \b
    rua sources --domain example.com
    rua sources --by source --class undecided
    """
    with context.store.read() as con:
        rows = ask_sources(con, window, domain.strip().rstrip(".").lower() if domain else None)
    if by == "source":
        rows = by_service(rows)
    if only:
        rows = [row for row in rows if row["class"] == only]
    columns = BY_SOURCE if by == "source" else COLUMNS
    emit(rows, columns, output, empty="no mail in these days; see rua status")
    if output == "table" and rows:
        click.echo(CREDIT, err=True)
