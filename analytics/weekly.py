"""Gathers the data of the weekly report: one ISO week of each domain group.

Every number is also in another command over the same days: totals in `rua domains`, sources in
`rua sources`, verdicts in `rua advise` with its 35 days up to the week's Sunday. dashboards/weekly
makes the text.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from analytics.advice.action_items import decisions, headline
from analytics.advice.advise import advise
from analytics.advice.domain_state import domain_states
from analytics.advice.verdict import decide
from analytics.changes.detect import compare
from analytics.changes.feed import quiet_reporters, tls_failures_rose
from analytics.changes.period import Facts, gather
from analytics.query.isoweek import label_of
from analytics.query.question import Question
from analytics.query.run import Row
from analytics.query.window import Window
from analytics.reports.freshness import reporter_mail, reporters
from analytics.sources import totals
from analytics.sources.classes import CLASSES, LEGITIMATE, SourceClass
from analytics.sources.totals import arrived, together
from analytics.tls.sessions import tls

__all__ = ["Evidence", "Week", "months", "weeks"]

DAYS = timedelta(days=7)
NEW_SHOWN = (*LEGITIMATE, SourceClass.UNDECIDED.value)
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
    "classes": dict.fromkeys(CLASSES, 0),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The reports behind a week: counts of the group's DMARC reports, and of the week before."""

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
        """Whether nothing changed; there may still be things to do."""
        return not self.changes

    @property
    def broken(self) -> list[Row]:
        return [row for row in self.sources if row["classes"].get("broken")]

    @property
    def new(self) -> list[Row]:
        """New sources that may be yours: spoofing, forwarders and lists come and go."""
        return [row for row in self.sources if row["is_new"] and row["class"] in NEW_SHOWN]

    @property
    def missing(self) -> list[Row]:
        return [row for row in self.reporters if row["is_missing"]]


@dataclass(frozen=True, slots=True)
class Known:
    """The facts gathered once for all groups."""

    now: Facts
    then: Facts
    advice: Mapping[str, Row]
    verdicts_before: Mapping[str, str]


def weeks(
    q: Question, groups: Mapping[str, Collection[str]], as_of: date | None = None
) -> list[Week]:
    """The question's week for each group {name: domains}, in their order.

    DNS is taken as known at the end of `as_of` (by default Sunday), at most a week after Sunday;
    for the week before, a week earlier.
    """
    window = q.window
    before = Window(window.first - DAYS, window.last - DAYS, window.last - DAYS)
    as_of_day = min(as_of or window.last, window.last + DAYS)
    q = replace(q, dns_as_of=datetime.combine(as_of_day, time.max))
    was = domain_states(replace(q, window=months(before), dns_as_of=q.known_at - DAYS))
    advice = [_up_to_date(q, row, as_of_day) for row in advise(q.over(months(window)))]
    then, days_before = _span(q.over(before), groups)
    now, days = _span(q, groups)
    known = Known(
        now,
        then,
        {row["domain"]: row for row in advice},
        {each.domain: decide(each, q.gates).verdict for each in was},
    )
    return [
        _week(q.within(sorted(names)), name, known, days[name], days_before[name])
        for name, names in groups.items()
    ]


def _up_to_date(q: Question, row: Row, as_of_day: date) -> Row:
    """The advice as of Sunday; if reports have been silent too long by the day of the report, the
    advice as of that day."""
    sunday, last = q.window.last, row["window"]["last_report_day"]
    is_silent = last is not None and (as_of_day - last).days >= q.gates.silent_days
    if as_of_day == sunday or not is_silent:
        return row
    q = q.about(row["domain"])
    since = Window(sunday + timedelta(days=1), as_of_day, as_of_day)
    if arrived(q.over(since))["reports"]:
        return row
    now = Window(as_of_day - timedelta(days=Window.DAYS - 1), as_of_day, as_of_day)
    found = advise(q.over(now))
    return found[0] if found else row


def months(week: Window) -> Window:
    """The window of the advice: a monthly sender may not be in a single week."""
    return Window(week.last - timedelta(days=Window.DAYS - 1), week.last, week.last)


def _span(q: Question, groups: Mapping[str, Collection[str]]) -> tuple[Facts, dict[str, list[Row]]]:
    """Facts of all domains and the days of each group, so that sources are classified once."""
    facts = gather(q, explained=None)
    days = {name: totals.days(q.within(sorted(names))) for name, names in groups.items()}
    return facts, days


def _week(
    q: Question, group: str, known: Known, days: Sequence[Row], days_before: Sequence[Row]
) -> Week:
    """The week of the question's domains."""
    names = q.domains or ()
    now, then = known.now.of(set(names)), known.then.of(set(names))
    advice = [known.advice[name] for name in names if name in known.advice]
    tls_now, tls_then = tls(q), tls(q.over(then.window))
    feeds = quiet_reporters(q, then.window)
    others = [*feeds, *tls_failures_rose(tls_now, tls_then)]
    return Week(
        group=group,
        label=label_of(now.window),
        window=now.window,
        before=then.window,
        headline=headline(names, advice),
        domains=_domains(names, now, then, known.advice),
        changes=compare(now, then, q.gates, advice, known.verdicts_before, others),
        decisions=decisions(advice),
        sources=[_source(row, now.window) for row in now.services],
        spoofing=_spoofing(now, then),
        tls=_tls(tls_now, tls_then),
        reporters=_reporters(q),
        days=[*days_before, *days],
        total=together(days),
        total_before=together(days_before),
        evidence=_evidence(q, now, then.window),
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
    """Domains with spoofing in the week, most first."""
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
    """Each policy with its failed sessions of the week before, None without a report."""
    before = {(row["domain"], row["policy_type"]): row["failed"] for row in then}
    return [row | {"failed_before": before.get((row["domain"], row["policy_type"]))} for row in now]


def _reporters(q: Question) -> list[Row]:
    """All reporters ever on these domains, most mail of the week first."""
    nothing = {"reports": 0, "days": 0, "messages": 0, "unverified": 0}
    week = {row["reporter"]: row for row in reporter_mail(q)}
    rows = [
        {key: row[key] for key in ("reporter", "recent_days", "delay_hours", "first_day")}
        | {key: row[key] for key in ("last_day", "is_missing")}
        | {key: week.get(row["reporter"], nothing)[key] for key in nothing}
        for row in reporters(q)
    ]
    return sorted(rows, key=lambda row: (-row["messages"], -row["reports"], row["reporter"]))


def _evidence(q: Question, now: Facts, before: Window) -> Evidence:
    found, was = arrived(q), arrived(q.over(before))
    seen = [row["last_day"] for row in reporters(q)]
    return Evidence(
        reports=found["reports"],
        reporters=found["reporters"],
        days=found["days"],
        messages=sum(row["messages"] for row in now.domains),
        unverified=sum(row["unverified"] for row in now.domains),
        reports_before=was["reports"],
        last_report_day=max(seen, default=None),
    )
