"""What TLS reports say, in words and frames: pure functions from rows of analytics.tls.sessions.

Numbers of a frame are floats: what a stranger made up may be larger than a machine's integer.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from analytics.query.statistics import is_enough
from dashboards.common.formatting import amount, percent, quoted, table_cell

__all__ = [
    "FAILURE_COLUMNS",
    "POLICY_COLUMNS",
    "brief",
    "cause_words",
    "failures_frame",
    "not_known",
    "of_type",
    "policies_frame",
    "policy_type_words",
    "share_words",
]

Row = dict[str, Any]

# RFC 8460 §4.4.
POLICIES = {"sts": "MTA-STS", "tlsa": "DANE", "no-policy-found": "No policy"}
MOST_NAMED = 3
LONGEST = 80  # characters of a name in a sentence

_text, _number = st.column_config.TextColumn, st.column_config.NumberColumn
_day = st.column_config.DateColumn

POLICY_COLUMNS: Row = {
    "domain": _text("Domain", width=180),
    "policy": _text("Policy", width=90, help="MTA-STS, DANE, or none that the sender found"),
    "mode": _text("Mode", width=80, help="Of the MTA-STS policy, as the latest report saw it"),
    "successful": _number("Successful", format="localized", width=95, help="Sessions"),
    "failed": _number("Failed", format="localized", width=80, help="Sessions"),
    "share": _number(
        "Failed, %", format="%.2f", width=85, help="Left out where there are too few to tell"
    ),
    "reports": _number("Reports", format="localized", width=80),
    "reporters": _number("Reporters", format="localized", width=85),
    "last_day": _day("Last report", format="D MMM YYYY", width=105, help="The day it covers, UTC"),
    "not_known": _text("Not known", width=430),
}
FAILURE_COLUMNS: Row = {
    "domain": _text("Domain", width=160),
    "policy": _text("Policy", width=80),
    "result": _text("Result", width=170, help="The reporter's word"),
    "mx": _text("MX", width=170, help="The mail server that failed"),
    "sender": _text("Sender", width=130, help="Address of the server that wanted to deliver"),
    "reporter": _text("Reporter", width=160),
    "count": _number("Sessions", format="localized", width=80),
    "first_day": _day("First day", format="D MMM YYYY", width=100, help="UTC"),
    "last_day": _day("Last day", format="D MMM YYYY", width=100, help="UTC"),
    "meaning": _text("In plain words", width=300),
    "remedy": _text("Remedy", width=560),
    "codes": _text("Reason codes", width=220),
}


def policy_type_words(policy_type: str | None) -> str:
    """Of a word nobody knows, itself: not yet text for Markdown."""
    return "Not said" if policy_type is None else POLICIES.get(policy_type, policy_type)


def of_type(rows: Iterable[Row], policy_type: str | None) -> list[Row]:
    return [row for row in rows if row["policy_type"] == policy_type]


def share_words(successful: int, failed: int) -> str:
    """1.4 % of the sessions fail, or that they are too few."""
    total = successful + failed
    if not is_enough(total):
        return f"{failed:,} failed, too few to tell"
    if not failed:
        return "none failed"
    # What does not fail is rounded down, as any rate is: so no failure is rounded away.
    return f"{failed:,} failed; {percent(successful / total)} went well"


def policies_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (domain, policy type)."""
    return pd.DataFrame([_policy(row) for row in rows], columns=list(POLICY_COLUMNS))


def _policy(row: Row) -> Row:
    total = row["successful"] + row["failed"]
    return {
        "domain": table_cell(row["domain"]),
        "policy": table_cell(policy_type_words(row["policy_type"])),
        "mode": table_cell(row["mode"]),
        "successful": float(row["successful"]),
        "failed": float(row["failed"]),
        "share": 100 * row["failed"] / total if is_enough(total) else None,
        "reports": row["reports"],
        "reporters": row["reporters"],
        "last_day": row["last_day"],
        "not_known": "; ".join(not_known(row)) or None,
    }


def not_known(row: Row) -> Iterator[str]:
    """What the sums of one policy leave open."""
    if not is_enough(row["successful"] + row["failed"]):
        yield "too few sessions to tell"
    if row["unexplained"]:
        yield f"what failed is not told of {amount(row['unexplained'], 'session')}"
    if row["overlapping"]:
        yield f"{amount(row['overlapping'], 'failure')} told beyond the sum: they may overlap"
    if row["unsaid"]:
        yield f"a count is left out {amount(row['unsaid'], 'time')}"
    if row["unverified"]:
        yield f"nothing proves who sent {row['unverified']:,} of {amount(row['reports'], 'report')}"


def failures_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per (domain, policy type, result, MX, sender, reporter)."""
    return pd.DataFrame([_failure(row) for row in rows], columns=list(FAILURE_COLUMNS))


def _failure(row: Row) -> Row:
    return {
        "domain": table_cell(row["domain"]),
        "policy": table_cell(policy_type_words(row["policy_type"])),
        "result": table_cell(row["result_type"]),
        "mx": table_cell(row["mx"]),
        "sender": table_cell(row["sender"]),
        "reporter": table_cell(row["reporter"]),
        "count": float(row["count"]),
        "first_day": row["first_day"],
        "last_day": row["last_day"],
        "meaning": table_cell(row["meaning"]),
        "remedy": table_cell(row["remedy"]),
        "codes": table_cell(row["reason_codes"] or None),
    }


def brief(text: str) -> str:
    """Any text, no longer than a line, as a Markdown code span."""
    return quoted(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def cause_words(cause: Row) -> str:
    """The facts of one cause, as Markdown in which what reports say stands quoted."""
    where = f"at {brief(cause['mx'])}" if cause["mx"] else "at a mail server that is not named"
    if cause["at"] == "your MTA-STS web host":
        where = "at the web host of the policy"
    count = amount(cause["count"], "session") if cause["count"] else "No count"
    names = ", ".join(brief(name) for name in cause["reporters"][:MOST_NAMED])
    more = len(cause["reporters"]) - MOST_NAMED
    seen = f"{names} and {more} more" if more > 0 else names
    said = f"{count} {where}, as seen by {seen}."
    codes = ", ".join(brief(code) for code in cause["reason_codes"][:MOST_NAMED])
    return f"{said} Reason code: {codes}." if codes else said
