"""Verdicts as the commands and the screens give them, from the settings' word on each domain."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from analytics.advice.action_items import is_mute
from analytics.advice.advise import advise
from analytics.advice.domain_state import Owner, Standing, standings
from analytics.advice.rollout import said
from analytics.advice.verdict import decide
from analytics.changes.model import named
from analytics.query.window import Window
from analytics.sources.labels import Word
from dashboards.common.formatting import day
from dashboards.common.names import words_of
from schemas.config.settings import Settings
from schemas.store.store import Connection

__all__ = [
    "VERDICTS",
    "advised",
    "advised_days",
    "moment",
    "names",
    "next_step",
    "owners",
    "standing_of",
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


def owners(settings: Settings) -> dict[str, Owner]:
    """What the settings say of each domain."""
    return {
        name: Owner(each.goal, each.parked, each.accept_indirect_loss)
        for name, each in settings.domains.items()
    }


def moment(window: Window) -> datetime:
    """DNS as it was known then: never later than the day that is asked about."""
    return datetime.combine(window.as_of, time.max)


def advised_days(window: Window) -> Window:
    """The days that advice goes by, whatever days are looked at: a monthly sender is in no single
    week (RFC 9989 §5.1.7)."""
    return replace(window, first=window.last - timedelta(days=Window.DAYS - 1))


def standing_of(
    con: Connection,
    window: Window,
    settings: Settings,
    words: Sequence[Word],
    domain: str | None = None,
) -> list[Standing]:
    """Where every domain with reports stands, or one, by the reports that advice goes by."""
    owner, known = owners(settings), moment(window)
    return standings(con, window, settings.gates, owner, words, domain, known)


def advised(
    con: Connection,
    window: Window,
    settings: Settings,
    words: Sequence[Word],
    domain: str | None = None,
) -> list[Row]:
    """Rows of `rua advise` without their impact, which takes a replay of each domain's mail."""
    owner, known = owners(settings), moment(window)
    gates = settings.gates
    return advise(con, window, gates, owner, words, domain, known, with_impact=False)


def verdicts(
    con: Connection, window: Window, settings: Settings, domain: str | None = None
) -> dict[str, str]:
    """The verdict alone, for every domain with reports or for one."""
    found = standing_of(con, window, settings, words_of(con, settings), domain)
    return {each.domain: decide(each, settings.gates).verdict for each in found}


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
