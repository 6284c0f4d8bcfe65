"""rua whatif"""

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
SHOWN = ("source", "class", "source_ips", "messages", "lost", "left_after")
CLASS_COLUMNS = ("class", "messages", "rejected", "quarantined")
LAYOUT = Layout(spare=("source_ips", "messages"))
MOST_SOURCES = 4  # so that all of it fits 24 lines; --format csv has them all
WHY = {
    "no-author": "the From domain is not reported",
    "no-result": "the result is not reported",
    "no-domain": "a result names no domain",
    "unclear-result": "a result is unclear",
}


@click.command()
@click.argument("domain")
@click.option("--p", "p", type=POLICIES, required=True, help="The policy to try.")
@click.option("--sp", "sp", type=POLICIES, help="For names below that exist.")
@click.option("--np", "np", type=POLICIES, help="For names below that do not exist.")
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
    """What another policy would do: the mail of these days, replayed under it.

    Tags that you leave out are as published. Lost is what would be rejected or quarantined of
    legitimate mail, that is of own and broken sources; CSV has what is lost, source by source.

    \b
    rua whatif example.com --p reject
    rua whatif example.com --p reject --sp quarantine --adkim s
    rua whatif example.com --p quarantine --days 7 --format json
    """
    name = domain_name(domain) or ""
    with read(context, window, name, is_proven=is_proven) as q:
        _check_domain(q.reader, name)
        published = as_published(q)
        asked = {"p": p, "sp": sp, "np": np, "adkim": adkim, "aspf": aspf}
        tags = Tags(**{key: value or published[key] for key, value in asked.items()})
        found = ask_whatif(q, tags, _existing(q, name))
    if output == Output.JSON:
        emit_object(found, output)
    elif output == Output.CSV:
        emit(found["by_source"], COLUMNS, output, empty="")
    else:
        _print(found)


def _existing(q: Question, name: str) -> dict[str, bool]:
    """Which names below the domain there are, as far as DNS told by then."""
    published = published_on(q.reader, name, q.known_at)
    exists = published.exists if published else {}
    return {each: there for each, there in exists.items() if there is not None}


def _check_domain(reader: Reader, name: str) -> None:
    known = domain_names(reader)
    if name not in known:
        near = nearest(name, known)
        raise ConfigError(
            f"there are no reports about {name[:80] or 'this domain'}",
            todo=f"did you mean {' or '.join(near)}?" if near else "rua domains lists them",
        )


def _print(found: Row) -> None:
    """The answer first, then by class, the largest sources, and what is not known."""
    if not found["messages"]:
        say("no mail in these days; see rua status")
        return
    print_sentence(_answer(found))
    print_sentence(_basis(found))
    rows = [{"class": name, **row} for name, row in found["by_class"].items() if row["messages"]]
    click.echo()
    emit(rows, CLASS_COLUMNS, Output.TABLE, empty="")
    if found["by_source"]:
        click.echo()
        emit(
            [*map(_shown, found["by_source"][:MOST_SOURCES])],
            SHOWN,
            Output.TABLE,
            empty="",
            layout=LAYOUT,
        )
        if (more := len(found["by_source"]) - MOST_SOURCES) > 0:
            click.echo(f"and {amount(more, 'source')} more: --format csv")
    click.echo()
    for sentence in _not_known(found):
        print_sentence(sentence)


def _shown(row: Row) -> Row:
    """Mending another one's source is not in the owner's hands: nothing is left after it."""
    return row if row["class"] in LEGITIMATE else row | {"left_after": None}


def _answer(found: Row) -> str:
    policy, lost, legitimate = _policy(found), found["legitimate_lost"], found["legitimate"]
    days = f"in {amount(found['window']['days'], 'day')}"
    if not legitimate:
        return f"At {policy} no legitimate mail would be lost: there is none {days}."
    low, high = found["interval"]
    counted = f"{lost:,} of {amount(legitimate, 'legitimate message')} {days} would be lost"
    return f"At {policy} {counted} (95 % interval {low:,} to {high:,}).{_beside(found)}"


def _beside(found: Row) -> str:
    """What else would be stopped: ` Also lost: …`, or nothing."""
    words = []
    if count := found["indirect_lost"]:
        words.append(f"{count:,} that forwarders and lists pass on would be lost, too")
    if count := found["spoof_stopped"]:
        words.append(f"{count:,} spoofed would be stopped")
    return f" {', '.join(words)}." if words else ""


def _policy(found: Row) -> str:
    """p=reject sp=none: what decides, implied tags left out."""
    tags, force = found["policy"], found["in_force"]
    words = [f"p={force['p']}"]
    words += [f"{tag}={force[tag]}" for tag in ("sp", "np") if tags[tag] is not None]
    words += [f"{tag}=s" for tag in ("adkim", "aspf") if tags[tag] == "s"]
    return " ".join(words)


def _basis(found: Row) -> str:
    share = found["unverified"] / found["messages"]
    window = found["window"]
    return (
        f"{window['first']} to {window['last']}: {amount(found['messages'], 'message')} on"
        f" {amount(window['days_with_mail'], 'day')}, by {amount(found['reporters'], 'reporter')};"
        f" {percent(share)} of them in reports that nothing proves genuine."
    )


def _not_known(found: Row) -> Iterator[str]:
    """What the answer leaves open, and what is said of the rest."""
    if found["undecided"]:
        low, high = found["worst"]["interval"]
        yield (
            f"Undecided: {amount(found['undecided'], 'message')} more would be lost if all of them"
            f" are yours ({low:,} to {high:,} in total); rua sources --class undecided."
        )
    if found["unknown_names"]:
        yield (
            f"{amount(found['unknown_names'], 'failing message')} came from names below of which"
            " the reports do not tell whether they exist."
        )
    if found["not_replayed"]:
        counts = found["not_replayed"].items()
        why = ", ".join(f"{WHY[key]} ({count:,})" for key, count in counts)
        yield f"As reported, not replayed: {why}."
    if found["indeterminate"]:
        yield f"Left out, since a temporary error may explain it: {found['indeterminate']:,}."
    old = found["dialects"].get("rfc7489", {"messages": 0})["messages"]
    if old:
        yield (
            f"{percent(old / found['messages'])} of the messages were reported in the form of RFC"
            " 7489: such receivers heed neither np nor t."
        )
    observed = found["observed"]
    if observed["weaker"]:
        yield (
            f"Receivers were milder than the policy then published with {observed['weaker']:,} of"
            f" {observed['failing']:,} failing."
        )
