"""rua snapshot"""

import time
from pathlib import Path

import click

from dashboards.cli.output import Globals, emit_object, output_options
from schemas.store.export import write_snapshot

__all__ = ["snapshot"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@output_options
@click.pass_obj
def snapshot(context: Globals, file: Path, force: bool, output: str) -> None:
    """Write a consistent copy of the store for other programs.

    Any DuckDB from 1.2 on opens it, with all tables and views. FILE appears whole or not at all.
    While it is written, reading goes on and ingesting waits.

    \b
    rua snapshot copy.duckdb
    rua snapshot --force /srv/grafana/rua.duckdb
    """
    began = time.monotonic()
    size = write_snapshot(context.store, file, force=force)
    seconds = round(time.monotonic() - began, 3)
    emit_object({"file": str(file), "bytes": size, "seconds": seconds}, output)
