"""Reports in words and frames: pure functions from rows of reports.browse and its neighbours."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dashboards.common.formatting import table_cell
from schemas.config.sizes import size_words

__all__ = [
    "AUTHENTICITIES",
    "CODES",
    "CONFLICT_COLUMNS",
    "GENUINE_COLUMNS",
    "KINDS",
    "QUARANTINE_COLUMNS",
    "REASON_COLUMNS",
    "RECORD_COLUMNS",
    "REPORTER_COLUMNS",
    "REPORT_COLUMNS",
    "REPORT_FILE",
    "STATES",
    "conflicts_frame",
    "genuine_frame",
    "quarantine_frame",
    "reasons_frame",
    "records_frame",
    "reporters_frame",
    "reports_frame",
]

Row = dict[str, Any]
NOTHING: Mapping[str, str] = MappingProxyType({})

KINDS = {"dmarc": "DMARC", "tls": "TLS"}
STATES = {
    "counted": "counted",
    "unproven": "not counted: unproven",
    "conflict": "not counted: conflict",
    "flagged": "not counted: makes no sense",
    "failed": "not counted: proven false",
}
AUTHENTICITIES = {"verified": "verified", "unverified": "unverified", "failed": "proven false"}
CODES = {
    "not-a-report": "not a report",
    "malformed": "malformed",
    "forbidden": "forbidden content",
    "broken-container": "broken archive",
    "limit": "over a limit",
    "reader-failed": "reading failed",
    "dropped": "dropped by its owner",
}
# Of a file: as `rua reports --format csv`.
REPORT_FILE = (
    *("id", "kind", "state", "authenticity", "day", "reporter", "domains", "report_id"),
    *("begin_at", "end_at", "records", "messages", "refused_records", "repairs", "flags"),
)

_text, _number = st.column_config.TextColumn, st.column_config.NumberColumn
_day, _time = st.column_config.DateColumn, st.column_config.DatetimeColumn


def _link(label: str, width: int = 80) -> Any:
    """A number that opens its report; the URL is made of the number alone."""
    return st.column_config.LinkColumn(label, display_text=r"report=(\d+)", width=width)


def _moment(label: str, help_: str | None = None) -> Any:
    # The frames hold times without a zone, which a browser leaves as they are.
    return _time(f"{label} (UTC)", format="D MMM YYYY, HH:mm", width=155, help=help_)


REPORT_COLUMNS: Row = {
    "link": _link("Report"),
    "day": _day("Day", format="D MMM YYYY", width=100, help="The UTC day it is counted on"),
    "kind": _text("Kind", width=70),
    "reporter": _text("Reporter", width=180),
    "domains": _text("Domains", width=200),
    "records": _number("Records", format="localized", width=80),
    "messages": _number("Messages", format="localized", width=85),
    "state": _text("Counts", width=190),
    "authenticity": _text("Genuine", width=100, help="What its mail proves of its sender"),
    "notes": _text("Noted", width=300, help="What was mended, and what makes no sense"),
    "report_id": _text("Report ID", width=260, help="The reporter's own"),
}
CONFLICT_COLUMNS: Row = {
    "link": _link("Report"),
    "other": _link("Contradicts"),
    "counts": _text("Which counts", width=120),
    "day": _day("Day", format="D MMM YYYY", width=100, help="UTC"),
    "kind": _text("Kind", width=70),
    "reporter": _text("Reporter", width=180),
    "domains": _text("Domains", width=180),
    "authenticity": _text("Genuine", width=100),
    "of_authenticity": _text("The other", width=100),
    "messages": _number("Messages", format="localized", width=85),
    "of_messages": _number("The other's", format="localized", width=95),
    "report_id": _text("Report ID", width=260),
    "stored_at": _moment("Stored"),
}
QUARANTINE_COLUMNS: Row = {
    "link": _link("Document"),
    "code": _text("What is wrong", width=140),
    "reason": _text("Why", width=380),
    "place": _text("Where", width=140),
    "kind": _text("Kind", width=70),
    "size": _text("Size", width=80),
    "path": _text("File", width=330),
    "from": _text("Mail from", width=220),
    "stored_at": _moment("Stored"),
}
GENUINE_COLUMNS: Row = {
    "reporter": _text("Reporter", width=220),
    "kind": _text("Kind", width=70),
    "reports": _number("Reports", format="localized", width=85),
    "verified": _number("Verified", format="localized", width=85),
    "unverified": _number("Unverified", format="localized", width=95),
    "failed": _number("Proven false", format="localized", width=105),
    "counted": _number("Counted", format="localized", width=85),
    "last_day": _day("Last day", format="D MMM YYYY", width=105, help="UTC"),
}
REASON_COLUMNS: Row = {
    "authenticity": _text("Genuine", width=110),
    "reason": _text("What their mails say", width=620),
    "reports": _number("Reports", format="localized", width=85),
    "reporters": _number("Reporters", format="localized", width=90),
}
REPORTER_COLUMNS: Row = {
    "reporter": _text("Reporter", width=220),
    "missing": _text("State", width=110, help="Gone silent: it sent regularly, and stopped"),
    "recent_days": _number("Days of the last 35", width=130),
    "delay_hours": _number(
        "Delay, hours", format="%.1f", width=110, help="Median, from the end of the period"
    ),
    "reports": _number("Reports", format="localized", width=85),
    "first_day": _day("First day", format="D MMM YYYY", width=105, help="UTC"),
    "last_day": _day("Last day", format="D MMM YYYY", width=105, help="UTC"),
}
RECORD_COLUMNS: Row = {
    "source_ip": _text("Source", width=150),
    "messages": _number("Messages", format="localized", width=85),
    "disposition": _text("Disposition", width=90),
    "dkim": _text("DKIM aligned", width=95),
    "spf": _text("SPF aligned", width=90),
    "header_from": _text("From", width=170),
    "envelope_from": _text("Envelope from", width=170),
    "envelope_to": _text("Envelope to", width=130),
    "dkim_results": _text("DKIM results", width=300, help="Result, domain, selector"),
    "spf_results": _text("SPF results", width=230, help="Result, domain, scope"),
    "reasons": _text("Override reasons", width=200),
    "flags": _text("Makes no sense", width=160),
}


def _address(number: int | None, around: Mapping[str, str]) -> str | None:
    """Of the screen `report`, from a screen beside it, with the days and domains chosen there."""
    return None if number is None else f"report?{urlencode({'report': number, **around})}"


def reports_frame(rows: Sequence[Row], around: Mapping[str, str] = NOTHING) -> pd.DataFrame:
    """One row per report; `around` are the URL's parameters that a link takes along."""
    return pd.DataFrame([_report(row, around) for row in rows], columns=list(REPORT_COLUMNS))


