"""The sentences of the Domain screen, as plain text."""

from collections.abc import Iterator, Sequence

from analytics.query.statement import Certainty
from analytics.query.window import Window
from dashboards.common.formatting import amount, day, interval, percent, span
from dashboards.common.verdicts import names
from dashboards.web.components.sentences import Sentence
from dashboards.web.screens.domain.data import Domain
from dashboards.web.session.query_cache import Row

__all__ = ["exact_percent", "fix_words", "policy_words", "rate_words", "unknowns"]

FIRST_FIXES = 3
COUNTS = {1: "this one", 2: "these two", 3: "these three"}
SIDES = {"reports": "Reports show", "dns": "DNS publishes"}


def exact_percent(rate: float) -> str:
    """A rate of the settings, as set: 98 %, 99.5 %."""
    return f"{rate * 100:g} %"


def rate_words(found: Domain) -> str:
    """The rate of the period in a sentence."""
    total = found.total
    if not total["legitimate"]:
        return "No legitimate mail in this period."
    counts = f"{amount(total['legitimate_aligned'])} of {amount(total['legitimate'], 'message')}"
    if not total["enough"]:
        return f"Too few messages for a rate: {counts} pass."
    rate = percent(total["legitimate_aligned"] / total["legitimate"])
    words = f"{rate}: {counts}, 95 % interval {interval(total['interval'])}."
    if found.place is None:
        return words
    low = total["interval"][0]
    side = "above" if low >= found.place.rate else "below"
    return f"{words} Its lower end is {side} the required {exact_percent(found.place.rate)}."


def fix_words(replay: Row, policy: str) -> str:
    """Fix these three, and the loss falls to …; of a row of `rua whatif`."""
    lost, legitimate = replay["legitimate_lost"], replay["legitimate"]
    if not legitimate:
        return f"At {policy} nothing would be lost: no legitimate mail in this period."
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


def policy_words(found: Domain, window: Window) -> list[Sentence]:
    """Each policy change of the period, and where reports and DNS differ."""
    shown = [
        row
        for row in found.policy
        if row["before"] is not None and window.first <= row["day"] <= window.last
    ]
    sentences: list[Sentence] = [(_change(row), Certainty.OBSERVED) for row in shown]
    if not shown:
        sentences.append(("The published policy did not change.", Certainty.OBSERVED))
    for row in found.differences:
        until = f"until {day(row['until'])}" if row["until"] else "they still do"
        tags = ", ".join(row["tags"])
        words = f"DNS and reports differ in {tags} since {day(row['since'])} ({until})."
        sentences.append((words, Certainty.OBSERVED))
    return sentences


def _change(row: Row) -> str:
    tags = ", ".join(
        f"{tag}={row['after'][tag]} (before {row['before'][tag] or 'not set'})"
        if row["after"][tag]
        else f"no {tag} (before {row['before'][tag]})"
        for tag in row["tags"]
    )
    by = f", by {amount(row['reporters'], 'reporter')}" if row["reporters"] else ""
    return f"{day(row['day'])}: {SIDES[row['by']]} {tags}{by}."


def unknowns(found: Domain) -> Sequence[Sentence]:
    """What the numbers do not show."""
    return list(_unknowns(found))


def _unknowns(found: Domain) -> Iterator[Sentence]:
    replay = found.replay
    if replay["messages"] and replay["unverified"]:
        share = percent(replay["unverified"] / replay["messages"])
        words = f"{share} of messages are in unverified reports."
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
        yield f"Whether the names of {count} exist: sp or np applies.", Certainty.NOT_KNOWN
    if count := sum(replay["not_replayed"].values()):
        words = f"{amount(count, 'message')} could not be replayed and count as reported."
        yield words, Certainty.NOT_KNOWN
    if replay["indeterminate"]:
        count = amount(replay["indeterminate"], "failure")
        yield f"Whether {count} had a temporary cause: not counted.", Certainty.NOT_KNOWN
    old = replay["dialects"].get("rfc7489", {"messages": 0})["messages"]
    if old:
        share = percent(old / replay["messages"])
        words = f"{share} of messages come from receivers on RFC 7489, which ignore np."
        yield words, Certainty.OBSERVED
    if not found.arrived["reports"]:
        days = replay["window"]
        yield f"No report for {span(days['first'], days['last'])}.", Certainty.NOT_KNOWN
    yield "Receivers that send no reports are not counted.", Certainty.NOT_KNOWN
