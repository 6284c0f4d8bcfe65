"""The parts of the screen on one document. What it says stands quoted, in cells, or escaped."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.common.formatting import amount, quoted, table_cell
from dashboards.web.components import report_text as words
from dashboards.web.components.lists import page_of, pages, show
from dashboards.web.screens.report.data import Report
from dashboards.web.screens.report.data import original as original_bytes
from dashboards.web.screens.tls.text import policy_type_words
from dashboards.web.session.query_cache import Row
from schemas.config.sizes import size_words
from schemas.sanitize import plain

__all__ = ["LARGEST", "deliveries", "facts", "number_of", "original", "policies", "records"]

LARGEST = 2**53 - 1  # a browser's largest whole number
AT_ONCE = 1 << 20  # bytes of a document that is put on the page without being asked for
PREVIEW = 20_000  # characters
ENDINGS = {"xml": "xml", "json": "json", "gzip": "gz", "zip": "zip", "message": "eml"}
WHY_NOT = {
    "unproven": "its reporter also sends verified ones, or the settings ask for proof",
    "conflict": "another one of the same identity counts",
}

_text, _number = st.column_config.TextColumn, st.column_config.NumberColumn
POLICY_COLUMNS: Row = {
    "policy_type": _text("Policy", width=100),
    "policy_domain": _text("Domain", width=200),
    "mx_hosts": _text("MX hosts", width=250),
    "successful": _number("Successful", format="localized", width=100),
    "failed": _number("Failed", format="localized", width=80),
    "failures": _text("Failures", width=500, help="Result, MX, sessions"),
}
DELIVERY_COLUMNS: Row = {
    "source": _text("Source", width=130),
    "path": _text("File", width=330),
    "from_address": _text("Mail from", width=220),
    "subject": _text("Subject", width=320),
    "received_at": st.column_config.DatetimeColumn(
        "Received (UTC)", format="D MMM YYYY, HH:mm", width=150
    ),
    "authenticity": _text("Genuine", width=100),
    "authenticity_reason": _text("What the mail says", width=330),
    "message_id": _text("Message-ID", width=280),
    "key": _text("Where", width=280, help="Its place in the source"),
}


def number_of(text: str) -> int | None:
    """A document's number out of a URL."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 16
    return int(text) if is_number and 1 <= int(text) <= LARGEST else None


def facts(head: Row) -> None:
    """What is known of it, a line each."""
    st.markdown("\n".join(f"- {line}" for line in _facts(head)))


def _facts(head: Row) -> Iterator[str]:
    yield f"**{_state(head)}**"
    if head["reason"]:
        yield f"Why: {quoted(head['reason'])}"
    if head["kind"]:
        kind = words.KINDS[head["kind"]]
        domains = ", ".join(quoted(name) for name in head["domains"]) or "a domain not named"
        yield f"{kind} report of {quoted(head['reporter'])} on {domains}"
        yield f"Period: {_moment(head['begin_at'])} to {_moment(head['end_at'])} UTC"
        yield f"Report ID: {quoted(head['report_id'])}"
        yield f"Its sender: {words.AUTHENTICITIES[head['authenticity']]}"
    for name, key in (("Mended", "repairs"), ("Makes no sense", "flags"), ("It says", "errors")):
        if head[key]:
            yield f"{name}: {', '.join(quoted(each) for each in head[key])}"
    if head["extra_contact_info"]:
        yield f"Contact: {quoted(head['extra_contact_info'])}"
    yield f"SHA-256 of the document: {quoted(head['sha256'])}"


def _state(head: Row) -> str:
    if head["status"] == "duplicate":
        return f"The same as report {head['of_id']}: it counts once"
    if head["status"] == "refused":
        return f"In quarantine: {words.CODES.get(head['code'], 'it could not be read')}"
    if head["status"] == "opened":
        return "A container that opens by now: its contents are documents of their own"
    if head["counted"]:
        return "Counted"
    if head["status"] == "conflict":
        return f"Not counted: it contradicts report {head['of_id']}"
    if head["kind"] is None:
        return "No report"
    if head["authenticity"] == "failed":
        return "Not counted: its mail proves it false"
    return f"Not counted: {'it makes no sense' if head['flags'] else WHY_NOT['unproven']}"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}"


