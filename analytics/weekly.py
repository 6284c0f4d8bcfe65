"""One ISO week of some domains, for a person who did not ask: pure data, told by dashboards/weekly.

Every number is that of another question over the same days: totals of `rua domains`, sources of
`rua sources`, verdicts of `rua advise` with its own 35 days up to the week's Sunday. Nothing knows
settings: who the domains are, what their owners say and which gates hold comes as arguments.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from analytics.advice.action_items import decisions, headline
from analytics.advice.advise import advise
from analytics.advice.domain_state import Owner, standings
from analytics.advice.verdict import decide
from analytics.changes.detect import compare
from analytics.changes.feed import quiet_reporters, tls_failures_rose
from analytics.changes.period import Facts, gather
from analytics.query.isoweek import label_of
from analytics.query.run import Row
from analytics.query.window import Window
from analytics.reports.freshness import reporter_mail, reporters
from analytics.sources import totals
from analytics.sources.labels import Word
from analytics.sources.totals import arrived, together
from analytics.tls.sessions import tls
from schemas.config.thresholds import Gates
from schemas.store.store import Connection

__all__ = ["Evidence", "Week", "months", "weeks"]

DAYS = timedelta(days=7)
NEW_SHOWN = ("own", "broken", "undecided")
UNSEEN: Row = {
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
    "published": None,
    "classes": dict.fromkeys(("own", "broken", "forwarder", "list", "spoof", "undecided"), 0),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much a week rests on: counts of the group's DMARC reports, and of those before."""

    reports: int
    reporters: int
    days: int
    messages: int
    unverified: int
    reports_before: int
    last_report_day: date | None


@dataclass(frozen=True, slots=True)
class Week:
    """A group's week.

    `domains` are rows of `rua domains` over the week, most mail first, each with `before` (that
    row of the week before, or None), `advice` (its row of `rua advise` as of Sunday, or None
    where no report has ever come); `sources` rows of `rua sources --by source` with `is_new` for
    those first seen in this week; `spoofing` rows of domain, messages, sources, before, largest;
    `reporters` of the group with reports and messages of the week; `days` of this and of the week
    before (analytics.sources.totals.days), `total` and `total_before` their sums. `tls` are rows of
    `rua tls`. `changes` and `decisions` stand in the order of their weight.
    """

    group: str
    label: str
    window: Window
    before: Window
    headline: str
    domains: Sequence[Row]
    changes: Sequence[Row]
    decisions: Sequence[Row]
    sources: Sequence[Row]
    spoofing: Sequence[Row]
    tls: Sequence[Row]
    reporters: Sequence[Row]
    days: Sequence[Row]
    total: Row
    total_before: Row
    evidence: Evidence

    @property
    def has_reports(self) -> bool:
        return self.evidence.reports > 0

    @property
    def is_quiet(self) -> bool:
        """Whether nothing changed; there may be things to do nevertheless."""
        return not self.changes

    @property
    def broken(self) -> list[Row]:
        return [row for row in self.sources if row["classes"].get("broken")]

    @property
    def new(self) -> list[Row]:
        """New sources that could be somebody's: abuse, forwarders and lists come and go."""
        return [row for row in self.sources if row["is_new"] and row["class"] in NEW_SHOWN]

    @property
    def missing(self) -> list[Row]:
        return [row for row in self.reporters if row["is_missing"]]


@dataclass(frozen=True, slots=True)
class Known:
    """What is gathered once for all groups."""

    now: Facts
    then: Facts
    advice: Mapping[str, Row]
    verdicts_before: Mapping[str, str]


def weeks(
    con: Connection,
    window: Window,
    groups: Mapping[str, Collection[str]],
    gates: Gates,
    owners: Mapping[str, Owner],
    words: Sequence[Word] = (),
    as_of: date | None = None,
) -> list[Week]:
    """The same week of each group {name: domains}, in their order.

    DNS is taken as it was known when the week was told: at the end of `as_of` (Sunday), at most a
    week after Sunday; that of the week before, a week earlier.
    """
    before = Window(window.first - DAYS, window.last - DAYS, window.last - DAYS)
    told = min(as_of or window.last, window.last + DAYS)
    moment = datetime.combine(told, time.max)
    was = standings(con, months(before), gates, owners, words, None, moment - DAYS)
    advice = advise(con, months(window), gates, owners, words, None, moment)
    advice = [_as_told(con, row, window, told, gates, owners, words, moment) for row in advice]
    then, days_before = _span(con, before, groups, words, owners)
    now, days = _span(con, window, groups, words, owners)
    known = Known(
        now,
        then,
        {row["domain"]: row for row in advice},
        {each.domain: decide(each, gates).verdict for each in was},
    )
    return [
        _week(con, name, sorted(names), known, days[name], days_before[name])
        for name, names in groups.items()
    ]


def _as_told(
    con: Connection,
    row: Row,
    week: Window,
    told: date,
    gates: Gates,
    owners: Mapping[str, Owner],
    words: Sequence[Word],
    moment: datetime,
) -> Row:
    """The advice as of Sunday, but where no report has come since, and for so long by the day on
    which the week is told that nothing may be concluded: then that day's."""
    last = row["window"]["last_report_day"]
    is_silent = last is not None and (told - last).days >= gates.silent_days
    if told == week.last or not is_silent:
        return row
    since = Window(week.last + timedelta(days=1), told, told)
    if totals.arrived(con, since, [row["domain"]])["reports"]:
        return row
    now = Window(told - timedelta(days=Window.DAYS - 1), told, told)
    found = advise(con, now, gates, owners, words, row["domain"], moment)
    return found[0] if found else row


