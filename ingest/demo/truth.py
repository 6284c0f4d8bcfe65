"""The truth of a demo: the class of every source, the history of each domain, the totals.

Totals are over the reports in the mailbox (each document once), by the day of a report's midpoint.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ingest.demo.documents import Report
from ingest.demo.networks import host_name
from ingest.demo.organisation import AUTHSERV_ID, Domain, Policy
from ingest.demo.platforms import service
from ingest.demo.receivers import Row
from ingest.demo.traffic import Plan

__all__ = ["Ledger", "domain_truth", "report_day", "whole_truth"]


def report_day(report: Report) -> str:
    """The day of the midpoint of the report's period."""
    return datetime.fromtimestamp((report.begin + report.end) // 2, UTC).date().isoformat()


class Ledger:
    """Adds up the rows of the reports in the mailbox."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], list[tuple[str, Row]]] = defaultdict(list)
        self._days: Counter[tuple[str, str]] = Counter()
        self._sources: Counter[tuple[str, str, str]] = Counter()

    def add(self, report: Report) -> None:
        """Add one report; each document is added once."""
        day = report_day(report)
        for row in report.rows:
            self._rows[report.domain, row.source_ip].append((day, row))
            self._days[report.domain, day] += row.count
            self._sources[report.domain, day, row.service] += row.count

    def sources(self) -> list[dict[str, Any]]:
        """One entry a (domain, source_ip)."""
        return [
            {"domain": domain, "source_ip": address, **_source(rows)}
            for (domain, address), rows in sorted(self._rows.items())
        ]

    def names(self) -> dict[str, str]:
        """PTR names by address, of the addresses that have one."""
        found = {
            address: host_name(service(rows[0][1].service), address)
            for (_, address), rows in sorted(self._rows.items())
        }
        return {address: name for address, name in found.items() if name}

    def by_day(self) -> dict[str, dict[str, int]]:
        """Messages by domain and day."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for (domain, day), count in sorted(self._days.items()):
            found[domain][day] = count
        return dict(found)

    def by_source(self) -> dict[str, dict[str, dict[str, int]]]:
        """Messages by domain, day and service."""
        found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        for (domain, day, name), count in sorted(self._sources.items()):
            found[domain][day][name] = count
        return {domain: dict(days) for domain, days in found.items()}

    @property
    def messages(self) -> int:
        """All messages."""
        return sum(self._days.values())

    @property
    def records(self) -> int:
        """All records."""
        return sum(len(rows) for rows in self._rows.values())


def _source(rows: Sequence[tuple[str, Row]]) -> dict[str, Any]:
    labels = {row.label for _, row in rows}
    # An own source that broke on the way is broken, from that day on.
    label = "broken" if labels == {"own", "broken"} else ", ".join(sorted(labels))
    broken = [day for day, row in rows if row.label == "broken"]
    days = [day for day, _ in rows]
    name = rows[0][1].service
    return {
        "class": label,
        "broken_since": min(broken) if broken else None,
        "service": name,
        "source": service(name).title,
        "messages": sum(row.count for _, row in rows),
        "aligned": sum(row.count for _, row in rows if row.aligned),
        "first_day": min(days),
        "last_day": max(days),
        "story": rows[0][1].story,
    }


def domain_truth(plan: Plan, days: int) -> dict[str, dict[str, Any]]:
    """Each domain's stages within the run, and the verdict that is right at the end."""
    return {domain.name: _domain(domain, days, plan.until) for domain in plan.domains}


def _domain(domain: Domain, days: int, until: date) -> dict[str, Any]:
    first = until - timedelta(days=min(days, domain.first))
    stages: list[dict[str, Any]] = []
    for stage in domain.stages:
        since = max(first, until - timedelta(days=min(stage.since, days)))
        entry = {"since": since.isoformat(), "policy": _tags(stage.policy), "why": stage.why}
        if stages and stages[-1]["since"] == entry["since"]:
            stages.pop()  # over before the first day of the run
        stages.append(entry)
    return {
        "group": domain.group,
        "goal": domain.goal,
        "parked": domain.parked,
        "stages": stages,
        "verdict": domain.verdict,
        "reason": domain.reason,
        "target": dict(domain.target),
        "subdomains": list(domain.subdomains),
        "last_day": (until - timedelta(days=domain.last)).isoformat(),
        "unsafe": dict(domain.unsafe),
    }


def _tags(policy: Policy) -> dict[str, Any]:
    return {tag: value for tag, value in asdict(policy).items() if value is not None}


def whole_truth(
    run: Mapping[str, Any],
    domains: Mapping[str, Any],
    mails: Sequence[Mapping[str, Any]],
    ledger: Ledger,
) -> dict[str, Any]:
    """The whole of truth.json; its shape is described in the package."""
    kinds = Counter(mail["kind"] for mail in mails)
    return {
        "authserv_id": AUTHSERV_ID,
        "run": dict(run),
        "domains": dict(domains),
        "sources": ledger.sources(),
        "ptr": ledger.names(),
        "mails": list(mails),
        "totals": {
            "messages": ledger.messages,
            "records": ledger.records,
            "mails": dict(kinds),
            "by_day": ledger.by_day(),
            "by_source": ledger.by_source(),
        },
    }
