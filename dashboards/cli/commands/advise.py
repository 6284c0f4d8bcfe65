"""rua advise"""

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
from dashboards.cli.advice_text import asked_with, in_full, on_a_screen
from dashboards.cli.output import Globals, Output, emit, output_options, window_options
from dashboards.cli.tables import Layout, width
from dashboards.common.asked import asked
from dashboards.common.asked import moment as moment_of
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
SHOWN = ("domain", "policy", "verdict", "next")
LAYOUT = Layout(below={"reason": ""})
KEEPING_SECONDS = 5.0  # to wait for others, with the answer already given


@click.command()
@click.argument("domain", required=False)
@click.option("--full", is_flag=True, help="All of it in full words, not one screen.")
@click.option(
    "--history", "is_history", is_flag=True, help="The advice of each week, and policy changes."
)
@click.option("--week", metavar="WEEK", help="The advice of a week, such as 2026-W46, as given.")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write all that the advice on DOMAIN rests on into a new folder.",
)
@click.option("--offline", is_flag=True, help="Ask no DNS; go by what was asked before.")
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
    """What to publish next, or what stands in the way: one verdict for each domain.

    \b
    advance    safe to publish the record shown
    fix        mail of yours fails: mend what is listed, the largest first
    wait       too few days, reports or messages, or sources only you can decide on
    done       the goal is reached, and what is yours passes
    roll-back  an enforcing policy is losing mail of yours now
    \b
    rua advise
    rua advise example.com
    rua advise example.com --as-of 2026-11-01 --format json
    rua advise example.com --history
    rua advise example.com --week 2026-W46
    rua advise example.com --evidence ./why
    """
    name = domain_name(domain)
    _check_flags(name, full=full, is_history=is_history, week=week, evidence=evidence)
    if name is not None and (is_history or week):
        _of_the_past(context, window, name, week, output)
        return
    if not offline and window.as_of >= _today():
        ask_dns(context, window, name)
    rows = _asked(context, window, name, evidence)
    if output != Output.TABLE:
        emit(rows, COLUMNS, output, empty="")
    elif name is not None and rows:
        _print(rows[0], window, full=full)
    else:
        listed = [{**row, "policy": _policy(row), "next": next_step(row)} for row in rows]
        emit(listed, SHOWN, output, empty="no reports yet; see rua status", layout=LAYOUT)
    _keep(context, window, rows)


def _check_flags(
    name: str | None, *, full: bool, is_history: bool, week: str | None, evidence: Path | None
) -> None:
    asked = {"--full": full, "--history": is_history, "--week": week, "--evidence": evidence}
    given = [flag for flag, value in asked.items() if value]
    if given and name is None:
        raise click.UsageError(f"{given[0]} is about one DOMAIN")
    if len(given) > 1 and given != ["--full", "--week"]:
        raise click.UsageError(f"{given[0]} and {given[1]} exclude each other")


def _asked(context: Globals, window: Window, name: str | None, evidence: Path | None) -> list[Row]:
    with context.store.read() as reader:
        _check_domain(reader, context.settings, name)
        q = asked(reader, context.settings, window, None if name is None else (name,))
        if evidence is not None and name is not None:
            files = evidence_export.write(q, evidence)
            say(f"{len(files)} files of evidence in {evidence}")
        return ask_advice(q)


def _keep(context: Globals, window: Window, rows: list[Row]) -> None:
    """Today's advice, on the usual days, is this week's. The answer stands without it, too: a
    store that others hold, or that may not be written to, is no failure."""
    if window != Window.up_to(_today()) or not rows:
        return
    settings = context.settings
    patience = min(settings.lock_timeout, KEEPING_SECONDS)
    store = Store(settings.store, lock_timeout=patience, require_verified=settings.require_verified)
    try:
        keep(store, rows, window.as_of, datetime.now(UTC).replace(tzinfo=None, microsecond=0))
    except StoreError as error:
        say(f"this advice was not kept for --history: {error}")


def _of_the_past(
    context: Globals, window: Window, name: str, week: str | None, output: str
) -> None:
    moment = moment_of(window)
    chosen = read_week(week) if week else None
    with context.store.read() as reader:
        _check_domain(reader, context.settings, name)
        kept = given(reader, name, chosen, moment)
        until = replace(window, last=window.as_of)
        changes = policy_changes(asked(reader, context.settings, until, (name,)))
    if chosen is not None:
        print_week(name, chosen, kept, output)
    else:
        print_history(name, kept, changes, window.as_of, output)


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
    except StoreError as error:  # it goes by what was asked before
        say(f"what DNS answers is not kept: {error}")


def _advised_on(reader: Reader, settings: Settings) -> list[str]:
    """Those with reports, and those of the settings that no report has come about yet."""
    return sorted({*domain_names(reader), *settings.domains})


def _check_domain(reader: Reader, settings: Settings, name: str | None) -> None:
    known = _advised_on(reader, settings)
    if name is not None and name not in known:
        near = nearest(name, known)
        raise ConfigError(
            f"there are no reports about {name[:80] or 'this domain'}, nor settings",
            todo=f"did you mean {' or '.join(near)}?" if near else "rua domains lists them",
        )


def _policy(row: Row) -> str:
    tags = row["published"]
    words = [tags["p"] or "none"]
    words += [f"{tag}={tags[tag]}" for tag in ("sp", "np") if tags[tag] not in (None, tags["p"])]
    return " ".join(words)


def _print(row: Row, window: Window, *, full: bool) -> None:
    flags = asked_with(window, _today())
    lines = in_full(row, flags, width()) if full else on_a_screen(row, flags, width())
    click.echo("\n".join(lines))
