"""rua whatif: replay the stored mail under another policy."""

from collections.abc import Iterator
from typing import Any

import click

from analytics.dns.history import published_on
from analytics.policy.replay import Tags
from analytics.policy.whatif import LEGITIMATE, as_published
from analytics.policy.whatif import whatif as ask_whatif
from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.totals import domain_names
from dashboards.cli.output import Globals, Output, emit, emit_object, output_options, window_options
from dashboards.cli.tables import Layout, print_sentence
from dashboards.cli.verified_option import proven_option, read
from dashboards.common.formatting import amount, percent
from dashboards.common.names import domain_name, nearest
from dashboards.common.stderr import say
from schemas.errors import ConfigError
from schemas.store.reader import Reader

__all__ = ["whatif"]

Row = dict[str, Any]

POLICIES = click.Choice(["none", "quarantine", "reject"])
MODES = click.Choice(["r", "s"])
COLUMNS = ("source", "source_ips", "class", "messages", "lost", "share", "left_after")
TABLE_COLUMNS = ("source", "class", "source_ips", "messages", "lost", "left_after")
CLASS_COLUMNS = ("class", "messages", "rejected", "quarantined")
LAYOUT = Layout(spare=("source_ips", "messages"))
MOST_SOURCES = 4  # so that the answer fits 24 lines; --format csv lists all
NOT_REPLAYED = {
    "no-author": "no From domain reported",
    "no-result": "no result reported",
    "no-domain": "a result without a domain",
    "unclear-result": "an unclear result",
}


@click.command()
@click.argument("domain")
@click.option("--p", "p", type=POLICIES, required=True, help="The policy to try.")
@click.option("--sp", "sp", type=POLICIES, help="The policy for existing subdomains.")
@click.option("--np", "np", type=POLICIES, help="The policy for non-existent subdomains.")
@click.option("--adkim", type=MODES, help="DKIM alignment: relaxed or strict.")
@click.option("--aspf", type=MODES, help="SPF alignment: relaxed or strict.")
@proven_option
@window_options
@output_options
@click.pass_obj
def whatif(
    context: Globals,
    domain: str,
    p: str,
    sp: str | None,
    np: str | None,
    adkim: str | None,
    aspf: str | None,
    is_proven: bool,
    window: Window,
    output: str,
) -> None:
    """Replay the stored mail under another policy: what would be rejected, what you would lose.

    \b
    rua whatif example.com --p reject
    rua whatif example.com --p reject --sp quarantine --adkim s
    rua whatif example.com --p quarantine --days 7 --format json

    Tags you omit stay as published. Lost is legitimate mail (of own and broken sources) that would
    be rejected or quarantined. CSV lists the loss of each source.
    """
    name = domain_name(domain) or ""
    with read(context, window, name, is_proven=is_proven) as q:
        _check_domain(q.reader, name)
        published = as_published(q)
        tried = {"p": p, "sp": sp, "np": np, "adkim": adkim, "aspf": aspf}
        tags = Tags(**{key: value or published[key] for key, value in tried.items()})
        found = ask_whatif(q, tags, _existing(q, name))
    if output == Output.JSON:
        emit_object(found, output)
    elif output == Output.CSV:
        emit(found["by_source"], COLUMNS, output, empty="")
    else:
        _print(found)


def _existing(q: Question, name: str) -> dict[str, bool]:
    """{name below the domain: whether it exists}, as far as DNS is known by then."""
    published = published_on(q.reader, name, q.known_at)
    exists = published.exists if published else {}
    return {each: known for each, known in exists.items() if known is not None}


def _check_domain(reader: Reader, name: str) -> None:
    known = domain_names(reader)
    if name not in known:
        near = nearest(name, known)
        raise ConfigError(
            f"there are no reports about {name[:80] or 'this domain'}",
            todo=f"did you mean {' or '.join(near)}?" if near else "rua domains lists them",
        )


