"""rua snapshot: write a consistent copy of the store."""

import time
from pathlib import Path

import click

from dashboards.cli.output import Globals, emit_object, output_options
from schemas.store.export import write_snapshot

__all__ = ["snapshot"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@output_options
@click.pass_obj
def snapshot(context: Globals, file: Path, force: bool, output: str) -> None:
    """Write a consistent copy of the store, for other programs or as a backup.

    \b
    rua snapshot copy.duckdb
    rua snapshot --force /srv/grafana/rua.duckdb

    DuckDB 1.2 or newer opens it, with all tables and views. FILE appears whole or not at all.
    Reading commands continue while it is written; rua ingest waits.
    """
    began = time.monotonic()
    size = write_snapshot(context.store, file, force=force)
    seconds = round(time.monotonic() - began, 3)
    emit_object({"file": str(file), "bytes": size, "seconds": seconds}, output)
