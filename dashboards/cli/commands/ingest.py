"""rua ingest"""

import contextlib
import dataclasses
import signal
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from dashboards.cli.output import Globals, Output, emit_object, output_options
from dashboards.cli.tables import progress
from dashboards.common.stderr import say
from ingest.load.writer import Writer
from ingest.model.proof import Trust
from ingest.model.run import Counts
from ingest.model.source import Source
from ingest.run.pipeline import Ingested, Planned, Progress, single_ingest
from ingest.run.pipeline import ingest as ingest_all
from ingest.run.reverse_dns import name_sources
from ingest.run.watch import Watch, Watched
from ingest.sources.files import FileSource
from schemas.config.secret_permissions import exposed_files
from schemas.config.settings import Dns, Mailbox
from schemas.config.sizes import size_words
from schemas.errors import ConfigError, ExitCode, SourceError

__all__ = ["ingest"]

OTHER_SECONDS = 5.0  # between two looks whether another ingest has ended


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Stay, and read what arrives as it arrives.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a document was refused.")
@click.option("--offline", is_flag=True, help="Ask DNS nothing, whatever the settings say.")
@output_options
@click.pass_obj
def ingest(
    context: Globals,
    paths: tuple[Path, ...],
    watch: bool,
    strict: bool,
    offline: bool,
    output: str,
) -> int:
    """Read reports from all configured mailboxes, or from PATHS.

    Paths are files and folders of mails or reports, as they come: .eml, .xml, .json, .gz, .zip,
    mbox and Maildir.
    What was read before is not counted again. SIGTERM ends a --watch with 0.
    Behind the last commit DNS is asked for the names of new addresses.

    \b
    rua ingest
    rua ingest --watch
    rua ingest reports/
    """
    dns = context.settings.dns
    if offline:
        dns = dns.model_copy(update={"offline": True})
    if watch:
        if paths or strict:
            raise click.UsageError("--watch is for the mailboxes, without PATHS and --strict")
        return _watch(context, dns, output)
    done = _ingest(context, paths, dns)
    code = _report(context, done or Ingested(), strict=strict, output=output)
    if done is not None:
        name_sources(context.store, Writer(context.store), dns, say, _tell)
    return code


def _tell(text: str) -> None:
    """What is not wrong is said at a terminal only: of the rest cron would mail each line."""
    if sys.stderr.isatty():
        say(text)


def _ingest(context: Globals, paths: Sequence[Path], dns: Dns) -> Ingested | None:
    """None when another process does it."""
    if paths:
        trust = Trust(context.settings.authserv_id)
        return _run(context, [Planned(lambda: FileSource(paths), trust)])
    with single_ingest(context.settings.store) as other:
        if other is not None:
            say(f"rua: {_named(other)} is already ingesting into this store; nothing to do")
            return None
        return _run(context, list(_mailboxes(context, dns)))


def _named(pid: int) -> str:
    return f"process {pid}" if pid else "another process"


def _mailboxes(context: Globals, dns: Dns) -> Iterator[Planned[Watched]]:
    settings = context.settings
    if not settings.mailbox:
        raise ConfigError(
            "no mailbox is configured",
            todo="add a [[mailbox]] to rua.toml, or name files: rua ingest PATH",
        )
    for mailbox in settings.mailbox:
        for line in exposed_files(mailbox):
            say(f"rua: {line}")
        make = partial(_open, mailbox, Writer(context.store))
        trust = Trust(mailbox.authserv_id, not dns.offline, dns.nameservers, timeout=dns.timeout)
        yield Planned(make, trust)


def _open(mailbox: Mailbox, writer: Writer) -> Watched:
    from ingest.sources.imap import ImapSource  # only a mailbox needs a TLS stack

    return ImapSource(mailbox, writer.seen)


def _watch(context: Globals, dns: Dns, output: str) -> int:
    settings = context.settings
    with _shown_progress() as step:
        watch = Watch(
            list(_mailboxes(context, dns)),
            context.store,
            settings.workers,
            step,
            say,
            dns,
            settings.quarantine_budget,
        )
        with _heard_signals(watch) as heard:
            try:
                _watch_alone(settings.store, watch)
            except (SourceError, ConfigError) as error:
                watch.done.problems.append(error)
    code = _report(context, watch.done, strict=False, output=output)
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
        writer = Writer(context.store, context.settings.quarantine_budget)
        committed = Counts()

        def noted(source: str, counts: Counts) -> None:
            committed.messages, committed.stored = counts.messages, counts.stored
            step(source, counts)

        try:
            return ingest_all(sources, writer, context.settings.workers, noted)
        except KeyboardInterrupt:
            say(
                f"rua: interrupted; {committed.messages} messages were committed, with "
                f"{committed.stored} reports stored. Nothing is lost: the next run goes on"
            )
            raise


@contextlib.contextmanager
def _shown_progress() -> Iterator[Progress]:
    with progress("reading") as bar:
        task = bar.add_task("")

        def step(source: str, counts: Counts) -> None:
            text = f"{source}: {counts.messages} messages, {counts.stored} reports stored"
            bar.update(task, description=text)

        yield step


def _put_off_words(mails: int, budget: int) -> str:
    left = "1 mail or file is" if mails == 1 else f"{mails} mails or files are"
    return (
        f"over the quarantine budget of {size_words(budget)}: {left} left where they lie and "
        "tried again at the next run; raise quarantine_budget, or make room with "
        "rua quarantine drop ID"
    ).replace("they lie", "it lies" if mails == 1 else "they lie")


def _report(context: Globals, done: Ingested, *, strict: bool, output: str) -> int:
    for problem in [*done.skipped, *done.problems]:
        say(f"rua: {problem}")
    emit_object(dataclasses.asdict(done.counts) | {"seconds": done.seconds}, output)
    if output == Output.TABLE and done.counts.refused:
        say(f"what was refused, and why: {context.command} quarantine list")
    if done.counts.put_off:
        say(f"rua: {_put_off_words(done.counts.put_off, context.settings.quarantine_budget)}")
    codes = [each.exit_code for each in done.problems]
    if done.skipped:
        codes.append(ExitCode.SOURCE)
    if done.counts.put_off:
        codes.append(ExitCode.STORE)
    if codes:
        # A mistake in the settings (2) will not pass by itself, an unreachable server (3) may.
        return min(codes)
    return ExitCode.REFUSED if strict and done.counts.refused else ExitCode.DONE
