"""Lines for a person on stderr: stdout is data."""

import click

from schemas.sanitize import plain

__all__ = ["say"]


def say(text: str) -> None:
    """A line on stderr."""
    click.echo(plain(text), err=True)
