"""The identity of a report, and the hash of its content."""

import hashlib
import json
from typing import Any

from schemas.reports.aggregate import AggregateReport
from schemas.reports.tls import TlsReport

__all__ = ["content_hash", "identity_of", "identity_of_part"]

# Two ways to write the same do not differ in content: a list of one or its text (T3, T4), a number
# or its digits (T12). A policy domain that only the carrier names (T8) is no content; one that the
# report names is in policy_domain_raw.
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
    """Equal for the same report, however it arrives; the report ID counts whole, as sent."""
    if isinstance(report, AggregateReport):
        times = (report.begin_at.timestamp(), report.end_at.timestamp())
        return _digest("dmarc", report.reporter, report.policy.domain, report.report_id, *times)
    times = (report.start_at.timestamp(), report.end_at.timestamp())
    return _digest("tls", report.reporter, report.report_id, *times)


def identity_of_part(sha256: str) -> str:
    """The identity of an incomplete report, by its bytes: it must not displace the complete one."""
    return _digest("part", sha256)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def content_hash(report: AggregateReport | TlsReport) -> str:
    """Equal if two documents have the same content, whatever the order of records or the markup."""
    head = report.model_dump_json(exclude=NOT_CONTENT)
    records = report.records if isinstance(report, AggregateReport) else ()
    # A hash for each: the texts of all records would take more memory than all else.
    lines = sorted(_hash(record.model_dump_json()) for record in records)
    return hashlib.sha256(b"".join((_hash(head), *lines))).hexdigest()[:32]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
