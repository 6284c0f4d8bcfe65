"""Verdicts as the commands and the screens give them, from the settings' word on each domain."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from analytics.advise import told
from analytics.labels import Word
from analytics.standing import Owner, Standing, standings
from analytics.verdict import decide
from analytics.window import Window
from dashboards.naming import words_of
from schemas.settings import Settings
from schemas.store import Connection

__all__ = ["advised", "advised_days", "moment", "owners", "standing_of", "verdicts"]

Row = dict[str, Any]


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
    """Where every domain with reports stands, or one."""
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
    found = standing_of(con, window, settings, words, domain)
    return [told(each, decide(each, settings.gates)) for each in found]


def verdicts(
    con: Connection, window: Window, settings: Settings, domain: str | None = None
) -> dict[str, str]:
    """The verdict alone, for every domain with reports or for one."""
    found = standing_of(con, window, settings, words_of(con, settings), domain)
    return {each.domain: decide(each, settings.gates).verdict for each in found}
