"""Output that all commands share: data on stdout, messages on stderr.

Every value from a report passes `plain` before it reaches a terminal.
"""

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import click

from analytics.query.window import Window
from dashboards.cli.tables import PLAIN, Layout, print_table
from dashboards.common.stderr import say
from schemas.config.settings import Settings, load_settings
from schemas.csv_writer import write_csv
from schemas.errors import ConfigError, StoreError
from schemas.sanitize import cell, plain
from schemas.store.store import Store

__all__ = [
    "Globals",
    "Output",
    "emit",
    "emit_object",
    "emit_stream",
    "output_options",
    "window_options",
]

Row = Mapping[str, Any]
TABLE_ROWS = 10_000  # a table is laid out whole
Command = Callable[..., Any]


@dataclass
class Globals:
    """The flags before the command, and the settings and store they select."""

    config: Path | None
    store_flag: Path | None
    lock_timeout: float | None
    as_of: date | None = None  # set by a command's --as-of

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.config, store=self.store_flag, lock_timeout=self.lock_timeout)

    @property
    def command(self) -> str:
        """The start of a shell command line that uses the same settings and store."""
        flags = (("--config", self.config), ("--store", self.store_flag))
        parts = [word for flag, path in flags if path is not None for word in (flag, str(path))]
        return shlex.join(["rua", *parts])

    @property
    def store(self) -> Store:
        settings = self.settings
        return Store(
            settings.store,
            lock_timeout=settings.lock_timeout,
            require_verified=settings.require_verified,
            as_of=self.as_of,
        )

    def require_store(self) -> None:
        """Raise StoreError without a store: a mistyped name must not create one."""
        if not self.store.exists():
            raise StoreError(
                "there is no store", where=str(self.settings.store), todo="run rua ingest first"
            )


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def output_options(command: Command) -> Command:
    """Add --format, which every reading command has."""
    choice = click.Choice([each.value for each in Output])
    option = click.option("--format", "output", type=choice, default="table", help="Output format.")
    return option(command)


def window_options(command: Command) -> Command:
    """Add the flags for the days to look at; the command receives them as one `window`."""
    day = click.DateTime(formats=["%Y-%m-%d"])

    def with_window(
        *arguments: Any,
        days: int | None,
        since: datetime | None,
        until: datetime | None,
        as_of: datetime | None,
        **rest: Any,
    ) -> Any:
        if as_of is not None and as_of.date() < datetime.now(UTC).date():
            click.get_current_context().ensure_object(Globals).as_of = as_of.date()
        return command(*arguments, window=_window(days, since, until, as_of), **rest)

    with_window.__doc__ = command.__doc__
    with_window.__name__ = command.__name__
    with_window.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    options = (
        click.option(
            "--days", type=click.IntRange(1, 36500), help="Number of days to look at (35)."
        ),
        click.option("--since", type=day, help="First day, in place of --days."),
        click.option("--until", type=day, help="Last day."),
        click.option("--as-of", type=day, help="Answer as on that day (today)."),
    )
    decorated: Command = with_window
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def _window(
    days: int | None, since: datetime | None, until: datetime | None, as_of: datetime | None
) -> Window:
    if days is not None and since is not None:
        raise click.UsageError("--days and --since cannot be used together")
    today = as_of.date() if as_of else datetime.now(UTC).date()
    last = min(until.date(), today) if until else today
    first = since.date() if since else last - timedelta(days=(days or Window.DAYS) - 1)
    if first > last:
        raise ConfigError(
            f"the first day, {first}, is after the last, {last}",
            todo="check --since, --until and --as-of; days after today count as today",
        )
    return Window(first, last, today)


def emit(
    rows: Sequence[Row],
    columns: Sequence[str],
    output: str,
    *,
    empty: str,
    exact: bool = False,
    layout: Layout = PLAIN,
) -> None:
    """Print rows: all keys as JSON, or the named columns as a table or CSV.

    `empty` is the message for a table without rows. `exact` prints column names unchanged, so that
    they can be used in the next SQL query.
    """
    if output == Output.JSON:
        _print_json(list(rows))
    elif output == Output.CSV:
        _print_csv(rows, columns)
    elif not rows:
        say(empty)
    else:
        headers = [plain(name if exact else name.replace("_", " ")) for name in columns]
        print_table(rows, dict(zip(columns, headers, strict=True)), layout)


def emit_stream(rows: Iterator[Row], columns: Sequence[str], output: str, *, empty: str) -> None:
    """Print rows while they are computed; columns keep their names."""
    if output == Output.JSON:
        _stream_json(rows)
    elif output == Output.CSV:
        _print_csv(rows, columns)
    else:
        first_rows = list(islice(rows, TABLE_ROWS))
        emit(first_rows, columns, output, empty=empty, exact=True)
        if next(rows, None) is not None:
            say(f"only the first {TABLE_ROWS} rows are shown; --format csv or json prints all")


def _stream_json(rows: Iterator[Row]) -> None:
    """Print the same text as _print_json, one row at a time."""
    before = "[\n"
    for row in rows:
        text = json.dumps(row, default=_as_json, ensure_ascii=True, indent=2)
        click.echo(before + "\n".join(f"  {line}" for line in text.split("\n")), nl=False)
        before = ",\n"
    click.echo("[]" if before == "[\n" else "\n]")


def emit_object(value: Row, output: str) -> None:
    """Print one object as JSON, as a CSV row, or as one line for each key."""
    if output == Output.JSON:
        _print_json(value)
    elif output == Output.CSV:
        _print_csv([value], list(value))
    else:
        width = max(map(len, value), default=0)
        for key, each in value.items():
            click.echo(f"{key.replace('_', ' '):<{width}}  {cell(each)}")


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, default=_as_json, ensure_ascii=True, indent=2))


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat() + ("" if value.tzinfo else "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _print_csv(rows: Iterable[Row], columns: Sequence[str]) -> None:
    write_csv(sys.stdout, columns, ([row.get(column) for column in columns] for row in rows))
