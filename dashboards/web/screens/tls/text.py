"""The words and columns of TLS reports: pure functions from rows of analytics.tls.sessions."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from analytics.query.statistics import is_enough
from dashboards.common.formatting import amount, percent, quoted
from dashboards.web.components.report_text import policy_type_words
from dashboards.web.components.table import Columns, count, day, number, text

__all__ = [
    "FAILURE_COLUMNS",
    "POLICY_COLUMNS",
    "brief",
    "cause_words",
    "failure_rows",
    "not_known",
    "of_type",
    "policy_rows",
    "share_words",
]

Row = dict[str, Any]

MOST_NAMED = 3
LONGEST = 80  # characters of a name in a sentence

POLICY_COLUMNS: Columns = {
    "domain": text("Domain", 180),
    "policy": text("Policy", 90, help="MTA-STS, DANE, or none that the sender found"),
    "mode": text("Mode", 80, help="Of the MTA-STS policy, as the latest report saw it"),
    "successful": count("Successful", 95, help="Sessions"),
    "failed": count("Failed", 80, help="Sessions"),
    "share": number("Failed, %", format="%.2f", width=85, help="Empty with too few sessions"),
    "reports": count("Reports", 80),
    "reporters": count("Reporters", 85),
    "last_day": day("Last report", 105, help="The day it covers, UTC"),
    "not_known": text("Not known", 430),
}
FAILURE_COLUMNS: Columns = {
    "domain": text("Domain", 160),
    "policy": text("Policy", 80),
    "result_type": text("Result", 170, help="As the reporter states it"),
    "mx": text("MX", 170, help="The mail server that failed"),
    "sender": text("Sender", 130, help="Address of the sending server"),
    "reporter": text("Reporter", 160),
    "count": count("Sessions", 80),
    "first_day": day("First day"),
    "last_day": day("Last day"),
    "meaning": text("Meaning", 300),
    "remedy": text("Remedy", 560),
    "reason_codes": text("Reason codes", 220),
}


def of_type(rows: Iterable[Row], policy_type: str | None) -> list[Row]:
    return [row for row in rows if row["policy_type"] == policy_type]


def share_words(successful: int, failed: int) -> str:
    """3 failed; 98.6 % succeeded, or that there are too few sessions."""
    total = successful + failed
    if not is_enough(total):
        return f"{failed:,} failed, too few for a rate"
    if not failed:
        return "none failed"
    # `percent` gives 100 % only where nothing fails, so no failure is rounded away.
    return f"{failed:,} failed; {percent(successful / total)} succeeded"


def policy_rows(rows: Sequence[Row]) -> list[Row]:
    """One row per (domain, policy type), with the keys of POLICY_COLUMNS."""
    return [_policy(row) for row in rows]


def _policy(row: Row) -> Row:
    total = row["successful"] + row["failed"]
    return row | {
        "policy": policy_type_words(row["policy_type"]),
        "share": 100 * row["failed"] / total if is_enough(total) else None,
        "not_known": "; ".join(not_known(row)) or None,
    }


def not_known(row: Row) -> Iterator[str]:
    """What the sums of one policy do not show."""
    if not is_enough(row["successful"] + row["failed"]):
        yield "too few sessions for a rate"
    if row["unexplained"]:
        yield f"{amount(row['unexplained'], 'failed session')} without a result type"
    if row["overlapping"]:
        yield f"{amount(row['overlapping'], 'failure')} beyond the sum: they may overlap"
    if row["unsaid"]:
        yield f"{amount(row['unsaid'], 'count')} missing"
    if row["unverified"]:
        yield f"{row['unverified']:,} of {amount(row['reports'], 'report')} unverified"


def failure_rows(rows: Sequence[Row]) -> list[Row]:
    """One row per (domain, policy type, result, MX, sender, reporter)."""
    return [
        row
        | {
            "policy": policy_type_words(row["policy_type"]),
            "reason_codes": row["reason_codes"] or None,
        }
        for row in rows
    ]


def brief(name: str) -> str:
    """Any text, no longer than a line, as a Markdown code span."""
    return quoted(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…")


def cause_words(cause: Row) -> str:
    """The facts of one cause, as Markdown; text from reports is quoted."""
    where = f"at {brief(cause['mx'])}" if cause["mx"] else "at an unnamed mail server"
    if cause["at"] == "your MTA-STS web host":
        where = "at the web host of the policy"
    sessions = amount(cause["count"], "session") if cause["count"] else "Sessions"
    names = ", ".join(brief(name) for name in cause["reporters"][:MOST_NAMED])
    more = len(cause["reporters"]) - MOST_NAMED
    seen = f"{names} and {more} more" if more > 0 else names
    facts = f"{sessions} {where}, seen by {seen}."
    codes = ", ".join(brief(code) for code in cause["reason_codes"][:MOST_NAMED])
    return f"{facts} Reason code: {codes}." if codes else facts
