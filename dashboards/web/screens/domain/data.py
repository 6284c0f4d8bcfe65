"""One domain: where it stands on the road to reject, what blocks, and what would happen if."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from analytics.advice.advise import advise, advise_on, existing, next_tags
from analytics.advice.domain_state import LEVELS, DomainState, domain_states
from analytics.advice.gates import before_enforcing, before_reject, rate_floor
from analytics.advice.verdict import as_rows, decide
from analytics.policy.history import differences, policy_changes, policy_habits
from analytics.policy.replay import Replayed, Tags
from analytics.policy.whatif import as_published, outcome
from analytics.query.question import Question
from analytics.query.run import Row, prepare
from analytics.query.window import Window
from analytics.reports.coverage import arrivals
from analytics.reports.freshness import feed
from analytics.reports.verified_filter import verified_where_proven
from analytics.sources.totals import arrived, days, source_rates, together
from dashboards.common.asked import advised_days, asked
from dashboards.common.verdicts import advised
from dashboards.web.session.query_cache import Chosen, answer
from schemas.config.settings import Settings
from schemas.config.thresholds import Gates
from schemas.store.reader import Reader

__all__ = ["Choices", "Domain", "Place", "choices", "domain", "habits"]

RATE, RATE_OF_SOURCE = "legitimate mail that passes", "each source that passes"  # of the gates


@dataclass(frozen=True, slots=True)
class Place:
    """Where a domain stands: levels are none, quarantine or reject; `next` is None at the goal.

    `gates` are all of those before the next level, rows of `rua advise`; `rate` and
    `rate_of_source` what two of them require.
    """

    level: str
    goal: str
    next: str | None
    gates: Sequence[Row]
    rate: float
    rate_of_source: float


@dataclass(frozen=True, slots=True)
class Domain:
    """The answers of one screen, over the chosen days but for `advice` and `place`, which go by
    `advised`. Both are None where no report has come, or the settings name other domains.

    `tags` are replayed: those asked for (`is_whatif`), else those of the next record. `replay` is a
    row of `rua whatif`; of `days`, `rates` and `total` it is the replayed mail where `is_whatif`,
    else the reported one. `policy` are rows of analytics.policy.history.
    """

    name: str
    is_ours: bool
    is_whatif: bool
    feed: Row
    arrived: Row
    arrivals: Sequence[Row]
    advised: Window
    advice: Row | None
    place: Place | None
    published: Row
    tags: Tags
    replay: Row
    days: Sequence[Row]
    total: Row
    rates: Sequence[Row]
    fates: Sequence[Row]
    policy: Sequence[Row]
    differences: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Choices:
    """The domains to choose from, as rows of `rua advise` without impact."""

    feed: Row
    advice: Sequence[Row]


def choices(chosen: Chosen) -> Choices:
    """What is shown where no domain is chosen.

    Raises StoreError (missing, locked, damaged) and ConfigError.
    """
    return answer(_choices, chosen)


def habits(chosen: Chosen) -> None:
    """What takes long of any domain's screen and is the same for all of them. Raises the same."""
    return answer(_habits, chosen.window.last)


def _habits(reader: Reader, settings: Settings, last: date) -> None:
    prepare(reader, policy_habits(last))


def _choices(reader: Reader, settings: Settings, chosen: Chosen) -> Choices:
    q = asked(reader, settings, advised_days(chosen.window))
    listed = [row for row in advised(q) if chosen.holds(row["domain"])]
    return Choices(feed(q), listed)


def domain(chosen: Chosen, policy: Tags | None) -> Domain:
    """`policy` is that of the what-if mode, None without it; `chosen` names a domain.

    Raises StoreError (missing, locked, damaged) and ConfigError.
    """
    return answer(_domain, chosen, policy)


