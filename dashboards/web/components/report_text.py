"""The words and columns of reports, for the screens Reports and Report."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from dashboards.common.formatting import amount
from dashboards.web.components.table import (
    Columns,
    count,
    day,
    moment,
    number,
    report_link,
    text,
)
from dashboards.web.session.url_state import address
from schemas.config.sizes import size_words

__all__ = [
    "AUTHENTICITIES",
    "CODES",
    "CONFLICT_COLUMNS",
    "GENUINE_COLUMNS",
    "KINDS",
    "POLICY_TYPES",
    "QUARANTINE_COLUMNS",
    "REASON_COLUMNS",
    "RECORD_COLUMNS",
    "REPORTER_COLUMNS",
    "REPORT_COLUMNS",
    "REPORT_FILE",
    "STATES",
    "conflict_rows",
    "genuine_rows",
    "policy_type_words",
    "quarantine_rows",
    "reason_rows",
    "record_rows",
    "report_rows",
    "reporter_rows",
]

Row = dict[str, Any]
NOTHING: Mapping[str, str] = MappingProxyType({})

KINDS = {"dmarc": "DMARC", "tls": "TLS"}
STATES = {
    "counted": "counted",
    "unproven": "not counted: unverified",
    "conflict": "not counted: conflict",
    "flagged": "not counted: implausible",
    "failed": "not counted: failed verification",
}
AUTHENTICITIES = {"verified": "verified", "unverified": "unverified", "failed": "failed"}
CODES = {
    "not-a-report": "not a report",
    "malformed": "malformed",
    "forbidden": "forbidden content",
    "broken-container": "broken archive",
    "limit": "over a limit",
    "reader-failed": "reader failed",
    "dropped": "dropped by you",
}
POLICY_TYPES = {"sts": "MTA-STS", "tlsa": "DANE", "no-policy-found": "No policy"}  # RFC 8460 §4.4
# Columns of a file, as of `rua reports --format csv`.
REPORT_FILE = (
    *("id", "kind", "state", "authenticity", "day", "reporter", "domains", "report_id"),
    *("begin_at", "end_at", "records", "messages", "refused_records", "repairs", "flags"),
)

REPORT_COLUMNS: Columns = {
    "link": report_link("Report"),
    "day": day("Day", help="UTC day of the middle of its period"),
    "kind": text("Kind", 70),
    "reporter": text("Reporter", 180),
    "domains": text("Domains", 200),
    "records": count("Records", 80),
    "messages": count("Messages", 85),
    "state": text("Counted", 190),
    "authenticity": text("Authenticity", 100, help="Whether its mail proves its reporter"),
    "notes": text("Notes", 300, help="Repairs made, and implausible values"),
    "report_id": text("Report ID", 260, help="The reporter's own"),
}
CONFLICT_COLUMNS: Columns = {
    "link": report_link("Report"),
    "other": report_link("Contradicts"),
    "counts": text("Counted", 120),
    "day": day("Day"),
    "kind": text("Kind", 70),
    "reporter": text("Reporter", 180),
    "domains": text("Domains", 180),
    "authenticity": text("Authenticity", 100),
    "of_authenticity": text("The other", 100),
    "messages": count("Messages", 85),
    "of_messages": count("The other's", 95),
    "report_id": text("Report ID", 260),
    "stored_at": moment("Stored"),
}
QUARANTINE_COLUMNS: Columns = {
    "link": report_link("Document"),
    "code": text("What is wrong", 140),
    "reason": text("Why", 380),
    "place": text("Where", 140),
    "kind": text("Kind", 70),
    "size": text("Size", 80),
    "path": text("File", 330),
    "from": text("Mail from", 220),
    "stored_at": moment("Stored"),
}
GENUINE_COLUMNS: Columns = {
    "reporter": text("Reporter", 220),
    "kind": text("Kind", 70),
    "reports": count("Reports", 85),
    "verified": count("Verified", 85),
    "unverified": count("Unverified", 95),
    "failed": count("Failed", 80),
    "counted": count("Counted", 85),
    "last_day": day("Last day"),
}
REASON_COLUMNS: Columns = {
    "authenticity": text("Authenticity", 110),
    "reason": text("Reason", 620),
    "reports": count("Reports", 85),
    "reporters": count("Reporters", 90),
}
REPORTER_COLUMNS: Columns = {
    "reporter": text("Reporter", 220),
    "missing": text("State", 110, help="Silent: it reported regularly and stopped"),
    "recent_days": count("Days of the last 35", 130),
    "delay_hours": number(
        "Delay, hours", format="%.1f", width=110, help="Median, from the end of the period"
    ),
    "reports": count("Reports", 85),
    "first_day": day("First day"),
    "last_day": day("Last day"),
}
RECORD_COLUMNS: Columns = {
    "source_ip": text("Source", 150),
    "messages": count("Messages", 85),
    "disposition": text("Disposition", 90),
    "dkim": text("DKIM aligned", 95),
    "spf": text("SPF aligned", 90),
    "header_from": text("From", 170),
    "envelope_from": text("Envelope from", 170),
    "envelope_to": text("Envelope to", 130),
    "dkim_results": text("DKIM results", 300, help="Result, domain, selector"),
    "spf_results": text("SPF results", 230, help="Result, domain, scope"),
    "reasons": text("Override reasons", 200),
    "flags": text("Implausible", 160),
}


def policy_type_words(policy_type: str | None) -> str:
    """The policy of a TLS report; an unknown word stays as it is, and is not yet Markdown."""
    return "Not stated" if policy_type is None else POLICY_TYPES.get(policy_type, policy_type)


def _address(number: int | None, around: Mapping[str, str]) -> str | None:
    """Of the screen `report`, from a screen beside it, with the same period and domains."""
    return None if number is None else address("report", {"report": str(number), **around})


def report_rows(rows: Sequence[Row], around: Mapping[str, str] = NOTHING) -> list[Row]:
    """Reports with the keys of REPORT_COLUMNS; `around` are the parameters that a link keeps."""
    return [_report(row, around) for row in rows]


def _report(row: Row, around: Mapping[str, str]) -> Row:
    notes = [*row["flags"], *row["repairs"]]
    if row["refused_records"]:
        notes.insert(0, f"{amount(row['refused_records'], 'record')} unreadable")
    return row | {
        "link": _address(row["id"], around),
        "kind": KINDS[row["kind"]],
        "state": STATES[row["state"]],
        "authenticity": AUTHENTICITIES[row["authenticity"]],
        "notes": notes or None,
    }


def conflict_rows(rows: Sequence[Row], around: Mapping[str, str] = NOTHING) -> list[Row]:
    """Reports that contradict another one, with the keys of CONFLICT_COLUMNS."""
    return [_conflict(row, around) for row in rows]


def _conflict(row: Row, around: Mapping[str, str]) -> Row:
    counts = {None: "neither", row["id"]: "this one", row["of_id"]: "the other"}
    return row | {
        "link": _address(row["id"], around),
        "other": _address(row["of_id"], around),
        "counts": counts[row["counts"]],
        "kind": KINDS[row["kind"]],
        "authenticity": AUTHENTICITIES[row["authenticity"]],
        "of_authenticity": AUTHENTICITIES.get(row["of_authenticity"]),
    }


def quarantine_rows(rows: Sequence[Row], around: Mapping[str, str] = NOTHING) -> list[Row]:
    """Documents and records that could not be read, with the keys of QUARANTINE_COLUMNS."""
    return [_refused(row, around) for row in rows]


def _refused(row: Row, around: Mapping[str, str]) -> Row:
    place = None if row["ordinal"] is None else f"record {row['ordinal'] + 1:,} of the report"
    return row | {
        "link": _address(row["id"], around),
        "code": CODES.get(row["code"], row["code"]),
        "place": place or "the whole document",
        "size": size_words(row["size"]),
        "from": row["from_address"],
    }


def genuine_rows(rows: Sequence[Row]) -> list[Row]:
    """Reporters with the keys of GENUINE_COLUMNS."""
    return [row | {"kind": KINDS[row["kind"]]} for row in rows]


def reason_rows(rows: Sequence[Row]) -> list[Row]:
    """Why reports are verified or not, with the keys of REASON_COLUMNS."""
    return [
        row | {"authenticity": AUTHENTICITIES.get(row["authenticity"], "not stated")}
        for row in rows
    ]


def reporter_rows(rows: Sequence[Row]) -> list[Row]:
    """Reporters with the keys of REPORTER_COLUMNS."""
    return [row | {"missing": "silent" if row["is_missing"] else None} for row in rows]


def record_rows(rows: Sequence[Row]) -> list[Row]:
    """Records of a DMARC report with the keys of RECORD_COLUMNS."""
    lists = ("dkim_results", "spf_results", "reasons", "flags")
    return [row | {key: row[key] or None for key in lists} for row in rows]
