"""The landing page: the feed, what passes day by day, the domains, and who is broken or unknown."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.feed import feed, reporters
from analytics.mail import by_service, domains, sources
from analytics.overview import arrived, days
from dashboards.data import Chosen, Row, answer
from dashboards.naming import words_of
from schemas.settings import Settings
from schemas.store import Connection

__all__ = ["Overview", "overview"]

UNSEEN: Row = {
    "published": None,
    "reports": 0,
    "messages": 0,
    "aligned": 0,
    "legitimate": 0,
    "legitimate_aligned": 0,
    "interval": None,
    "enough": False,
    "undecided_sources": 0,
    "last_report": None,
}


@dataclass(frozen=True, slots=True)
class Overview:
    """The answers of one screen.

    `feed` and `missing` (reporters) are of the whole store. `others` are domains that have
    reports but are not in the settings, where these name any.
    """

    feed: Row
    missing: list[Row]
    arrived: Row
    days: list[Row]
    domains: list[Row]
    others: list[Row]
    broken: list[Row]
    undecided: list[Row]


def overview(chosen: Chosen) -> Overview:
    """Raises StoreError (missing, locked, damaged) and ConfigError."""
    return answer(_overview, chosen)


def _overview(con: Connection, told: Settings, chosen: Chosen) -> Overview:
    window, configured = chosen.window, tuple(told.domains)
    words = words_of(con, told)
    rows = domains(con, window, configured, chosen.domain, words)
    senders = [
        row for row in sources(con, window, chosen.domain, words) if chosen.holds(row["domain"])
    ]
    return Overview(
        feed=feed(con, window.as_of),
        missing=[row for row in reporters(con, window.as_of) if row["is_missing"]],
        arrived=arrived(con, window, chosen.domains),
        days=days(con, window, chosen.domains, words, domain=chosen.domain),
        domains=_ours([row for row in rows if chosen.holds(row["domain"])], configured, chosen),
        others=_others(rows, configured, chosen),
        broken=by_service(row for row in senders if row["class"] == "broken"),
        undecided=by_service(row for row in senders if row["class"] == "undecided"),
    )


def _ours(rows: list[Row], configured: Sequence[str], chosen: Chosen) -> list[Row]:
    """The rows of our domains, one without a report among them."""
    listed = [row for row in rows if row["configured"] or not configured]
    seen = {row["domain"] for row in listed}
    wanted = [name for name in configured if chosen.holds(name) and name not in seen]
    unseen = [UNSEEN | {"domain": name, "configured": True} for name in wanted]
    return listed + unseen


def _others(rows: list[Row], configured: Sequence[str], chosen: Chosen) -> list[Row]:
    """Domains with reports that the settings do not name, where they name any."""
    if not configured or chosen.group is not None:
        return []
    return [row for row in rows if not row["configured"]]
