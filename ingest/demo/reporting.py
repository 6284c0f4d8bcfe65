"""From deliveries to reports: rows by reporter and period, and when each mail arrives."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from ingest.demo.documents import Report, make_report_id, merged
from ingest.demo.habits import Reporter
from ingest.demo.organisation import Domain
from ingest.demo.receivers import Row, evaluate
from ingest.demo.reporters import reporter
from ingest.demo.traffic import Plan, keyed

__all__ = ["DAY", "arrival", "closing", "reports"]

DAY = timedelta(days=1)


def closing(day: date) -> datetime:
    """The end of a day (UTC): a mailbox seen then holds what arrived before."""
    return datetime.combine(day + DAY, time(0), UTC)


def reports(plan: Plan, domain: Domain, days: int) -> Iterator[Report]:
    """The domain's reports on the last `days` days before the end, each once; some of them are
    still under way at the end."""
    gathered: dict[tuple[str, date, int], list[tuple[date, Row]]] = defaultdict(list)
    for back in range(days, 0, -1):
        day = plan.until - back * DAY
        policy = domain.stage_on(day, plan.until).policy
        for delivery in plan.deliveries(domain, day):
            who = reporter(delivery.reporter)
            key = (delivery.stream.key, day, who.org_name, delivery.source_ip, delivery.half)
            period = _period(who, day, delivery.half)
            rows = evaluate(
                delivery,
                policy,
                who,
                partial(keyed, plan.seed, *key),
                overrides=plan.variant.overrides,
                temperror=domain.temperror(who.org_name, day, plan.until),
            )
            gathered[who.org_name, *period].extend((day, row) for row in rows)
    for (name, start, half), dated in sorted(gathered.items()):
        who = reporter(name)
        if who.period != "week" or start + 7 * DAY <= plan.until:
            yield _report(plan, domain, who, (start, half), dated)


def _period(who: Reporter, day: date, half: int) -> tuple[date, int]:
    """The first day of the period a reporter puts this day into, and which half of it."""
    if who.period == "week":
        return day - day.weekday() * DAY, 0
    return day, half if who.period == "half" else 0


def _report(
    plan: Plan,
    domain: Domain,
    who: Reporter,
    period: tuple[date, int],
    dated: list[tuple[date, Row]],
) -> Report:
    start, half = period
    # A week's report begins with its first mail, so that a new domain has no report from before.
    first = min(day for day, _ in dated) if who.period == "week" else start
    opening = int(datetime.combine(first, time(12 * half), UTC).timestamp())
    seconds = {"day": 86_400, "half": 43_200}.get(
        who.period, int((start + 7 * DAY - first).total_seconds())
    )
    # RFC 9990 §3.3: a period in which the policy changed mixes both; the last one is published.
    last = max(day for day, _ in dated)
    return Report(
        who,
        domain.name,
        make_report_id(
            who, domain.name, opening, keyed(plan.seed, "id", who.org_name, domain.name, opening)
        ),
        opening,
        opening + seconds - 1 + who.overlap,
        domain.stage_on(last, plan.until).policy,
        merged((row for _, row in dated), who.dialect),
    )


def arrival(plan: Plan, report: Report) -> tuple[datetime, random.Random]:
    """When the report's mail comes, and the generator that draws the rest of that mail."""
    who = report.reporter
    rng = keyed(plan.seed, "mail", who.org_name, report.domain, report.begin)
    delay = timedelta(seconds=round(3600 * rng.uniform(*who.delay)))
    return datetime.fromtimestamp(report.end, UTC) + delay, rng
