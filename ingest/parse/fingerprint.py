"""Which documents are one report, and which of them say the same."""

import hashlib
import json
from typing import Any

from schemas.reports.aggregate import AggregateReport
from schemas.reports.tls import TlsReport

__all__ = ["content_hash", "identity_of", "identity_of_part"]

# How something is written does not contradict how another says the same: a list of one or its
# text (T3, T4), a number or its digits (T12). A policy domain that the carrier named (T8) is not
# what the report says; one that it names stands raw.
NOT_CONTENT: Any = {
    "records": True,
    "repairs": True,
    "xml_namespace": True,
    "policies": {
        "__all__": {
            "policy_domain": True,
            "policy_strings_raw": True,
            "mx_hosts_raw": True,
            "successful_sessions_raw": True,
            "failed_sessions_raw": True,
            "failures": {"__all__": {"failed_sessions_raw": True}},
        }
    },
}


def identity_of(report: AggregateReport | TlsReport) -> str:
    """Equal for the same report by whatever road; the report ID counts whole, as sent."""
    if isinstance(report, AggregateReport):
        times = (report.begin_at.timestamp(), report.end_at.timestamp())
        return _digest("dmarc", report.reporter, report.policy.domain, report.report_id, *times)
    times = (report.start_at.timestamp(), report.end_at.timestamp())
    return _digest("tls", report.reporter, report.report_id, *times)


def identity_of_part(sha256: str) -> str:
    """A part of a report is known by its bytes: it must not contend with the whole for counting."""
    return _digest("part", sha256)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def content_hash(report: AggregateReport | TlsReport) -> str:
    """Equal where two documents say the same, in whatever order of records or markup."""
    head = report.model_dump_json(exclude=NOT_CONTENT)
    records = report.records if isinstance(report, AggregateReport) else ()
    # Each by its own hash: the texts of all records together would be the most that a report costs.
    lines = sorted(_hash(record.model_dump_json()) for record in records)
    return hashlib.sha256(b"".join((_hash(head), *lines))).hexdigest()[:32]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
