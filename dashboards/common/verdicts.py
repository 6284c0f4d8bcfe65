"""Verdicts as the commands and the screens give them, from the settings' word on each domain."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.advice.action_items import is_mute
from analytics.advice.advise import advise
from analytics.advice.domain_state import standings
from analytics.advice.rollout import said
from analytics.advice.verdict import decide
from analytics.query.question import Question
from analytics.query.statement import named
from dashboards.common.formatting import day

__all__ = [
    "VERDICTS",
    "advised",
    "names",
    "next_step",
    "verdicts",
]

Row = dict[str, Any]
MOST_NAMED = 3

# In the order of their urgency -> the word of a badge.
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
    return {each.domain: decide(each, q.gates).verdict for each in standings(q)}


def next_step(row: Row) -> str:
    """What a row of `rua advise` asks for next, in a few words of plain text."""
    verdict, blockers = row["verdict"], [each["source"] for each in row["blockers"]]
    if verdict in ("advance", "roll-back") and row["changes"]:
        return f"Publish {said(row['changes'])}."
    if verdict == "done":
        return f"Nothing to do; look again on {day(row['next_look'])}."
    if is_mute(row):
        return "See whether reports arrive, and that rua is published."
    if not blockers:
        return f"Look again on {day(row['next_look'])}."
    classes = {each["class"] for each in row["blockers"]}
    if classes == {"undecided"}:
        return f"Say whose {names(blockers)} is."
    if classes == {"list"}:  # nobody can mend what a list does to mail
        return f"Decide what becomes of mail by {names(blockers)}."
    return f"Mend {names(blockers)}."


def names(sources: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    shown = [named(each) for each in sources[:MOST_NAMED]]
    more = len(sources) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
