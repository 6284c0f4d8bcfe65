"""A week made by hand, for tests of what dashboards/weekly makes of one."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from analytics.query.window import Window
from analytics.weekly import Evidence, Week

__all__ = ["SUNDAY", "change", "counts", "day_row", "domain", "week"]

SUNDAY = date(2026, 11, 15)
CLASSES = ("own", "broken", "forwarder", "list", "spoof", "undecided")
EVIDENCE = Evidence(
    reports=30,
    reporters=4,
    days=7,
    messages=1000,
    unverified=0,
    reports_before=28,
    last_report_day=SUNDAY,
)


def counts(**numbers: Any) -> dict[str, Any]:
    """Totals: 1,000 messages, of which 900 of 1,000 legitimate ones pass."""
    return {
        "messages": 1000,
        "aligned": 900,
        "legitimate": 1000,
        "legitimate_aligned": 900,
        "interval": (0.88, 0.92),
        "enough": True,
        "spoof": 0,
        "undecided": 0,
        "indirect": 0,
    } | numbers


def domain(name: str, classes: Mapping[str, int] | None = None, **more: Any) -> dict[str, Any]:
    """A domain's row, all of its mail own."""
    row = counts(**more)
    found = dict.fromkeys(CLASSES, 0) | {"own": row["messages"]} | dict(classes or {})
    row |= {"domain": name, "reports": 30, "unverified": 0, "undecided_sources": 0}
    return row | {"classes": found, "advice": None, "before": None} | more


def day_row(day: date, **numbers: Any) -> dict[str, Any]:
    """A day's counts."""
    return counts(**numbers) | {"day": day}


def change(kind: str = "new source") -> dict[str, Any]:
    return {"kind": kind, "domain": "a.example", "text": "It is new.", "certainty": "observed"}


def week(evidence: Evidence = EVIDENCE, **more: Any) -> Week:
    """2026-W46, quiet unless `more` says otherwise."""
    parts: dict[str, Any] = {
        "group": "",
        "label": "2026-W46",
        "window": Window(date(2026, 11, 9), SUNDAY, SUNDAY),
        "before": Window(date(2026, 11, 2), date(2026, 11, 8), SUNDAY),
        "headline": "Nothing to decide.",
        "total": counts(),
        "total_before": counts(),
        "evidence": evidence,
    }
    lists = ("domains", "changes", "decisions", "sources", "spoofing", "tls", "reporters", "days")
    return Week(**({name: [] for name in lists} | parts | more))