def original(head: Row) -> None:
    """The document as a file, and its beginning as plain text."""
    number, size = head["id"], head["size"]
    if head["code"] == "dropped":
        st.caption("Its bytes were dropped by the owner; hash, reason and mail are kept.")
        return
    name = f"report-{number}.{ENDINGS.get(head['document_kind'], 'bin')}"
    what = f"the original document ({size_words(size)})"
    if size > AT_ONCE and not st.button(f"Fetch {what}"):
        return
    data = original_bytes(number, is_large=size > AT_ONCE)
    if data is None:
        st.caption("This login sees a part of the report alone, so not its document.")
        return
    st.download_button(
        f"Save {what}",
        data,
        file_name=name,
        mime="application/octet-stream",  # a browser saves it, and never shows it
        on_click="ignore",
        help=f"Byte for byte as it came, as {name}",
    )
    if head["document_kind"] in ("xml", "json"):
        with st.expander("The document as text"):
            st.code(_preview(data), language=None, wrap_lines=True, height=400)
            if len(data) > PREVIEW:
                st.caption(f"Its first {PREVIEW:,} characters; the file has all of it.")


def _preview(data: bytes) -> str:
    """The beginning, with everything escaped that is not simply text."""
    text = data[: 4 * PREVIEW].decode("utf-8", "replace")[:PREVIEW]
    return "\n".join(plain(line.expandtabs(2)) for line in text.split("\n"))


def records(found: Report, key: str) -> None:
    """A page of a DMARC report's records, and those that could not be read."""
    st.header("Records")
    if found.records:
        total = found.records[0]["total"]
        st.caption(amount(total, "record"))
        show(words.records_frame(found.records), words.RECORD_COLUMNS, "Records")
        pages(total, key)
    else:
        st.caption("It has no records.")
    if found.refused:
        st.header("Records that could not be read")
        rows = [
            {
                "ordinal": row["ordinal"] + 1,
                "reason": table_cell(row["reason"]),
                "xml": table_cell(" ".join(row["xml"].split())),
            }
            for row in found.refused
        ]
        columns = {
            "ordinal": _number("Place", width=70),
            "reason": _text("Why", width=350),
            "xml": _text("As it came", width=600),
        }
        show(pd.DataFrame(rows), columns, "Records that could not be read")


def policies(rows: Sequence[Row]) -> None:
    """The policies of a TLS report."""
    st.header("Policies")
    if not rows:
        st.caption("It has no policies.")
        return
    shown = [_policy(row) for row in rows]
    frame = pd.DataFrame(shown, columns=list(POLICY_COLUMNS))
    show(frame, POLICY_COLUMNS, "Policies", tall=any(row["failures"] for row in rows))


def _policy(row: Row) -> Row:
    return {
        "policy_type": table_cell(policy_type_words(row["policy_type"])),
        "policy_domain": table_cell(row["policy_domain"]),
        "mx_hosts": table_cell(row["mx_hosts"] or None),
        "successful": _float(row["successful"]),
        "failed": _float(row["failed"]),
        "failures": table_cell(row["failures"] or None),
    }


def deliveries(rows: Sequence[Row], number: int) -> None:
    """The mails and files that brought it."""
    st.header("How it came")
    if not rows:
        st.caption("This login does not see the mails that brought it.")
        return
    key = f"deliveries of {number}"
    listed = [_delivery(row) for row in page_of(rows, key)]
    frame = pd.DataFrame(listed, columns=list(DELIVERY_COLUMNS))
    show(frame, DELIVERY_COLUMNS, "How it came")
    pages(len(rows), key)


def _delivery(row: Row) -> Row:
    said = {key: table_cell(row[key]) for key in DELIVERY_COLUMNS if key != "received_at"}
    genuine = words.AUTHENTICITIES.get(row["authenticity"])
    return said | {"authenticity": genuine, "received_at": row["received_at"]}


def _float(number: Any) -> float | None:
    """What a stranger made up may be larger than a machine's integer."""
    return None if number is None else float(number)
