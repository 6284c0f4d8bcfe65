"""rua ingest: read reports from mailboxes and files."""

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

RETRY_SECONDS = 5.0  # between two checks whether another ingest has ended


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--watch", is_flag=True, help="Stay connected and read new mail as it arrives.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a document was refused.")
@click.option("--offline", is_flag=True, help="Ask no DNS, whatever the settings say.")
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

    \b
    rua ingest
    rua ingest --watch
    rua ingest reports/

    PATHS are files and folders of mails or reports: .eml, .xml, .json, .gz, .zip, mbox, Maildir. A
    report that was read before is not counted again. After the last commit, the host names of new
    addresses are looked up. SIGTERM ends --watch with exit code 0.
    """
    dns = context.settings.dns
    if offline:
        dns = dns.model_copy(update={"offline": True})
    if watch:
        if paths or strict:
            raise click.UsageError(
                "--watch reads the mailboxes; it takes neither PATHS nor --strict"
            )
        return _watch(context, dns, output)
    done = _ingest(context, paths, dns)
    code = _report(context, done or Ingested(), strict=strict, output=output)
    if done is not None:
        name_sources(context.store, Writer(context.store), dns, say, _say_on_terminal)
    return code


def _say_on_terminal(text: str) -> None:
    """A message that is no problem is for a terminal only: cron would mail it."""
    if sys.stderr.isatty():
        say(text)


def _ingest(context: Globals, paths: Sequence[Path], dns: Dns) -> Ingested | None:
    """None if another process is ingesting into this store."""
    if paths:
        trust = Trust(context.settings.authserv_id)
        return _run(context, [Planned(lambda: FileSource(paths), trust)])
    with single_ingest(context.settings.store) as other:
        if other is not None:
            say(f"rua: {_process_name(other)} is already ingesting into this store; this run ends")
            return None
        return _run(context, list(_mailboxes(context, dns)))


def _process_name(pid: int) -> str:
    return f"process {pid}" if pid else "another process"


def _mailboxes(context: Globals, dns: Dns) -> Iterator[Planned[Watched]]:
    settings = context.settings
    if not settings.mailbox:
        raise ConfigError(
            "no mailbox is configured",
            todo="add a [[mailbox]] to rua.toml, or pass files: rua ingest PATH",
        )
    for mailbox in settings.mailbox:
        for line in exposed_files(mailbox):
            say(f"rua: {line}")
        make = partial(_open, mailbox, Writer(context.store))
        trust = Trust(mailbox.authserv_id, not dns.offline, dns.nameservers, timeout=dns.timeout)
        yield Planned(make, trust)


def _open(mailbox: Mailbox, writer: Writer) -> Watched:
    from ingest.sources.imap import ImapSource  # only mailboxes need a TLS stack

    return ImapSource(mailbox, writer.seen)


def _watch(context: Globals, dns: Dns, output: str) -> int:
    settings = context.settings
    with _progress_line() as step:
        watch = Watch(
            list(_mailboxes(context, dns)),
            context.store,
            settings.workers,
            step,
            say,
            dns,
            settings.quarantine_budget,
        )
        with _stopping_signals(watch) as received:
            try:
                _watch_alone(settings.store, watch)
            except (SourceError, ConfigError) as error:
                watch.done.problems.append(error)
    code = _report(context, watch.done, strict=False, output=output)
    return ExitCode.INTERRUPTED if signal.SIGINT in received else code


def _watch_alone(store: Path, watch: Watch) -> None:
    """Wait for a running ingest to end: a service that gave up here would not be restarted."""
    has_said = False
    while True:
        with single_ingest(store) as other:
            if other is None:
                watch.run()
                return
        if not has_said:
            say(f"rua: {_process_name(other)} is ingesting into this store; waiting for it to end")
            has_said = True
        if watch.stops_within(RETRY_SECONDS):
            return


@contextlib.contextmanager
def _stopping_signals(watch: Watch) -> Iterator[list[int]]:
    """SIGTERM and SIGINT stop the watch; a second signal ends the process at once."""
    received: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def stop(number: int, _frame: object) -> None:
        restore()
        received.append(number)
        watch.stop()

    for number in handlers:
        signal.signal(number, stop)
    try:
        yield received
    finally:
        restore()


def _run(context: Globals, sources: Sequence[Planned[Source]]) -> Ingested:
    with _progress_line() as step:
        writer = Writer(context.store, context.settings.quarantine_budget)
        committed = Counts()

        def count(source: str, counts: Counts) -> None:
            committed.messages, committed.stored = counts.messages, counts.stored
            step(source, counts)

        try:
            return ingest_all(sources, writer, context.settings.workers, count)
        except KeyboardInterrupt:
            say(
                f"rua: interrupted; {committed.messages} messages and {committed.stored} stored"
                " reports were committed. Nothing is lost: the next run continues"
            )
            raise


@contextlib.contextmanager
def _progress_line() -> Iterator[Progress]:
    with progress("reading") as bar:
        task = bar.add_task("")

        def step(source: str, counts: Counts) -> None:
            text = f"{source}: {counts.messages} messages, {counts.stored} reports stored"
            bar.update(task, description=text)

        yield step


def _deferred_text(mails: int, budget: int) -> str:
    deferred = "1 mail or file is" if mails == 1 else f"{mails} mails or files are"
    return (
        f"over the quarantine budget of {size_words(budget)}: {deferred} deferred to the next run; "
        "raise quarantine_budget, or free space with rua quarantine drop ID"
    )


def _report(context: Globals, done: Ingested, *, strict: bool, output: str) -> int:
    for problem in [*done.skipped, *done.problems]:
        say(f"rua: {problem}")
    emit_object(dataclasses.asdict(done.counts) | {"seconds": done.seconds}, output)
    if output == Output.TABLE and done.counts.refused:
        say(f"refused documents, and why: {context.command} quarantine list")
    if done.counts.put_off:
        say(f"rua: {_deferred_text(done.counts.put_off, context.settings.quarantine_budget)}")
    codes = [each.exit_code for each in done.problems]
    if done.skipped:
        codes.append(ExitCode.SOURCE)
    if done.counts.put_off:
        codes.append(ExitCode.STORE)
    if codes:
        # Wrong settings (2) need a person; an unreachable server (3) may come back by itself.
        return min(codes)
    return ExitCode.REFUSED if strict and done.counts.refused else ExitCode.DONE
