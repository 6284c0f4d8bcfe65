"""TLS reports: sessions to the domains' mail servers, and what failed (RFC 8460).

Sums are of one policy type each: the same sessions are listed under every policy of a domain that
a reporter knows, so nothing here adds them up over types. Failures told one by one are causes and
no parts of a sum: they may overlap (§4).
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
    MTA-STS policy as last seen, None where no report tells it. `unexplained`, `overlapping`: by how
    many sessions the failures told miss or exceed `failed`, report by report; `unsaid` policies
    without one of the counts. `unverified` of the `reports` count although nothing proves their
    sender. `verdict` and `reason` are None: nothing is advised yet.
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

    `result_type`, `mx` and `sender` are None where the report leaves them out; `count` is of
    sessions, `uncounted` of failures without a count; `reason_codes`, `receiving_ips` (at most five
    each), `days`, `first_day`, `last_day`; `meaning`, `at` (whose fault it likely is), `remedy`,
    `stops_mail` (whether it keeps mail away under mode enforce or DANE).
    """
    rows = ask_cached(q.reader, "tls/tls_failures", q.bounds)
    return [row | _words(row, reporters=2) for row in rows]


def tls_failure_days(q: Question, *, by: str = "result") -> list[Row]:
    """One row per (day, policy type, part) with failures: day, policy_type, part, count.

    `by` is one of PARTS; a part is None where the reports leave it out.
    """
    return ask_cached(q.reader, "tls/tls_failure_days", q.bounds | {"by": by})


def tls_domain_names(reader: Reader) -> list[str]:
    """The domains that counted TLS reports are about, in alphabetical order."""
    return [row["domain"] for row in ask_cached(reader, "tls/tls_domain_names", {})]


def tls_feed(reader: Reader, last: date) -> Row:
    """`reports` that count, of any day, and `last_day`, the newest of them up to `last`."""
    return ask_cached(reader, "tls/tls_feed", {"last": last})[0]


def by_cause(failures: Iterable[Row]) -> list[Row]:
    """Rows of `tls_failures` gathered by (domain, policy type, result, MX), most first.

    `senders` and `reporters` are lists. `remedy` knows how many reporters see it.
    """
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in failures:
        key = (row["domain"], row["policy_type"], row["result_type"], row["mx"])
        found.setdefault(key, []).append(row)
    return sorted(map(_cause, found.values()), key=lambda row: -row["count"])


def _cause(rows: Sequence[Row]) -> Row:
    """What is the same in these rows, once."""
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