def _report(row: Row, around: Mapping[str, str]) -> Row:
    noted = [*row["flags"], *row["repairs"]]
    if row["refused_records"]:
        noted.insert(0, f"{row['refused_records']:,} records could not be read")
    return {
        "link": _address(row["id"], around),
        "day": row["day"],
        "kind": KINDS[row["kind"]],
        "reporter": table_cell(row["reporter"]),
        "domains": table_cell(row["domains"]),
        "records": _float(row["records"]),
        "messages": _float(row["messages"]),
        "state": STATES[row["state"]],
        "authenticity": AUTHENTICITIES[row["authenticity"]],
        "notes": table_cell(noted) if noted else None,
        "report_id": table_cell(row["report_id"]),
    }


def conflicts_frame(rows: Sequence[Row], around: Mapping[str, str] = NOTHING) -> pd.DataFrame:
    """One row per report that contradicts another."""
    return pd.DataFrame([_conflict(row, around) for row in rows], columns=list(CONFLICT_COLUMNS))


def _conflict(row: Row, around: Mapping[str, str]) -> Row:
    counts = {None: "neither", row["id"]: "this one", row["of_id"]: "the other"}
    return {
        "link": _address(row["id"], around),
        "other": _address(row["of_id"], around),
        "counts": counts[row["counts"]],
        "day": row["day"],
        "kind": KINDS[row["kind"]],
        "reporter": table_cell(row["reporter"]),
        "domains": table_cell(row["domains"]),
        "authenticity": AUTHENTICITIES[row["authenticity"]],
        "of_authenticity": AUTHENTICITIES.get(row["of_authenticity"]),
        "messages": _float(row["messages"]),
        "of_messages": _float(row["of_messages"]),
        "report_id": table_cell(row["report_id"]),
        "stored_at": row["stored_at"],
    }


def quarantine_frame(rows: Sequence[Row], around: Mapping[str, str] = NOTHING) -> pd.DataFrame:
    """One row per document or record that could not be read."""
    return pd.DataFrame([_refused(row, around) for row in rows], columns=list(QUARANTINE_COLUMNS))


def _refused(row: Row, around: Mapping[str, str]) -> Row:
    place = None if row["ordinal"] is None else f"record {row['ordinal'] + 1:,} of the report"
    return {
        "link": _address(row["id"], around),
        "code": CODES.get(row["code"], table_cell(row["code"])),
        "reason": table_cell(row["reason"]),
        "place": place or "the whole document",
        "kind": table_cell(row["kind"]),
        "size": size_words(row["size"]),
        "path": table_cell(row["path"]),
        "from": table_cell(row["from_address"]),
        "stored_at": row["stored_at"],
    }


def genuine_frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            row | {"reporter": table_cell(row["reporter"]), "kind": KINDS[row["kind"]]}
            for row in rows
        ],
        columns=list(GENUINE_COLUMNS),
    )


def reasons_frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "authenticity": AUTHENTICITIES.get(row["authenticity"], "not said"),
                "reason": table_cell(row["reason"]),
                "reports": row["reports"],
                "reporters": row["reporters"],
            }
            for row in rows
        ],
        columns=list(REASON_COLUMNS),
    )


def reporters_frame(rows: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            row
            | {
                "reporter": table_cell(row["reporter"]),
                "missing": "gone silent" if row["is_missing"] else None,
                "delay_hours": _float(row["delay_hours"]),
            }
            for row in rows
        ],
        columns=list(REPORTER_COLUMNS),
    )


def records_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """A page of a DMARC report's records."""
    listed = ("dkim_results", "spf_results", "reasons", "flags")
    records = []
    for row in rows:
        shown = {key: table_cell(row[key] or None) for key in listed}
        kept = {
            key: table_cell(row[key]) for key in RECORD_COLUMNS if key not in (*listed, "messages")
        }
        records.append({**kept, **shown, "messages": _float(row["messages"])})
    return pd.DataFrame(records, columns=list(RECORD_COLUMNS))


def _float(number: Any) -> float | None:
    """What a stranger made up may be larger than a machine's integer."""
    return None if number is None else float(number)
