"""Finds changes of a domain's published policy, as seen in reports and in DNS.

Reports are late and may be wrong: a reporter may use an old record, and anyone can mail a report. A
change counts if, within a week, more reporters changed to the new value than stayed with the old
one, and at least two did; or if the only reporter shows it on two days or is verified. A reporter
that never changed is no evidence for a change back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import Literal

from analytics.dns.history import changes
from analytics.dns.policy_discovery import Published
from analytics.query.question import Question
from analytics.query.relation import Made
from analytics.query.run import Row, ask_cached, made
from schemas.store.reader import Reader

__all__ = [
    "TAGS",
    "Difference",
    "PolicyChange",
    "differences",
    "policy_changes",
    "policy_habits",
]

TAGS = ("p", "sp", "np", "adkim", "aspf", "pct", "t")
WEEK = timedelta(days=6)  # until the slowest reporter has reported
TOGETHER = timedelta(days=2)  # tags that change within so many days changed in one record
GRACE = timedelta(days=7)  # DNS may have been asked once a week

Tags = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A change of a domain's policy, first seen on `day` (UTC) by reports or by DNS.

    `before` and `after` have all of TAGS: None where a tag is absent, or says what its absence says
    (sp as p, np as sp, relaxed alignment, pct=100, t=n), or unknown. `before` is None where the
    policy was seen for the first time. `tags` are those that changed, all where `before` is None.
    `told` are the tags known from this side: reporters may omit some. `reporters` saw it
    within a week of the first; `seen_at` is when DNS was asked (UTC, without a zone); each None for
    the other's.
    """

    domain: str
    day: date
    by: Literal["reports", "dns"]
    before: Tags | None
    after: Tags
    tags: Sequence[str]
    told: Sequence[str] = TAGS
    reporters: int | None = None
    seen_at: datetime | None = None

    def as_row(self) -> Row:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Difference:
    """Days from `since` to `until` (None: still) on which DNS and reports had different values of
    `tags`, for more than the week after which DNS may have been asked again."""

    domain: str
    since: date
    until: date | None
    tags: Sequence[str]
    reports: Tags
    dns: Tags

    def as_row(self) -> Row:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Run:
    reporter: str
    value: str
    first: date
    last: date
    days: int
    is_verified: bool


@dataclass(frozen=True, slots=True)
class _Turn:
    """A tag's new value, or the first one."""

    day: date
    tag: str
    value: str
    reporters: int
    is_first: bool = False


def policy_changes(q: Question) -> list[PolicyChange]:
    """Every change up to the window's last day, by domain and day.

    DNS is taken as known at the question's `dns_as_of` (None: all). A change has the day of the
    reporter that saw it first, or of the second if the first was alone with it for days.
    """
    reader, domains, as_of = q.reader, q.domains, q.dns_as_of
    asked = {"last": q.window.last, **q.named}
    rows = ask_cached(reader, "policy/policy_seen", asked, policy_habits(q.window.last))
    found: list[PolicyChange] = []
    names = list(domains or ())
    for domain, mine in groupby(rows, key=lambda row: str(row["domain"])):
        found += _seen_by_reports(domain, list(mine))
        names += [] if domain in names else [domain]
    for domain in names:
        found += _seen_by_dns(reader, domain, as_of)
    return sorted(found, key=lambda each: (each.domain, each.day, each.by))


def policy_habits(last: date) -> Made:
    """The relation `policy_habit` (queries/policy_habits.sql): it is the same for every domain, and
    takes longer than one of them."""
    return made("policy_habit", "policy/policy_habits", {"last": last}, is_cached=True)


def _seen_by_reports(domain: str, rows: Sequence[Row]) -> Iterator[PolicyChange]:
    first_day = min(row["first_day"] for row in rows)
    turns = [
        turn
        for tag, runs in groupby(rows, key=lambda row: str(row["tag"]))
        for turn in _turns(tag, [_run(row) for row in runs])
    ]
    first = {turn.tag: turn.value or None for turn in turns if turn.is_first}
    told_tags = [tag for tag in TAGS if tag in first]
    seen = len({row["reporter"] for row in rows if row["first_day"] <= first_day + WEEK})
    state = dict.fromkeys(TAGS) | first
    yield PolicyChange(domain, first_day, "reports", None, state, TAGS, told_tags, seen)
    for group in _in_one_record([turn for turn in turns if not turn.is_first]):
        after = state | {turn.tag: turn.value or None for turn in group}
        tags = [tag for tag in TAGS if after[tag] != state[tag]]
        count = max(turn.reporters for turn in group)
        if tags:
            day = group[0].day
            yield PolicyChange(domain, day, "reports", state, after, tags, told_tags, count)
        state = after


def _run(row: Row) -> _Run:
    keys = ("reporter", "value", "first_day", "last_day", "days", "is_verified")
    return _Run(*(row[key] for key in keys))


def _turns(tag: str, runs: Sequence[_Run]) -> Iterator[_Turn]:
    """What was seen first, and each change after it; `runs` by their first day."""
    since = runs[0].first
    value = _most([run for run in runs if run.first <= since + WEEK])
    yield _Turn(since, tag, value, 0, is_first=True)
    while (turn := _next_turn(tag, runs, value, since)) is not None:
        yield turn
        value, since = turn.value, turn.day


