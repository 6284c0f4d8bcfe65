"""Counts TLS sessions to the domains' mail servers and their failures (RFC 8460).

Sums are always for one policy type: a reporter lists the same sessions under every policy of a
domain, so sums over types would count them twice. Failure details are causes, not parts of a sum:
they may overlap (§4).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.tls.result_types import remedy, result
from schemas.store.reader import Reader

__all__ = [
    "PARTS",
    "by_cause",
    "tls",
    "tls_days",
    "tls_domain_names",
    "tls_failure_days",
    "tls_failures",
    "tls_feed",
]

MOST_CODES = 5
PARTS = ("result", "mx", "sender", "reporter")


def tls(q: Question) -> list[Row]:
    """One row per (domain, policy type), most failed sessions first; `domains` None means all.

    `successful` and `failed` are sessions, `failures` the rows of `by_cause`, `mode` that of the
    MTA-STS policy as last seen, None if no report has it. `unexplained` and `overlapping`: sessions
    by which the failure details miss or exceed `failed`, per report; `unsaid`: policies without one
    of the counts. `unverified` are counted reports without proof of their sender. `verdict` and
    `reason` are None: there is no advice yet.
    """
    rows = ask_cached(q.reader, "tls/tls", q.bounds)
    causes: dict[tuple[Any, Any], list[Row]] = {}
    for cause in by_cause(tls_failures(q)):
        key = (cause.pop("domain"), cause.pop("policy_type"))
        causes.setdefault(key, []).append(cause)
    return [
        row
        | {"failures": causes.get((row["domain"], row["policy_type"]), [])}
        | {"verdict": None, "reason": None}
        for row in rows
    ]


def tls_days(q: Question) -> list[Row]:
    """One row per (day, policy type) with sessions: day, policy_type, reporters, successful,
    failed."""
    return ask_cached(q.reader, "tls/tls_days", q.bounds)


def tls_failures(q: Question) -> list[Row]:
    """One row per (domain, policy type, result, MX, sending server, reporter), most first.

    `result_type`, `mx` and `sender` are None if the report omits them; `count` is sessions,
    `uncounted` failures without a count; `reason_codes`, `receiving_ips` (at most five each),
    `days`, `first_day`, `last_day`; `meaning`, `at` (where the fault likely is), `remedy`,
    `stops_mail` (whether it stops mail under mode enforce or DANE).
    """
    rows = ask_cached(q.reader, "tls/tls_failures", q.bounds)
    return [row | _words(row, reporters=2) for row in rows]


def tls_failure_days(q: Question, *, by: str = "result") -> list[Row]:
    """One row per (day, policy type, part) with failures: day, policy_type, part, count.

    `by` is one of PARTS; a part is None if the reports omit it.
    """
    return ask_cached(q.reader, "tls/tls_failure_days", q.bounds | {"by": by})


def tls_domain_names(reader: Reader) -> list[str]:
    """The domains that counted TLS reports are about, in alphabetical order."""
    return [row["domain"] for row in ask_cached(reader, "tls/tls_domain_names", {})]


def tls_feed(reader: Reader, last: date) -> Row:
    """The number of counted `reports` of any day, and `last_day`, the newest up to `last`."""
    return ask_cached(reader, "tls/tls_feed", {"last": last})[0]


def by_cause(failures: Iterable[Row]) -> list[Row]:
    """Rows of `tls_failures` grouped by (domain, policy type, result, MX), most first.

    `senders` and `reporters` are lists. `remedy` depends on the number of reporters.
    """
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in failures:
        key = (row["domain"], row["policy_type"], row["result_type"], row["mx"])
        found.setdefault(key, []).append(row)
    return sorted(map(_cause, found.values()), key=lambda row: -row["count"])


def _cause(rows: Sequence[Row]) -> Row:
    """One row for a group."""
    same = ("domain", "policy_type", "result_type", "mx")
    cause = {key: rows[0][key] for key in same}
    reporters = sorted({row["reporter"] for row in rows})
    return {
        **cause,
        "count": sum(row["count"] for row in rows),
        **_words(cause, reporters=len(reporters)),
        "uncounted": sum(row["uncounted"] for row in rows),
        "senders": sorted({row["sender"] for row in rows if row["sender"] is not None}),
        "reporters": reporters,
        "first_day": min(row["first_day"] for row in rows),
        "last_day": max(row["last_day"] for row in rows),
        "reason_codes": sorted({code for row in rows for code in row["reason_codes"]})[:MOST_CODES],
    }


def _words(row: Row, *, reporters: int) -> Row:
    what = result(row["result_type"])
    todo = remedy(row["result_type"], row["domain"], row["mx"], reporters=reporters)
    return {
        "remedy": todo,
        "meaning": what.meaning,
        "at": what.at,
        "stops_mail": what.stops_mail,
    }
