"""--proven: the reports that advice goes by, so that its numbers can be found again."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import click

from analytics.query.window import Window
from analytics.reports.verified_filter import proven
from dashboards.cli.output import Globals
from schemas.store.store import Connection

__all__ = ["proven_option", "read"]


def proven_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flag, as `is_proven`."""
    text = "Only the reports that advice goes by: verified ones, where there are any."
    return click.option("--proven", "is_proven", is_flag=True, help=text)(command)


@contextlib.contextmanager
def read(
    context: Globals, window: Window, domain: str | None, *, is_proven: bool
) -> Iterator[Connection]:
    """The store; within, all counted reports count, or with the flag those that advice goes by."""
    with context.store.read() as con:
        if not is_proven:
            yield con
            return
        with proven(con, window, context.settings.gates, domain):
            yield con