def _domain(reader: Reader, settings: Settings, chosen: Chosen, policy: Tags | None) -> Domain:
    name, window = chosen.domain or "", chosen.window
    q = asked(reader, settings, window, (name,))
    is_ours = not settings.domains or name in settings.domains
    standing, advice = _stands(q.over(advised_days(window)), is_ours=is_ours)
    published = as_published(q)
    tags = policy or _next(standing, settings.gates, published)
    replayed = Replayed.of(q, tags, existing(standing) if standing else {})
    replay = outcome(replayed, tags)
    rows, rates = _mail(q, replayed if policy else None)
    changes = policy_changes(q)
    return Domain(
        name=name,
        is_ours=is_ours,
        is_whatif=policy is not None,
        feed=feed(q),
        arrived=arrived(q),
        arrivals=arrivals(q),
        advised=advised_days(window),
        advice=advice,
        place=_place(standing, advice, settings.gates, rates if policy else None, rows),
        published=published,
        tags=tags,
        replay=replay,
        days=rows,
        total=together(rows),
        rates=rates,
        fates=replayed.fates(replay["in_force"]),
        policy=[each.as_row() for each in changes],
        differences=[each.as_row() for each in differences(changes, window.last)],
    )


def _stands(q: Question, *, is_ours: bool) -> tuple[DomainState | None, Row | None]:
    """Where a domain stands and its advice; of one without reports only what DNS tells, and
    nothing of one that the settings leave out: anyone can mail a report about any domain."""
    if not is_ours:
        return None, None
    counted, _ = verified_where_proven(q)
    for standing in domain_states(counted):
        return standing, advise_on(counted, standing)
    return None, next(iter(advise(q)), None)


def _next(standing: DomainState | None, gates: Gates, published: Row) -> Tags:
    if standing is not None:
        return next_tags(standing, decide(standing, gates))
    return Tags(**{**published, "p": published["p"] or "none"})


def _mail(q: Question, replayed: Replayed | None) -> tuple[list[Row], list[Row]]:
    """The days and the sources' rates: replayed, where a replay was asked for."""
    if replayed is not None:
        return replayed.days(), replayed.rates()
    return days(q), source_rates(q)


def _place(
    standing: DomainState | None,
    advice: Row | None,
    gates: Gates,
    replayed: Sequence[Row] | None,
    rows: Sequence[Row],
) -> Place | None:
    """The gates are those of the advice; where it comes to none, since something else is said
    first, those before the next level."""
    if standing is None or advice is None:
        return None
    level, goal = standing.policy, standing.owner.goal
    is_there = LEVELS.index(level) >= LEVELS.index(goal)
    following = None if is_there else LEVELS[LEVELS.index(level) + 1]
    checks = advice["gates"] or _gates_before(standing, gates, following)
    is_last = level == "quarantine" and goal == "reject"
    rate = gates.rate_before_reject if is_last else gates.rate_before_quarantine
    place = Place(level, goal, following, checks, rate, gates.rate_of_source)
    return place if replayed is None else _measured_again(place, gates, rows, replayed)


def _gates_before(standing: DomainState, gates: Gates, level: str | None) -> list[Row]:
    if standing.owner.parked:
        return []
    step = {"p": level} if level else {}
    checks = before_enforcing(standing, gates, step)
    return as_rows(
        [*checks, *before_reject(standing, gates, step)] if level == "reject" else checks
    )


def _measured_again(
    place: Place, gates: Gates, rows: Sequence[Row], replayed: Sequence[Row]
) -> Place:
    """The gates of rates, over the replayed mail: other alignment modes pass other mail."""
    interval = together(rows)["interval"]
    low = interval[0] if interval else 0.0
    total = sum(row["legitimate"] for row in replayed)
    floor = rate_floor(gates, total)
    shares = [
        (row["legitimate_aligned"] / row["legitimate"], row["source"])
        for row in replayed
        if row["legitimate"] >= floor
    ]
    worst, where = min(shares, default=(1.0, "every source"))
    again = {
        RATE: (f"{low:.1%}" if interval else "nothing to measure", low >= place.rate),
        RATE_OF_SOURCE: (f"{worst:.1%}, {where}", worst >= place.rate_of_source),
    }
    measured = [
        {**gate, "measured": again[gate["name"]][0], "ok": again[gate["name"]][1]}
        if gate["name"] in again
        else gate
        for gate in place.gates
    ]
    return replace(place, gates=measured)
