"""rua label: your labels on sources."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import click

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.catalogue import catalogue, find
from analytics.sources.classes import CLASSES
from analytics.sources.classification import HISTORY_DAYS
from analytics.sources.label_impact import effect
from analytics.sources.labels import add, labels, read
from analytics.sources.labels import remove as take_back
from analytics.sources.summary import sources
from analytics.sources.totals import domain_names
from dashboards.cli.output import (
    Globals,
    Output,
    emit,
    emit_object,
    output_options,
    window_options,
)
from dashboards.common.asked import asked
from dashboards.common.names import domain_name, nearest, overrides_of
from schemas.errors import ConfigError
from schemas.sanitize import plain
from schemas.store.reader import Reader

__all__ = ["label"]

COLUMNS = ("domain", "match", "class", "note", "made_at")
FORMS = (
    "MATCH is a service (sendgrid), an address (192.0.2.1), a network (192.0.2.0/24)"
    " or a domain that signs or sends (mail.example.net)"
)


@click.command()
@click.argument("arguments", nargs=-1, metavar="[DOMAIN MATCH CLASS]")
@click.option("--note", help="The reason, for your colleagues.")
@click.option("--list", "is_list", is_flag=True, help="List the labels.")
@click.option("--remove", is_flag=True, help="Remove the label on DOMAIN MATCH.")
@click.option("--domain", help="With --list: only labels of this domain.")
@window_options
@output_options
@click.pass_obj
def label(
    context: Globals,
    arguments: tuple[str, ...],
    note: str | None,
    is_list: bool,
    remove: bool,
    domain: str | None,
    window: Window,
    output: str,
) -> None:
    """Label a source of a domain; your label overrides every rule.

    \b
    rua label example.com sendgrid broken --note "the shop's invoices"
    rua label example.com 192.0.2.0/24 own
    rua label --list
    rua label --remove example.com sendgrid

    MATCH is a service, an address, a network, or a domain that signs or sends. CLASS is own,
    broken, forwarder, list, spoof or undecided. The answer counts the mail that the label decides.
    """
    _check_flags(arguments, is_list=is_list, remove=remove, note=note, domain=domain)
    if is_list:
        _list(context, domain_name(domain), output)
        return
    context.require_store()
    name, match = domain_name(arguments[0]) or "", arguments[1].strip()
    read(match)
    if remove:
        found = _changed(context, window, name, match, lambda: _remove(context, name, match))
        answer = f"{match} for {name} no longer has a label"
    else:
        class_ = _class(arguments[2])
        with context.store.read() as reader:
            _check_domain(reader, context, name)
            _check_match(asked(reader, context.settings, window, (name,)), match)
        found = _changed(
            context, window, name, match, lambda: add(context.store, name, match, class_, note)
        )
        answer = f"{match} for {name} is {class_}"
    if output == Output.TABLE:
        click.echo(plain(f"{answer}: {_effect_text(found, window, remove=remove)}"))
    else:
        emit_object(found, output)


def _check_flags(
    arguments: tuple[str, ...], *, is_list: bool, remove: bool, note: str | None, domain: str | None
) -> None:
    expected = {(False, False): 3, (True, False): 0, (False, True): 2}.get((is_list, remove))
    if expected is None:
        raise click.UsageError("--list and --remove cannot be used together")
    if len(arguments) != expected:
        forms = {0: "--list takes no arguments", 2: "--remove takes DOMAIN MATCH"}
        raise click.UsageError(
            forms.get(expected, "give DOMAIN MATCH CLASS: rua label example.com sendgrid own")
        )
    if note is not None and (is_list or remove):
        raise click.UsageError("--note is for a new label")
    if domain is not None and not is_list:
        raise click.UsageError("--domain needs --list")


def _list(context: Globals, domain: str | None, output: str) -> None:
    with context.store.read() as reader:
        rows = [row for row in labels(reader) if domain in (None, row["domain"])]
    emit(rows, COLUMNS, output, empty="there are no labels")


def _class(text: str) -> str:
    if text.lower() in CLASSES:
        return text.lower()
    near = nearest(text, CLASSES)
    raise ConfigError(
        f"there is no class {text[:80]!r}",
        todo=(f"did you mean {near[0]}? " if near else "")
        + f"the classes are {', '.join(CLASSES)}",
    )


def _check_domain(reader: Reader, context: Globals, domain: str) -> None:
    known = {*domain_names(reader), *context.settings.domains}
    if domain not in known:
        near = nearest(domain, sorted(known))
        raise ConfigError(
            f"{domain[:80] or 'this domain'} has neither reports nor settings",
            todo=f"did you mean {' or '.join(near)}?" if near else "rua domains lists them",
        )


def _check_match(q: Question, match: str) -> None:
    """Refuse an unknown name: a misspelt one would match nothing, unnoticed."""
    if read(match)[0] != "source" or find(match) is not None:
        return
    ever = replace(q.window, first=q.window.last - timedelta(days=HISTORY_DAYS - 1))
    here = {row["source"] for row in sources(q.over(ever).under(()))}
    if match.lower() in {name.lower() for name in here}:
        return
    known = (name for each in catalogue() for name in (each.name, each.id))
    near = nearest(match, [*known, *sorted(here)])
    raise ConfigError(
        f"{match[:80]!r} is neither a known sender nor a source of {q.domain}",
        todo=(f"did you mean {' or '.join(near)}? " if near else "") + FORMS,
    )


def _remove(context: Globals, domain: str, match: str) -> dict[str, Any]:
    with context.store.read() as reader:
        known = labels(reader)
    if take_back(context.store, domain, match):
        return {"domain": domain, "match": match}
    near = nearest(match, [row["match"] for row in known if row["domain"] == domain])
    raise ConfigError(
        f"{domain} has no label on {match[:80]!r}",
        todo=f"did you mean {' or '.join(near)}?" if near else "see rua label --list",
    )


def _changed(
    context: Globals,
    window: Window,
    domain: str,
    match: str,
    change: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Make the change and return its row, with the mail that the label decides or decided."""
    with context.store.read() as reader:
        before = overrides_of(reader, context.settings)
    row = change()
    with context.store.read() as reader:
        q = asked(reader, context.settings, window, (domain,))
        with_label, without = (q.overrides, before) if "class" in row else (before, q.overrides)
        return row | effect(q.under(with_label), match, without)


def _effect_text(found: dict[str, Any], window: Window, *, remove: bool) -> str:
    """The mail that the label decides, in a sentence."""
    days = f"{window.first} to {window.last}"
    if not found["messages"]:
        return f"it {'matched' if remove else 'matches'} no mail of {days}"
    sources_, messages = found["sources"], found["messages"]
    counted = f"{sources_:,} source{'s'[: sources_ != 1]}"
    mail = f"{messages:,} message{'s'[: messages != 1]}"
    classes = ", ".join(f"{name} {count:,}" for name, count in found["otherwise"].items())
    return f"{counted} with {mail} of {days}, {'now' if remove else 'before'}: {classes}"
