"""The parts of the Report screen. Text from the document is quoted, in table cells, or escaped."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import streamlit as st

from dashboards.common.formatting import amount, quoted
from dashboards.web.components import report_text as words
from dashboards.web.components.table import Columns, Pager, count, moment, number, show, text
from dashboards.web.screens.report.data import Report
from dashboards.web.screens.report.data import original as original_bytes
from dashboards.web.session.query_cache import Row
from schemas.config.sizes import size_words
from schemas.sanitize import plain

__all__ = ["deliveries", "facts", "original", "policies", "records"]

AT_ONCE = 1 << 20  # bytes of a document that goes to the page without a click
PREVIEW = 20_000  # characters
ENDINGS = {"xml": "xml", "json": "json", "gzip": "gz", "zip": "zip", "message": "eml"}
WHY_NOT = {
    "unproven": "unverified, where its reporter or the settings ask for verified ones",
    "conflict": "another report with the same identity counts",
}

POLICY_COLUMNS: Columns = {
    "policy_type": text("Policy", 100),
    "policy_domain": text("Domain", 200),
    "mx_hosts": text("MX hosts", 250),
    "successful": count("Successful", 100),
    "failed": count("Failed", 80),
    "failures": text("Failures", 500, help="Result, MX, sessions"),
}
DELIVERY_COLUMNS: Columns = {
    "source": text("Mailbox or folder", 130),
    "path": text("File", 330),
    "from_address": text("Mail from", 220),
    "subject": text("Subject", 320),
    "received_at": moment("Received"),
    "authenticity": text("Authenticity", 100),
    "authenticity_reason": text("Reason", 330),
    "message_id": text("Message-ID", 280),
    "key": text("Key", 280, help="Its place in the mailbox or folder"),
}
REFUSED_COLUMNS: Columns = {
    "ordinal": number("Position", width=80),
    "reason": text("Why", 350),
    "xml": text("As received", 600),
}


def facts(head: Row) -> None:
    """What is known of it, one line each."""
    st.markdown("\n".join(f"- {line}" for line in _facts(head)))


def _facts(head: Row) -> Iterator[str]:
    yield f"**{_state(head)}**"
    if head["reason"]:
        yield f"Why: {quoted(head['reason'])}"
    if head["kind"]:
        kind = words.KINDS[head["kind"]]
        domains = ", ".join(quoted(name) for name in head["domains"]) or "a domain it does not name"
        yield f"{kind} report from {quoted(head['reporter'])} on {domains}"
        yield f"Period: {_moment(head['begin_at'])} to {_moment(head['end_at'])} UTC"
        yield f"Report ID: {quoted(head['report_id'])}"
        yield f"Authenticity: {words.AUTHENTICITIES[head['authenticity']]}"
    for name, key in (
        ("Repaired", "repairs"),
        ("Implausible", "flags"),
        ("Errors it states", "errors"),
    ):
        if head[key]:
            yield f"{name}: {', '.join(quoted(each) for each in head[key])}"
    if head["extra_contact_info"]:
        yield f"Contact: {quoted(head['extra_contact_info'])}"
    yield f"SHA-256 of the document: {quoted(head['sha256'])}"


def _state(head: Row) -> str:
    if head["status"] == "duplicate":
        return f"Duplicate of report {head['of_id']}: it counts once"
    if head["status"] == "refused":
        return f"In quarantine: {words.CODES.get(head['code'], 'it could not be read')}"
    if head["status"] == "opened":
        return "An archive that opens now: its contents are documents of their own"
    if head["counted"]:
        return "Counted"
    if head["status"] == "conflict":
        return f"Not counted: it contradicts report {head['of_id']}"
    if head["kind"] is None:
        return "Not a report"
    if head["authenticity"] == "failed":
        return "Not counted: its mail failed verification"
    return f"Not counted: {'implausible' if head['flags'] else WHY_NOT['unproven']}"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}"


def original(head: Row) -> None:
    """The document as a file, and its beginning as plain text."""
    size = head["size"]
    if head["code"] == "dropped":
        st.caption("You dropped its bytes; the hash, reason and mail remain.")
        return
    name = f"report-{head['id']}.{ENDINGS.get(head['document_kind'], 'bin')}"
    what = f"the original document ({size_words(size)})"
    if size > AT_ONCE and not st.button(f"Fetch {what}"):
        return
    data = original_bytes(head["id"], is_large=size > AT_ONCE)
    if data is None:
        st.caption("Your login covers a part of this report, so its document is hidden.")
        return
    st.download_button(
        f"Save {what}",
        data,
        file_name=name,
        mime="application/octet-stream",  # a browser saves it, and never shows it
        on_click="ignore",
        help=f"Byte for byte, as {name}",
    )
    if head["document_kind"] in ("xml", "json"):
        with st.expander("The document as text"):
            st.code(_preview(data), language=None, wrap_lines=True, height=400)
            if len(data) > PREVIEW:
                st.caption(f"The first {PREVIEW:,} characters; the file has all.")


def _preview(data: bytes) -> str:
    """The beginning, with everything escaped that is not simply text."""
    beginning = data[: 4 * PREVIEW].decode("utf-8", "replace")[:PREVIEW]
    return "\n".join(plain(line.expandtabs(2)) for line in beginning.split("\n"))


def records(found: Report, pager: Pager) -> None:
    """A page of a DMARC report's records, and those that could not be read."""
    st.header("Records")
    if found.records:
        show(words.record_rows(found.records), words.RECORD_COLUMNS, "Records")
        total = found.records[0]["total"]
        st.caption(amount(total, "record"))
        pager.show(total, "record")
    else:
        st.caption("No records.")
    if found.refused:
        st.header("Unreadable records")
        rows = [
            row | {"ordinal": row["ordinal"] + 1, "xml": " ".join(row["xml"].split())}
            for row in found.refused
        ]
        show(rows, REFUSED_COLUMNS, "Unreadable records")


def policies(rows: Sequence[Row]) -> None:
    """The policies of a TLS report."""
    st.header("Policies")
    if not rows:
        st.caption("No policies.")
        return
    lines = 2 if any(row["failures"] for row in rows) else 1
    show([_policy(row) for row in rows], POLICY_COLUMNS, "Policies", lines=lines)


def _policy(row: Row) -> Row:
    return row | {
        "policy_type": words.policy_type_words(row["policy_type"]),
        "mx_hosts": row["mx_hosts"] or None,
        "failures": row["failures"] or None,
    }


def deliveries(rows: Sequence[Row], report: int) -> None:
    """The mails and files that brought it."""
    st.header("Deliveries")
    if not rows:
        st.caption("Your login does not cover the mails that brought it.")
        return
    pager = Pager(f"deliveries of {report}")
    show([_delivery(row) for row in pager.of(rows)], DELIVERY_COLUMNS, "Deliveries")
    pager.show(len(rows), "delivery")


def _delivery(row: Row) -> Row:
    return row | {"authenticity": words.AUTHENTICITIES.get(row["authenticity"])}