def _most(runs: Iterable[_Run]) -> str:
    """The value of the most reporters at first; of equally many the earlier one."""
    who: dict[str, set[str]] = {}
    for run in _first_of_each(runs):
        who.setdefault(run.value, set()).add(run.reporter)
    return max(who, key=lambda value: len(who[value]))


def _first_of_each(runs: Iterable[_Run]) -> list[_Run]:
    found: dict[str, _Run] = {}
    for run in runs:
        found.setdefault(run.reporter, run)
    return list(found.values())


def _next_turn(tag: str, runs: Sequence[_Run], value: str, since: date) -> _Turn | None:
    fresh = [run for run in runs if run.first > since and run.value != value]
    tried: set[tuple[date, str]] = set()
    for run in fresh:
        if (run.first, run.value) in tried:
            continue
        tried.add((run.first, run.value))
        turned = _first_of_each(
            each
            for each in fresh
            if each.value == run.value and run.first <= each.first <= run.first + WEEK
        )
        if _is_believed(turned, _holding_on(runs, turned, value, run.first), runs):
            return _Turn(_dated(turned), tag, run.value, len(turned))
    return None


def _holding_on(runs: Sequence[_Run], turned: Sequence[_Run], value: str, day: date) -> int:
    """How many reporters showed the old value after that day, within a week, and no new one."""
    gone = {run.reporter for run in turned}
    return len(
        {
            run.reporter
            for run in runs
            if run.value == value
            and run.first <= day + WEEK
            and run.last > day
            and run.reporter not in gone
        }
    )


def _is_believed(turned: Sequence[_Run], holding_on: int, runs: Sequence[_Run]) -> bool:
    if len(turned) >= 2:
        return len(turned) > holding_on
    (one,) = turned
    went_back = any(run.reporter == one.reporter and run.first > one.first for run in runs)
    return holding_on == 0 and (one.days >= 2 or (one.is_verified and not went_back))


def _dated(turned: Sequence[_Run]) -> date:
    """The first day; of three or more the second's, where one was alone with it for days."""
    days = sorted(run.first for run in turned)
    is_alone = len(days) >= 3 and days[1] - days[0] > timedelta(days=1)
    return days[1] if is_alone else days[0]


def _in_one_record(turns: Sequence[_Turn]) -> Iterator[list[_Turn]]:
    group: list[_Turn] = []
    for turn in sorted(turns, key=lambda turn: (turn.day, TAGS.index(turn.tag))):
        is_again = any(turn.tag == each.tag for each in group)
        if group and (is_again or turn.day - group[0].day > TOGETHER):
            yield group
            group = []
        group.append(turn)
    if group:
        yield group


def _seen_by_dns(reader: Reader, domain: str, as_of: datetime | None) -> Iterator[PolicyChange]:
    """Other changes of the record than those of its policy tags are left out."""
    before: dict[str, str | None] | None = None
    for change in changes(reader, domain, as_of):
        after = _tags_of(change.after)
        if before is None or after != before:
            tags = TAGS if before is None else [tag for tag in TAGS if after[tag] != before[tag]]
            day, seen_at = change.seen_at.date(), change.seen_at
            yield PolicyChange(domain, day, "dns", before, after, tags, seen_at=seen_at)
        before = after


def _tags_of(published: Published) -> dict[str, str | None]:
    """In the form of `policy_seen`; no record is no tag at all."""
    record = published.record
    if record is None:
        return dict.fromkeys(TAGS)
    # RFC 9989 §4.10.1: of a record at a name above it is sp that applies.
    p = (record.sp or record.p) if published.is_inherited else record.p
    sp = None if published.is_inherited or record.sp == p else record.sp
    pct = None if record.pct in (None, 100) else str(record.pct)
    return {
        "p": p,
        "sp": sp,
        "np": None if record.np == (sp or p) else record.np,
        "adkim": record.adkim if record.adkim == "s" else None,
        "aspf": record.aspf if record.aspf == "s" else None,
        "pct": pct,
        "t": record.t if record.t == "y" else None,
    }


def differences(found: Sequence[PolicyChange], last: date) -> list[Difference]:
    """Periods of more than a week, up to the day `last`, in which DNS and reports differed.

    `found` are the changes of `policy_changes`, of one domain or of several.
    """
    spans: list[Difference] = []
    for domain, mine in groupby(found, key=lambda each: each.domain):
        for span in _spans(domain, list(mine)):
            goes_on = bool(spans) and _goes_on(spans[-1], span)
            spans.append(replace(span, since=spans.pop().since) if goes_on else span)
    return [each for each in spans if (each.until or last) - each.since > GRACE]


def _goes_on(before: Difference, span: Difference) -> bool:
    return (before.domain, before.until, before.tags) == (span.domain, span.since, span.tags)


def _spans(domain: str, found: Sequence[PolicyChange]) -> Iterator[Difference]:
    """From each day of a change to the next, where the two sides differ."""
    sides: dict[str, PolicyChange] = {}
    days: list[date | None] = [*sorted({each.day for each in found})]
    for day, until in pairwise([*days, None]):
        sides |= {each.by: each for each in found if each.day == day}
        if day is None or len(sides) < 2:
            continue
        reports, dns = sides["reports"], sides["dns"]
        tags = [tag for tag in reports.told if reports.after[tag] != dns.after[tag]]
        if tags:
            yield Difference(domain, day, until, tags, reports.after, dns.after)
