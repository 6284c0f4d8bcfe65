"""The flag --proven, which limits a command to the reports that advice uses."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import click

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.reports.verified_filter import verified_where_proven
from dashboards.cli.output import Globals
from dashboards.common.asked import asked

__all__ = ["proven_option", "read"]


def proven_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --proven, passed as `is_proven`."""
    text = "Only the reports that advice uses: where enough are verified, only those."
    return click.option("--proven", "is_proven", is_flag=True, help=text)(command)


@contextlib.contextmanager
def read(
    context: Globals, window: Window, domain: str | None, *, is_proven: bool
) -> Iterator[Question]:
    """The question about these days: over all reports that count, or with `is_proven` over those
    that advice uses."""
    with context.store.read() as reader:
        q = asked(reader, context.settings, window, None if domain is None else (domain,))
        yield verified_where_proven(q)[0] if is_proven else q
