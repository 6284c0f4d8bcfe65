"""Verdicts of each domain by its settings, and the next step in one sentence."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from analytics.advice.action_items import is_mute
from analytics.advice.advise import advise
from analytics.advice.domain_state import domain_states
from analytics.advice.rollout import step_text
from analytics.advice.verdict import decide
from analytics.query.question import Question
from analytics.query.statement import named
from dashboards.common.formatting import day

__all__ = [
    "VERDICTS",
    "advised",
    "is_question",
    "look_day",
    "names",
    "next_step",
    "share_of_mail",
    "verdicts",
]

Row = dict[str, Any]
MOST_NAMED = 3

# In order of urgency -> the label of a badge.
VERDICTS: Mapping[str, str] = {
    "roll-back": "Roll back",
    "fix": "Fix",
    "wait": "Wait",
    "advance": "Advance",
    "done": "Done",
}


def advised(q: Question) -> list[Row]:
    """Rows of `rua advise` without their impact, which takes a replay of each domain's mail."""
    return advise(q, with_impact=False)


def verdicts(q: Question) -> dict[str, str]:
    """The verdict alone, for every domain asked about that has reports."""
    return {each.domain: decide(each, q.gates).verdict for each in domain_states(q)}


def next_step(row: Mapping[str, Any] | None) -> str:
    """What to do next about a domain, as plain text: of a row of `rua advise`, or of no report."""
    if row is None:
        return "Check that its DMARC record has rua: no report has arrived."
    verdict, blockers = row["verdict"], [each["source"] for each in row["blockers"]]
    if verdict in ("advance", "roll-back") and row["changes"]:
        return f"Publish {step_text(row['changes'])}."
    if verdict == "done":
        return f"Nothing to do. Look again on {look_day(row)}."
    if is_mute(dict(row)):
        return "Check that reports arrive and that the record has rua."
    if not blockers:
        return f"Publish nothing yet. Look again on {look_day(row)}."
    if is_question(row):
        return f"{'Is' if len(blockers) == 1 else 'Are'} {names(blockers)} yours? Label it."
    if {each["class"] for each in row["blockers"]} == {"list"}:  # nobody can fix a list
        return f"Decide about mail through {names(blockers)}."
    return f"Fix {names(blockers)}."


def look_day(row: Mapping[str, Any]) -> str:
    """The day to look again, of a row of `rua advise`; stored advice has it as text."""
    return day(date.fromisoformat(str(row["next_look"])))


def is_question(row: Mapping[str, Any]) -> bool:
    """Whether the next step of a row of `rua advise` is to say which sources are yours."""
    return {each["class"] for each in row["blockers"]} == {"undecided"}


def share_of_mail(row: Mapping[str, Any], blocker: Mapping[str, Any]) -> float | None:
    """A blocker's share of all mail of its domain, 0 to 1; None where the window has none of it."""
    window = row["window"]
    begin = date.fromisoformat(str(window["begin"]))
    last_seen = date.fromisoformat(str(blocker.get("last_seen", begin)))
    share: float | None = None
    if last_seen >= begin and window["messages"]:
        share = blocker["messages"] / window["messages"]
    return share


def names(sources: Sequence[str]) -> str:
    """The first of these names, and how many more there are."""
    shown = [named(each) for each in sources[:MOST_NAMED]]
    more = len(sources) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