def _print(found: Row) -> None:
    """The answer first, then the classes, the largest sources, and what is unknown."""
    if not found["messages"]:
        say("no mail in these days; rua status shows the last report")
        return
    print_sentence(_answer(found))
    print_sentence(_basis(found))
    rows = [{"class": name, **row} for name, row in found["by_class"].items() if row["messages"]]
    click.echo()
    emit(rows, CLASS_COLUMNS, Output.TABLE, empty="")
    if found["by_source"]:
        click.echo()
        emit(
            [*map(_table_row, found["by_source"][:MOST_SOURCES])],
            TABLE_COLUMNS,
            Output.TABLE,
            empty="",
            layout=LAYOUT,
        )
        if (more := len(found["by_source"]) - MOST_SOURCES) > 0:
            click.echo(f"{amount(more, 'more source')}: --format csv")
    click.echo()
    for sentence in _caveats(found):
        print_sentence(sentence)


def _table_row(row: Row) -> Row:
    """Only own and broken sources can be fixed: the others have no loss "left after" it."""
    return row if row["class"] in LEGITIMATE else row | {"left_after": None}


def _answer(found: Row) -> str:
    policy, lost, legitimate = _policy(found), found["legitimate_lost"], found["legitimate"]
    days = f"in {amount(found['window']['days'], 'day')}"
    if not legitimate:
        return f"At {policy} no legitimate mail would be lost: none was reported {days}."
    low, high = found["interval"]
    counted = f"{lost:,} of {amount(legitimate, 'legitimate message')} {days} would be lost"
    return f"At {policy} {counted} (95 % interval {low:,} to {high:,}).{_also_stopped(found)}"


def _also_stopped(found: Row) -> str:
    """What else would be stopped, as a sentence behind a blank, or nothing."""
    parts = []
    if count := found["indirect_lost"]:
        parts.append(f"{count:,} through forwarders and lists would also be lost")
    if count := found["spoof_stopped"]:
        parts.append(f"{count:,} spoofed would be stopped")
    return f" {', '.join(parts)}." if parts else ""


def _policy(found: Row) -> str:
    """p=reject sp=none: the tags that decide, without implied ones."""
    tags, force = found["policy"], found["in_force"]
    parts = [f"p={force['p']}"]
    parts += [f"{tag}={force[tag]}" for tag in ("sp", "np") if tags[tag] is not None]
    parts += [f"{tag}=s" for tag in ("adkim", "aspf") if tags[tag] == "s"]
    return " ".join(parts)


def _basis(found: Row) -> str:
    share = found["unverified"] / found["messages"]
    window = found["window"]
    return (
        f"{window['first']} to {window['last']}: {amount(found['messages'], 'message')} on"
        f" {amount(window['days_with_mail'], 'day')}, by {amount(found['reporters'], 'reporter')};"
        f" {percent(share)} of them in unverified reports."
    )


def _caveats(found: Row) -> Iterator[str]:
    """What the answer leaves open, one sentence each."""
    if found["undecided"]:
        low, high = found["worst"]["interval"]
        yield (
            f"Undecided: {amount(found['undecided'], 'message')} more would be lost if all are"
            f" yours ({low:,} to {high:,} in total). List them: rua sources --class undecided."
        )
    if found["unknown_names"]:
        yield (
            f"{amount(found['unknown_names'], 'failing message')} came from subdomains whose"
            " existence is unknown."
        )
    if found["not_replayed"]:
        counts = found["not_replayed"].items()
        why = ", ".join(f"{NOT_REPLAYED[key]} ({count:,})" for key, count in counts)
        yield f"Counted as reported, not replayed: {why}."
    if found["indeterminate"]:
        failures = amount(found["indeterminate"], "failure")
        yield f"Not counted: {failures} that a temporary error may explain."
    old = found["dialects"].get("rfc7489", {"messages": 0})["messages"]
    if old:
        yield (
            f"{percent(old / found['messages'])} of the messages were reported by receivers on RFC"
            " 7489, which evaluate neither np nor t."
        )
    observed = found["observed"]
    if observed["weaker"]:
        failing = amount(observed["failing"], "failing message")
        yield (
            f"Receivers treated {observed['weaker']:,} of {failing} more mildly than the"
            " published policy asked."
        )
