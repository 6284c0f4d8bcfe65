"""A question under the settings: their gates, owners and approvals, and the store's labels."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from analytics.query.question import Owner, Question
from analytics.query.window import Window
from dashboards.common.names import overrides_of
from schemas.config.settings import Settings
from schemas.store.reader import Reader

__all__ = ["advised_days", "asked", "moment", "owners"]


def asked(
    reader: Reader, settings: Settings, window: Window, domains: Sequence[str] | None = None
) -> Question:
    """The question of these days and domains, None meaning all. Raises ConfigError, which names
    the key, for an approval that can name nothing."""
    return Question(
        reader,
        window,
        None if domains is None else tuple(domains),
        overrides_of(reader, settings),
        settings.gates,
        owners(settings),
        dns_as_of=moment(window),
    )


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
