"""The landing page: the feed, the verdicts, what changed, what is to be decided, and the mail."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from analytics.advice.action_items import decisions
from analytics.changes.detect import compare
from analytics.changes.feed import quiet_reporters, tls_failures_rose
from analytics.changes.period import Facts, gather
from analytics.query.question import Question
from analytics.query.window import Window
from analytics.reports.coverage import arrivals
from analytics.reports.freshness import feed, reporters
from analytics.sources.services import services_by_class
from analytics.sources.summary import by_service, domains
from analytics.sources.totals import arrived, days
from analytics.tls.sessions import tls
from dashboards.common.asked import advised_days, asked, moment
from dashboards.common.verdicts import advised, verdicts
from dashboards.web.session.query_cache import Chosen, Row, answer
from schemas.config.settings import Settings
from schemas.store.reader import Reader

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


def _monday(reader: Reader, told: Settings, chosen: Chosen) -> Monday:
    window, configured = chosen.window, tuple(told.domains)
    q = asked(reader, told, window, chosen.domains)
    of_one = q if chosen.domain else q.about()  # rows of all domains are asked for once
    week = replace(window, first=window.last - WEEK + timedelta(days=1))
    verdicts_before, then, now = _before(of_one, chosen, week)
    advice = [
        row
        for row in advised(of_one.over(advised_days(window)))
        if _is_ours(row["domain"], told, chosen)
    ]
    said = {row["domain"]: row["verdict"] for row in advice}
    rows = [row | {"verdict": said.get(row["domain"])} for row in domains(of_one, configured)]
    found = services_by_class(of_one, ("broken", "undecided"))
    senders = [row for row in found if chosen.holds(row["domain"])]
    return Monday(
        feed=feed(q),
        missing=[row for row in reporters(q.about(), window.as_of) if row["is_missing"]],
        arrived=arrived(q),
        arrivals=arrivals(q),
        days=days(q),
        domains=_ours([row for row in rows if chosen.holds(row["domain"])], configured, chosen),
        others=_others(rows, configured, chosen),
        broken=by_service((row for row in senders if row["class"] == "broken"), q.gates),
        undecided=by_service((row for row in senders if row["class"] == "undecided"), q.gates),
        advised=advised_days(window),
        advice=advice,
        decisions=decisions(advice),
        week=week,
        changes=compare(now, then, q.gates, advice, verdicts_before, _of_feeds(q.over(week))),
    )


def _before(q: Question, chosen: Chosen, week: Window) -> tuple[dict[str, str], Facts, Facts]:
    """The verdicts of a week ago, and the facts of both weeks."""
    before = _week_before(week)
    then, now = gather(q.over(before)), gather(q.over(week))
    if chosen.domains is not None:
        then, now = then.of(chosen.domains), now.of(chosen.domains)
    earlier = replace(q, window=advised_days(before), dns_as_of=moment(before))
    return verdicts(earlier), then, now


def _week_before(week: Window) -> Window:
    last = week.last - WEEK
    return Window(week.first - WEEK, last, last)


def _of_feeds(q: Question) -> list[Row]:
    """What changed in who reports, and in TLS, in a week."""
    before = _week_before(q.window)
    now, then = tls(q), tls(q.over(before))
    return [*quiet_reporters(q, before), *tls_failures_rose(now, then)]


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
