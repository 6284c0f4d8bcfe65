"""What the Domain screen says in sentences, as plain text."""

from collections.abc import Iterator, Sequence

from analytics.query.statement import Certainty
from analytics.query.window import Window
from dashboards.common.formatting import amount, day, interval, percent, span
from dashboards.common.verdicts import names
from dashboards.web.components.sentences import Said
from dashboards.web.screens.domain.data import Domain
from dashboards.web.session.query_cache import Row

__all__ = ["fix_words", "left_open", "policy_words", "rate_words", "whole"]

FIRST_FIXES = 3
COUNTS = {1: "this one", 2: "these two", 3: "these three"}
SIDES = {"reports": "Reports show", "dns": "DNS publishes"}


def whole(rate: float) -> str:
    """A rate that somebody set, as it was set: 98 %, 99.5 %."""
    return f"{rate * 100:g} %"


def rate_words(found: Domain) -> str:
    """The rate of the window in a sentence."""
    total = found.total
    if not total["legitimate"]:
        return "None of this mail is of a source that is yours, as far as the evidence tells."
    counts = f"{amount(total['legitimate_aligned'])} of {amount(total['legitimate'], 'message')}"
    if not total["enough"]:
        return f"Too few to tell: {counts} pass."
    rate = percent(total["legitimate_aligned"] / total["legitimate"])
    words = f"{rate}: {counts}, 95 % interval {interval(total['interval'])}."
    if found.place is None:
        return words
    low = total["interval"][0]
    side = "above" if low >= found.place.rate else "below"
    return f"{words} Its lower end is {side} the gate of {whole(found.place.rate)}."


def fix_words(replay: Row, policy: str) -> str:
    """Fix these three, and the loss falls to …; of a row of `rua whatif`."""
    lost, legitimate = replay["legitimate_lost"], replay["legitimate"]
    if not legitimate:
        return f"At {policy} no legitimate mail would be lost: there is none in these days."
    if not lost:
        return f"At {policy} none of {amount(legitimate, 'legitimate message')} would be lost."
    low, high = replay["interval"]
    mine = [row for row in replay["by_source"] if row["class"] in ("own", "broken")]
    first = mine[:FIRST_FIXES]
    start = (
        f"At {policy} {lost:,} of {amount(legitimate, 'legitimate message')} would be lost"
        f"{'' if replay['rejected'] else ' to quarantine'} (95 % interval {low:,} to {high:,})."
    )
    if not first:
        return start
    left = first[-1]["left_after"]
    falls = f"falls to {left:,}" if left else "falls to nothing"
    shown = names([row["source"] for row in first])
    return f"{start} Fix {COUNTS[len(first)]}, {shown}, and the loss {falls}."


def policy_words(found: Domain, window: Window) -> list[Said]:
    """Each policy change of the window, and where reports and DNS tell different things."""
    shown = [
        row
        for row in found.policy
        if row["before"] is not None and window.first <= row["day"] <= window.last
    ]
    said: list[Said] = [(_change(row), Certainty.OBSERVED) for row in shown]
    if not shown:
        said.append(("The published policy did not change in these days.", Certainty.OBSERVED))
    for row in found.differences:
        until = f"until {day(row['until'])}" if row["until"] else "still"
        tags = ", ".join(row["tags"])
        words = f"Since {day(row['since'])} ({until}) DNS and reports tell of another {tags}."
        said.append((words, Certainty.OBSERVED))
    return said


def _change(row: Row) -> str:
    tags = ", ".join(
        f"{tag}={row['after'][tag]} (before {row['before'][tag] or 'not set'})"
        if row["after"][tag]
        else f"no {tag} (before {row['before'][tag]})"
        for tag in row["tags"]
    )
    by = f", by {amount(row['reporters'], 'reporter')}" if row["reporters"] else ""
    return f"{day(row['day'])}: {SIDES[row['by']]} {tags}{by}."


def left_open(found: Domain) -> Sequence[Said]:
    """What the numbers cannot tell."""
    return list(_open(found))


def _open(found: Domain) -> Iterator[Said]:
    replay = found.replay
    if replay["messages"] and replay["unverified"]:
        share = percent(replay["unverified"] / replay["messages"])
        words = f"{share} of the messages are in reports that nothing proves genuine."
        yield words, Certainty.OBSERVED
    if replay["undecided"]:
        low, high = replay["worst"]["interval"]
        words = (
            f"{amount(replay['undecided'], 'message')} more would be lost if all undecided sources"
            f" are yours ({low:,} to {high:,} in total)."
        )
        yield words, Certainty.NOT_KNOWN
    if replay["unknown_names"]:
        count = amount(replay["unknown_names"], "failing message")
        yield f"Whether the names of {count} exist; sp or np decides on them.", Certainty.NOT_KNOWN
    if count := sum(replay["not_replayed"].values()):
        words = f"{amount(count, 'message')} could not be judged again, and stand as reported."
        yield words, Certainty.NOT_KNOWN
    if replay["indeterminate"]:
        count = amount(replay["indeterminate"], "failure")
        yield f"Whether {count} had a temporary cause: they count nowhere.", Certainty.NOT_KNOWN
    old = replay["dialects"].get("rfc7489", {"messages": 0})["messages"]
    if old:
        share = percent(old / replay["messages"])
        words = f"{share} of the messages come from receivers of the older kind: they heed no np."
        yield words, Certainty.OBSERVED
    if not found.arrived["reports"]:
        days = replay["window"]
        yield f"Everything of {span(days['first'], days['last'])}: no report.", Certainty.NOT_KNOWN
    yield "Mail of which no receiver reports is not counted.", Certainty.NOT_KNOWN
