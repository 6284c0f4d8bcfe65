"""Leads from a number to its reports, and from a report to its document."""

from collections.abc import Sequence
from typing import Any

from analytics.query.question import Question
from analytics.query.run import Row, ask
from schemas.store.reader import Reader

__all__ = ["document", "document_bytes", "reports"]


def reports(
    q: Question,
    *,
    reporter: str | None = None,
    authenticity: str | None = None,
    source_ip: str | None = None,
    addresses: Sequence[tuple[str, str]] | None = None,
    most: int = 1000,
) -> list[Row]:
    """One row per report of either kind, newest first, at most `most`.

    With `source_ip` those that hold records of it; with `addresses`, (policy domain, source
    address), those that hold records of any.
    """
    bounds: dict[str, Any] = {**q.days, "most": most, "verified_only": list(q.verified_only)}
    chosen = {"domain": q.domain, "reporter": reporter, "authenticity": authenticity}
    filters = {
        "source_ip": source_ip,
        "addresses": None if addresses is None else [address for _, address in addresses],
        "of_domains": None if addresses is None else [name for name, _ in addresses],
    }
    return ask(q.reader, "reports/reports", bounds | chosen | filters)


def document(reader: Reader, number: int) -> Row | None:
    """A stored document with its report's records or policies and the mails that brought it."""
    rows = ask(reader, "reports/document", {"document": number})
    if not rows:
        return None
    row = rows[0]
    report = {"document": row["of_id"] if row["status"] == "duplicate" else number}
    row["deliveries"] = ask(reader, "reports/deliveries", {"document": number})
    row["contents"] = ask(
        reader, "reports/tls_policies" if row["kind"] == "tls" else "reports/records", report
    )
    return row


def document_bytes(reader: Reader, number: int) -> bytes | None:
    """The document as received, byte for byte."""
    rows = ask(reader, "reports/document_bytes", {"document": number})
    return bytes(rows[0]["bytes"]) if rows else None
