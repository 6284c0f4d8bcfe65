"""rua ingest"""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from dashboards.console import Globals, Output, emit_object, output_options, progress, say
from ingest.authenticity import Trust
from ingest.pipeline import Ingested, Planned, Progress, single_ingest
from ingest.pipeline import ingest as ingest_all
from ingest.sources import Source
from ingest.sources.files import FileSource
from ingest.writer import Counts, Writer
from schemas.errors import ConfigError, ExitCode
from schemas.settings import Mailbox

__all__ = ["ingest"]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit with 1 when a document was refused.")
@output_options
@click.pass_obj
def ingest(context: Globals, paths: tuple[Path, ...], strict: bool, output: str) -> int:
    """Read reports from all configured mailboxes, or from PATHS.

    Paths are files and folders of mails or reports, as they come: .eml, .xml, .json, .gz, .zip.
    What was read before is not counted again.

    \b
    rua ingest
    rua ingest reports/
    """
    if paths:
        trust = Trust(context.settings.authserv_id)
        done = _run(context, [Planned(lambda: FileSource(paths), trust)])
        return _report(done, strict=strict, output=output)
    with single_ingest(context.settings.store) as other:
        if other is not None:
            who = f"process {other}" if other else "another process"
            say(f"rua: {who} is already ingesting into this store; nothing to do")
            return _report(Ingested(), strict=strict, output=output)
        done = _run(context, list(_mailboxes(context)))
    return _report(done, strict=strict, output=output)


def _mailboxes(context: Globals) -> Iterator[Planned]:
    settings = context.settings
    if not settings.mailbox:
        raise ConfigError(
            "no mailbox is configured",
            todo="add a [[mailbox]] to rua.toml, or name files: rua ingest PATH",
        )
    for mailbox in settings.mailbox:
        make = partial(_open, mailbox, Writer(context.store))
        dns = settings.dns
        trust = Trust(mailbox.authserv_id, not dns.offline, dns.nameservers)
        yield Planned(make, trust)


def _open(mailbox: Mailbox, writer: Writer) -> Source:
    from ingest.sources.imap import ImapSource  # only a mailbox needs a TLS stack

    return ImapSource(mailbox, writer.seen)


def _run(context: Globals, sources: Sequence[Planned]) -> Ingested:
    with _shown_progress() as step:
        return ingest_all(sources, Writer(context.store), context.settings.workers, step)


@contextlib.contextmanager
def _shown_progress() -> Iterator[Progress]:
    with progress("reading") as bar:
        task = bar.add_task("")

        def step(source: str, counts: Counts) -> None:
            text = f"{source}: {counts.messages} messages, {counts.stored} reports stored"
            bar.update(task, description=text)

        yield step


def _report(done: Ingested, *, strict: bool, output: str) -> int:
    for problem in [*done.passed_over, *done.problems]:
        say(f"rua: {problem}")
    emit_object(dataclasses.asdict(done.counts) | {"seconds": done.seconds}, output)
    if output == Output.TABLE and done.counts.refused:
        say("what was refused, and why: rua quarantine list")
    if done.problems or done.passed_over:
        return ExitCode.SOURCE
    return ExitCode.REFUSED if strict and done.counts.refused else ExitCode.DONE
