"""rua advise: which DMARC record to publish next, or what blocks it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from analytics.advice import evidence_export
from analytics.advice.advise import advise as ask_advice
from analytics.advice.history import given, keep, read_week
from analytics.dns.history import names_to_ask, refresh
from analytics.policy.history import policy_changes
from analytics.query.window import Window
from analytics.sources.totals import domain_names
from dashboards.cli.advice_history_text import print_history, print_week
from dashboards.cli.advice_text import flags_for, in_full, on_a_screen
from dashboards.cli.output import Globals, Output, emit, output_options, window_options
from dashboards.cli.tables import Layout, width
from dashboards.common.asked import asked
from dashboards.common.asked import moment as moment_of
from dashboards.common.formatting import amount
from dashboards.common.names import domain_name, nearest
from dashboards.common.stderr import say
from dashboards.common.verdicts import next_step
from schemas.config.settings import Settings
from schemas.errors import ConfigError, StoreError
from schemas.store.reader import Reader
from schemas.store.store import Store

__all__ = ["advise", "ask_dns"]

Row = dict[str, Any]

COLUMNS = ("domain", "verdict", "reason", "record", "published", "target", "blockers")
TABLE_COLUMNS = ("domain", "policy", "verdict", "next")
LAYOUT = Layout(below={"reason": ""})
STORE_SECONDS = 5.0  # to wait for a store in use, with the answer already printed


@click.command()
@click.argument("domain", required=False)
@click.option("--full", is_flag=True, help="Print everything, not just one screen.")
@click.option(
    "--history",
    "is_history",
    is_flag=True,
    help="Show the advice of each week, and policy changes.",
)
@click.option("--week", metavar="WEEK", help="Show the advice given in a week, such as 2026-W46.")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write everything the advice on DOMAIN rests on into a new folder.",
)
@click.option("--offline", is_flag=True, help="Ask no DNS; use the answers stored before.")
@window_options
@output_options
@click.pass_obj
def advise(
    context: Globals,
    domain: str | None,
    full: bool,
    is_history: bool,
    week: str | None,
    evidence: Path | None,
    offline: bool,
    window: Window,
    output: str,
) -> None:
    """Show the DMARC record to publish next, or what blocks it: one verdict per domain.

    \b
    rua advise
    rua advise example.com
    rua advise example.com --as-of 2026-11-01 --format json
    rua advise example.com --history
    rua advise example.com --week 2026-W46
    rua advise example.com --evidence ./why
    \b
    advance    the record shown is safe to publish
    fix        mail of yours fails: fix the listed sources, largest loss first
    wait       too few days, reports or messages, or a source that only you can identify
    done       the goal is reached, and your mail passes
    roll-back  an enforcing policy is losing your mail now
    """
    name = domain_name(domain)
    _check_flags(name, full=full, is_history=is_history, week=week, evidence=evidence)
    if name is not None and (is_history or week):
        _print_past(context, window, name, week, output)
        return
    if not offline and window.as_of >= _today():
        ask_dns(context, window, name)
    rows = _rows(context, window, name, evidence)
    if output != Output.TABLE:
        emit(rows, COLUMNS, output, empty="")
    elif name is not None and rows:
        _print(rows[0], window, full=full)
    else:
        listed = [{**row, "policy": _policy(row), "next": next_step(row)} for row in rows]
        empty = "no reports yet; rua status shows the last runs"
        emit(listed, TABLE_COLUMNS, output, empty=empty, layout=LAYOUT)
    _store_advice(context, window, rows)


def _check_flags(
    name: str | None, *, full: bool, is_history: bool, week: str | None, evidence: Path | None
) -> None:
    flags = {"--full": full, "--history": is_history, "--week": week, "--evidence": evidence}
    given = [flag for flag, value in flags.items() if value]
    if given and name is None:
        raise click.UsageError(f"{given[0]} needs a DOMAIN")
    if len(given) > 1 and given != ["--full", "--week"]:
        raise click.UsageError(f"{given[0]} and {given[1]} cannot be used together")


def _rows(context: Globals, window: Window, name: str | None, evidence: Path | None) -> list[Row]:
    with context.store.read() as reader:
        _check_domain(reader, context.settings, name)
        q = asked(reader, context.settings, window, None if name is None else (name,))
        if evidence is not None and name is not None:
            files = evidence_export.write(q, evidence)
            say(f"wrote {amount(len(files), 'file')} of evidence to {evidence}")
        return ask_advice(q)


def _store_advice(context: Globals, window: Window, rows: list[Row]) -> None:
    """Store today's advice on the default days as this week's. A store that is in use or read-only
    is no failure, since the answer is printed already."""
    if window != Window.up_to(_today()) or not rows:
        return
    settings = context.settings
    lock_timeout = min(settings.lock_timeout, STORE_SECONDS)
    store = Store(
        settings.store, lock_timeout=lock_timeout, require_verified=settings.require_verified
    )
    try:
        keep(store, rows, window.as_of, datetime.now(UTC).replace(tzinfo=None, microsecond=0))
    except StoreError as error:
        say(f"this advice is not stored for --history: {error}")


def _print_past(context: Globals, window: Window, name: str, week: str | None, output: str) -> None:
    moment = moment_of(window)
    week_label = read_week(week) if week else None
    with context.store.read() as reader:
        _check_domain(reader, context.settings, name)
        past = given(reader, name, week_label, moment)
        until = replace(window, last=window.as_of)
        changes = policy_changes(asked(reader, context.settings, until, (name,)))
    if week_label is not None:
        print_week(name, week_label, past, output)
    else:
        print_history(name, past, changes, window.as_of, output)


def _today() -> Any:
    return datetime.now(UTC).date()


def ask_dns(context: Globals, window: Window, name: str | None) -> None:
    settings = context.settings
    if settings.dns.offline:
        return
    with context.store.read() as reader:
        known = _advised_on(reader, settings)
        names = names_to_ask(asked(reader, settings, window))
    wanted = [name] if name in known else known if name is None else []
    now = datetime.now(UTC).replace(tzinfo=None)
    try:
        refresh(context.store, settings.dns, wanted, names, now)
    except StoreError as error:  # the advice uses earlier answers
        say(f"the answers of DNS are not stored: {error}")


def _advised_on(reader: Reader, settings: Settings) -> list[str]:
    """The domains with reports, and those of the settings."""
    return sorted({*domain_names(reader), *settings.domains})


def _check_domain(reader: Reader, settings: Settings, name: str | None) -> None:
    known = _advised_on(reader, settings)
    if name is not None and name not in known:
        near = nearest(name, known)
        raise ConfigError(
            f"{name[:80] or 'this domain'} has neither reports nor settings",
            todo=f"did you mean {' or '.join(near)}?" if near else "rua domains lists them",
        )


def _policy(row: Row) -> str:
    tags = row["published"]
    parts = [tags["p"] or "none"]
    parts += [f"{tag}={tags[tag]}" for tag in ("sp", "np") if tags[tag] not in (None, tags["p"])]
    return " ".join(parts)


def _print(row: Row, window: Window, *, full: bool) -> None:
    flags = flags_for(window, _today())
    lines = in_full(row, flags, width()) if full else on_a_screen(row, flags, width())
    click.echo("\n".join(lines))
