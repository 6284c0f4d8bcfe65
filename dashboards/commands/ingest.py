"""rua ingest"""

import contextlib
import dataclasses
import signal
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from dashboards.console import Globals, Output, emit_object, output_options, say
from dashboards.terminal import progress
from ingest.authenticity import Trust
from ingest.pipeline import Ingested, Planned, Progress, single_ingest
from ingest.pipeline import ingest as ingest_all
from ingest.sources import Source
from ingest.sources.files import FileSource
from ingest.watch import Watch, Watched
from ingest.writer import Counts, Writer
from schemas.errors import ConfigError, ExitCode, SourceError
from schemas.settings import Mailbox

__all__ = ["ingest"]

OTHER_SECONDS = 5.0  # between two looks whether another ingest has ended


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Stay, and read what arrives as it arrives.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a document was refused.")
@output_options
@click.pass_obj
def ingest(
    context: Globals, paths: tuple[Path, ...], watch: bool, strict: bool, output: str
) -> int:
    """Read reports from all configured mailboxes, or from PATHS.

    Paths are files and folders of mails or reports, as they come: .eml, .xml, .json, .gz, .zip,
    mbox and Maildir.
    What was read before is not counted again. SIGTERM ends a --watch with 0.

    \b
    rua ingest
    rua ingest --watch
    rua ingest reports/
    """
    if watch:
        if paths or strict:
            raise click.UsageError("--watch is for the mailboxes, without PATHS and --strict")
        return _watch(context, output)
    if paths:
        trust = Trust(context.settings.authserv_id)
        done = _run(context, [Planned(lambda: FileSource(paths), trust)])
        return _report(done, strict=strict, output=output)
    with single_ingest(context.settings.store) as other:
        if other is not None:
            say(f"rua: {_named(other)} is already ingesting into this store; nothing to do")
            return _report(Ingested(), strict=strict, output=output)
        done = _run(context, list(_mailboxes(context)))
    return _report(done, strict=strict, output=output)


def _named(pid: int) -> str:
    return f"process {pid}" if pid else "another process"


def _mailboxes(context: Globals) -> Iterator[Planned[Watched]]:
    settings = context.settings
    if not settings.mailbox:
        raise ConfigError(
            "no mailbox is configured",
            todo="add a [[mailbox]] to rua.toml, or name files: rua ingest PATH",
        )
    for mailbox in settings.mailbox:
        make = partial(_open, mailbox, Writer(context.store))
        dns = settings.dns
        trust = Trust(mailbox.authserv_id, not dns.offline, dns.nameservers, timeout=dns.timeout)
        yield Planned(make, trust)


def _open(mailbox: Mailbox, writer: Writer) -> Watched:
    from ingest.sources.imap import ImapSource  # only a mailbox needs a TLS stack

    return ImapSource(mailbox, writer.seen)


def _watch(context: Globals, output: str) -> int:
    settings = context.settings
    with _shown_progress() as step:
        watch = Watch(list(_mailboxes(context)), context.store, settings.workers, step, say)
        with _heard_signals(watch) as heard:
            try:
                _watch_alone(settings.store, watch)
            except (SourceError, ConfigError) as error:
                watch.done.problems.append(error)
    code = _report(watch.done, strict=False, output=output)
    return ExitCode.INTERRUPTED if signal.SIGINT in heard else code


def _watch_alone(store: Path, watch: Watch) -> None:
    """Wait for an ingest that is under way: a service that just ended would not come back."""
    told = False
    while True:
        with single_ingest(store) as other:
            if other is None:
                watch.run()
                return
        if not told:
            say(f"rua: {_named(other)} is ingesting into this store; waiting for it to end")
            told = True
        if watch.stops_within(OTHER_SECONDS):
            return


@contextlib.contextmanager
def _heard_signals(watch: Watch) -> Iterator[list[int]]:
    """SIGTERM and SIGINT stop the watch; a second one ends the process in the usual way."""
    heard: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def hear(number: int, _frame: object) -> None:
        restore()
        heard.append(number)
        watch.stop()

    for number in before:
        signal.signal(number, hear)
    try:
        yield heard
    finally:
        restore()


def _run(context: Globals, sources: Sequence[Planned[Source]]) -> Ingested:
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
        # A mistake in the settings (2) will not pass by itself, an unreachable server (3) may.
        return min((each.exit_code for each in done.problems), default=ExitCode.SOURCE)
    return ExitCode.REFUSED if strict and done.counts.refused else ExitCode.DONE
