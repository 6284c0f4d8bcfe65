"""rua demo: write an example mailbox."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import click

from dashboards.cli.output import emit_object, output_options
from dashboards.common.stderr import say
from ingest.demo import write_demo
from schemas.errors import ConfigError

__all__ = ["demo"]


@click.command()
@click.option("--days", type=click.IntRange(1, 1000), default=90, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Choose another history.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day (yesterday).")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="The folder to write.",
)
@output_options
def demo(days: int, seed: int, until: datetime | None, out: Path, output: str) -> None:
    """Write the report mailbox of an invented organisation, its settings and truth.json.

    \b
    rua demo --out demo
    rua --config demo/rua.toml ingest demo/mails

    truth.json says what each source is. Everything is invented, except the addresses of mail
    platforms. The same seed and dates give the same bytes.
    """
    last = until.date() if until else datetime.now(UTC).date()
    try:
        summary = write_demo(out, days=days, seed=seed, until=last)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    emit_object(dataclasses.asdict(summary), output)
    if output == "table":
        say(f"next: rua --config {out / 'rua.toml'} ingest {out / 'mails'}")
