"""rua advise"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from analytics import bundle
from analytics.advise import advise as ask_advice
from analytics.overview import domain_names
from analytics.snapshots import names_to_ask, refresh
from analytics.window import Window
from dashboards.advice import moment, owners
from dashboards.console import (
    Globals,
    Output,
    emit,
    output_options,
    say,
    window_options,
)
from dashboards.naming import domain_name, nearest, words_of
from dashboards.terminal import Layout, print_sentence
from dashboards.wording import amount, percent
from schemas.errors import ConfigError
from schemas.store import Connection

__all__ = ["advise", "ask_dns"]

Row = dict[str, Any]

COLUMNS = ("domain", "verdict", "reason", "record", "published", "target", "blockers")
SHOWN = ("domain", "policy", "verdict", "next")
LAYOUT = Layout(below={"reason": ""})
MOST_BLOCKERS = 4  # so that all of it fits a screen; --format json has them all


@click.command()
@click.argument("domain", required=False)
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
    rua advise example.com --evidence ./why
    """
    name = domain_name(domain)
    settings = context.settings
    if evidence is not None and name is None:
        raise click.UsageError("--evidence is about one DOMAIN")
    if not offline and window.as_of >= _today():
        ask_dns(context, window, name)
    with context.store.read() as con:
        _check_domain(con, name)
        said, known = words_of(con, settings), moment(window)
        owner = owners(settings)
        if evidence is not None and name is not None:
            files = bundle.write(con, evidence, window, name, settings.gates, owner, said, known)
            say(f"{len(files)} files of evidence in {evidence}")
        rows = ask_advice(con, window, settings.gates, owner, said, name, known)
    if output != Output.TABLE:
        emit(rows, COLUMNS, output, empty="")
    elif name is not None and rows:
        _print(rows[0])
    else:
        listed = [{**row, "policy": _policy(row), "next": _next(row)} for row in rows]
        emit(listed, SHOWN, output, empty="no reports yet; see rua status", layout=LAYOUT)


def _today() -> Any:
    return datetime.now(UTC).date()


def ask_dns(context: Globals, window: Window, name: str | None) -> None:
    settings = context.settings
    if settings.dns.offline:
        return
    with context.store.read() as con:
        known = domain_names(con)
        names = names_to_ask(con, window)
    wanted = [name] if name in known else known if name is None else []
    now = datetime.now(UTC).replace(tzinfo=None)
    refresh(context.store, settings.dns, wanted, names, now)


def _check_domain(con: Connection, name: str | None) -> None:
    known = domain_names(con)
    if name is not None and name not in known:
        near = nearest(name, known)
        raise ConfigError(
            f"there are no reports about {name[:80] or 'this domain'}",
            todo=f"did you mean {' or '.join(near)}?" if near else "rua domains lists them",
        )


def _policy(row: Row) -> str:
    tags = row["published"]
    words = [tags["p"] or "none"]
    words += [f"{tag}={tags[tag]}" for tag in ("sp", "np") if tags[tag] not in (None, tags["p"])]
    return " ".join(words)


def _next(row: Row) -> str:
    """The next step in a few words."""
    if row["verdict"] in ("advance", "roll-back"):
        return ", ".join(f"{tag}={value}" for tag, value in row["changes"].items() if value)
    if row["verdict"] == "fix":
        return f"mend {amount(len(row['blockers']), 'source')}"
    return f"look again on {row['next_look']}"


def _print(row: Row) -> None:
    """The next step first, then what blocks, the gates, and what it rests on."""
    for sentence in _headline(row):
        print_sentence(sentence)
    if row["blockers"]:
        click.echo()
        for blocker in row["blockers"][:MOST_BLOCKERS]:
            print_sentence(_blocker(blocker))
        if (more := len(row["blockers"]) - MOST_BLOCKERS) > 0:
            print_sentence(f"and {more} more: rua advise {row['domain']} --format json")
    if row["gates"]:
        click.echo()
        for gate in row["gates"]:
            print_sentence(_gate(gate))
    click.echo()
    for sentence in _basis(row):
        print_sentence(sentence)


def _headline(row: Row) -> Iterator[str]:
    yield f"{row['domain']}: {row['verdict']}: {row['reason']}."
    if row["verdict"] in ("advance", "roll-back") and row["record"]:
        yield f'Publish: _dmarc.{row["domain"]}. TXT "{row["record"]}"'
        if row["record_note"]:
            yield f"{row['record_note']}."
    elif row["verdict"] in ("fix", "wait"):
        yield f"Publish nothing new; look again on {row['next_look']}."
    impact = row["impact"]
    if row["changes"]:
        low, high = impact["interval"] or (0, 0)
        yield (
            f"Under the record that comes next {impact['legitimate_lost']:,} of"
            f" {amount(row['window']['legitimate'], 'legitimate message')} would be lost"
            f" ({low:,} to {high:,}), {impact['indirect_lost']:,} of lists and forwarders;"
            f" {amount(impact['spoof_stopped'], 'message')} of abuse would be stopped,"
            f" {impact['undecided']:,} are undecided."
        )


def _blocker(blocker: Row) -> str:
    size = amount(blocker["messages"], "message")
    if blocker["share"] is not None:
        size += f", {percent(blocker['share'])}"
    name, class_ = blocker["source"], blocker["class"]
    return f"- {name} ({class_}, {size}): {blocker['reason']}. {blocker['remedy']}"


def _gate(gate: Row) -> str:
    mark = "open  " if gate["ok"] else "closed"
    return (
        f"{mark}  {gate['name']}: {gate['measured']} (required: {gate['required']};"
        f" {gate['basis']})"
    )


def _basis(row: Row) -> Iterator[str]:
    window = row["window"]
    share = window["unverified"] / window["messages"] if window["messages"] else 0
    yield (
        f"{window['begin']} to {window['end']}: {amount(window['messages'], 'message')} on"
        f" {amount(window['days'], 'day')}, by {amount(window['reporters'], 'reporter')};"
        f" {percent(share)} of them in reports that nothing proves genuine. Policy since"
        f" {window['policy_since']}."
    )
    yield (
        f"The numbers: rua sources --domain {row['domain']}, rua reports --domain {row['domain']},"
        f" rua whatif {row['domain']} --p {row['target']['p'] or 'none'}."
    )