def months(week: Window) -> Window:
    """The days the advice goes by: a monthly sender is in no single week."""
    return Window(week.last - timedelta(days=Window.DAYS - 1), week.last, week.last)


def _span(
    con: Connection,
    window: Window,
    groups: Mapping[str, Collection[str]],
    words: Sequence[Word],
    configured: Collection[str],
) -> tuple[Facts, dict[str, list[Row]]]:
    """Facts of all domains, and the days of each group: together, so that sources are classified
    once."""
    facts = gather(con, window, words, configured, told=None)
    days = {name: totals.days(con, window, sorted(names), words) for name, names in groups.items()}
    return facts, days


def _week(
    con: Connection,
    group: str,
    names: Sequence[str],
    known: Known,
    days: Sequence[Row],
    days_before: Sequence[Row],
) -> Week:
    now, then = known.now.of(set(names)), known.then.of(set(names))
    advice = [known.advice[name] for name in names if name in known.advice]
    tls_now, tls_then = tls(con, now.window, names), tls(con, then.window, names)
    feeds = quiet_reporters(con, now.window, then.window, names)
    others = [*feeds, *tls_failures_rose(tls_now, tls_then)]
    return Week(
        group=group,
        label=label_of(now.window),
        window=now.window,
        before=then.window,
        headline=headline(names, advice),
        domains=_domains(names, now, then, known.advice),
        changes=compare(now, then, advice, known.verdicts_before, others),
        decisions=decisions(advice),
        sources=[_source(row, now.window) for row in now.services],
        spoofing=_spoofing(now, then),
        tls=_tls(tls_now, tls_then),
        reporters=_reporters(con, now.window, names),
        days=[*days_before, *days],
        total=together(days),
        total_before=together(days_before),
        evidence=_evidence(con, now, then.window, names),
    )


def _domains(names: Sequence[str], now: Facts, then: Facts, advice: Mapping[str, Row]) -> list[Row]:
    here, before = now.by_domain(), then.by_domain()
    rows = [
        here.get(name, UNSEEN | {"domain": name, "configured": True})
        | {"before": before.get(name), "advice": advice.get(name)}
        for name in names
    ]
    return sorted(rows, key=lambda row: (-row["messages"], row["domain"]))


def _source(row: Row, window: Window) -> Row:
    return row | {"is_new": row["first_seen"] >= window.first}


def _spoofing(now: Facts, then: Facts) -> list[Row]:
    """Domains with abuse in the week, most of it first."""
    before = then.by_domain()
    rows = []
    for row in now.domains:
        count = row["classes"]["spoof"]
        was = before.get(row["domain"])
        if not count:
            continue
        mine = [each for each in now.services if each["domain"] == row["domain"]]
        spoofing = [each for each in mine if each["classes"].get("spoof")]
        largest = sorted(spoofing, key=lambda each: -each["classes"]["spoof"])[:3]
        rows.append(
            {
                "domain": row["domain"],
                "messages": count,
                "share": count / row["messages"],
                "sources": len(spoofing),
                "before": was["classes"]["spoof"] if was else 0,
                "largest": [each["source"] for each in largest],
                "policy": (row["published"] or {}).get("p") or "none",
            }
        )
    return sorted(rows, key=lambda each: (-each["messages"], each["domain"]))


def _tls(now: Sequence[Row], then: Sequence[Row]) -> list[Row]:
    """Each policy with its failed sessions of the week before, None where no report told of it."""
    before = {(row["domain"], row["policy_type"]): row["failed"] for row in then}
    return [row | {"failed_before": before.get((row["domain"], row["policy_type"]))} for row in now]


def _reporters(con: Connection, window: Window, names: Sequence[str]) -> list[Row]:
    """Everyone who has reported on these domains, most mail of the week first."""
    nothing = {"reports": 0, "days": 0, "messages": 0, "unverified": 0}
    week = {row["reporter"]: row for row in reporter_mail(con, window, names)}
    rows = [
        {key: row[key] for key in ("reporter", "recent_days", "delay_hours", "first_day")}
        | {key: row[key] for key in ("last_day", "is_missing")}
        | {key: week.get(row["reporter"], nothing)[key] for key in nothing}
        for row in reporters(con, window.last, names)
    ]
    return sorted(rows, key=lambda row: (-row["messages"], -row["reports"], row["reporter"]))


def _evidence(con: Connection, now: Facts, before: Window, names: Sequence[str]) -> Evidence:
    found, was = arrived(con, now.window, names), arrived(con, before, names)
    seen = [row["last_day"] for row in reporters(con, now.window.last, names)]
    return Evidence(
        reports=found["reports"],
        reporters=found["reporters"],
        days=found["days"],
        messages=sum(row["messages"] for row in now.domains),
        unverified=sum(row["unverified"] for row in now.domains),
        reports_before=was["reports"],
        last_report_day=max(seen, default=None),
    )
