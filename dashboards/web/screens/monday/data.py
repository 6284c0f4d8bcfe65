"""The landing page: the feed, the verdicts, what changed, what is to be decided, and the mail."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from analytics.advice.action_items import decisions
from analytics.advice.verdict import decide
from analytics.changes.detect import compare
from analytics.changes.feed import quiet_reporters, tls_failures_rose
from analytics.changes.period import Facts, gather
from analytics.query.window import Window
from analytics.reports.coverage import arrivals
from analytics.reports.freshness import feed, reporters
from analytics.sources.labels import Word
from analytics.sources.services import by_class
from analytics.sources.summary import by_service, domains
from analytics.sources.totals import arrived, days
from analytics.tls.sessions import tls
from dashboards.common.names import words_of
from dashboards.common.verdicts import advised, advised_days, standing_of
from dashboards.web.session.query_cache import Chosen, Row, answer
from schemas.config.settings import Settings
from schemas.store.store import Connection

__all__ = ["Monday", "monday"]

WEEK = timedelta(days=7)
UNSEEN: Row = {
    "published": None,
    "reports": 0,
    "messages": 0,
    "aligned": 0,
    "unverified": 0,
    "legitimate": 0,
    "legitimate_aligned": 0,
    "interval": None,
    "enough": False,
    "undecided_sources": 0,
    "last_report": None,
    "verdict": None,
}


@dataclass(frozen=True, slots=True)
class Monday:
    """The answers of one screen.

    `feed` and `missing` (reporters) are of the whole store, `arrivals` of the domains looked at.
    `advice` are rows of `rua advise` without impact, over `advised`; `decisions` what they ask for.
    `changes` are those of `week` against the week before. `others` are domains that have reports
    but are not in the settings, where these name any: nothing is advised on them.
    """

    feed: Row
    missing: list[Row]
    arrived: Row
    arrivals: list[Row]
    days: list[Row]
    domains: list[Row]
    others: list[Row]
    broken: list[Row]
    undecided: list[Row]
    advised: Window
    advice: list[Row]
    decisions: list[Row]
    week: Window
    changes: list[Row]


def monday(chosen: Chosen) -> Monday:
    """Raises StoreError (missing, locked, damaged) and ConfigError."""
    return answer(_monday, chosen)


def _monday(con: Connection, told: Settings, chosen: Chosen) -> Monday:
    window, configured = chosen.window, tuple(told.domains)
    words = words_of(con, told)
    week = replace(window, first=window.last - WEEK + timedelta(days=1))
    # What looks at other days comes first: sources are classified anew for other days.
    verdicts_before, then, now = _before(con, told, chosen, week, words)
    advice = [
        row
        for row in advised(con, advised_days(window), told, words, chosen.domain)
        if _is_ours(row["domain"], told, chosen)
    ]
    rows = domains(con, window, configured, chosen.domain, words)
    said = {row["domain"]: row["verdict"] for row in advice}
    rows = [row | {"verdict": said.get(row["domain"])} for row in rows]
    found = by_class(con, window, chosen.domain, words, ("broken", "undecided"))
    senders = [row for row in found if chosen.holds(row["domain"])]
    return Monday(
        feed=feed(con, window.as_of),
        missing=[row for row in reporters(con, window.as_of) if row["is_missing"]],
        arrived=arrived(con, window, chosen.domains),
        arrivals=arrivals(con, window, chosen.domains),
        days=days(con, window, chosen.domains, words, domain=chosen.domain),
        domains=_ours([row for row in rows if chosen.holds(row["domain"])], configured, chosen),
        others=_others(rows, configured, chosen),
        broken=by_service(row for row in senders if row["class"] == "broken"),
        undecided=by_service(row for row in senders if row["class"] == "undecided"),
        advised=advised_days(window),
        advice=advice,
        decisions=decisions(advice),
        week=week,
        changes=compare(now, then, advice, verdicts_before, _of_feeds(con, chosen, week)),
    )


def _before(
    con: Connection, told: Settings, chosen: Chosen, week: Window, words: Sequence[Word]
) -> tuple[dict[str, str], Facts, Facts]:
    """The verdicts of a week ago, and the facts of both weeks."""
    before = _week_before(week)
    known = standing_of(con, advised_days(before), told, words, chosen.domain)
    verdicts = {each.domain: decide(each, told.gates).verdict for each in known}
    then, now = (
        gather(con, each, words, tuple(told.domains), chosen.domain) for each in (before, week)
    )
    if chosen.domains is not None:
        then, now = then.of(chosen.domains), now.of(chosen.domains)
    return verdicts, then, now


def _week_before(week: Window) -> Window:
    last = week.last - WEEK
    return Window(week.first - WEEK, last, last)


def _of_feeds(con: Connection, chosen: Chosen, week: Window) -> list[Row]:
    """What changed in who reports, and in TLS."""
    before, names = _week_before(week), chosen.domains
    now, then = tls(con, week, names), tls(con, before, names)
    return [*quiet_reporters(con, week, before, names), *tls_failures_rose(now, then)]


def _is_ours(domain: str, told: Settings, chosen: Chosen) -> bool:
    """Anyone can mail a report about any domain: those that the settings do not name are not
    advised on, where they name any."""
    return chosen.holds(domain) and (not told.domains or domain in told.domains)


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
