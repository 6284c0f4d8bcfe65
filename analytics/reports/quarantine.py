"""Lists documents and records that could not be read, and conflicts."""

from analytics.query.run import Row, ask, ask_cached
from schemas.store.reader import Reader

__all__ = ["codes", "held", "quarantine_page", "quarantined", "refused_records"]


def quarantined(reader: Reader) -> list[Row]:
    """One row per refused document, conflict or refused record, newest first, with its reason
    and carrier."""
    return ask(reader, "reports/quarantined", {})


def held(reader: Reader) -> Row:
    """Documents and bytes that count against the quarantine budget: {"documents", "bytes"}."""
    return ask(reader, "reports/quarantine_held", {})[0]


def refused_records(reader: Reader, number: int) -> list[Row]:
    """The records of a report that could not be read: place from 0, reason, XML."""
    return ask(reader, "reports/refused_records", {"document": number})


def quarantine_page(
    reader: Reader, code: str | None = None, *, most: int, skip: int = 0
) -> list[Row]:
    """One row per unreadable document or record of a page, newest first, of one code or of any;
    `total` is the number of all. Without conflicts."""
    return ask_cached(reader, "reports/quarantine_page", {"code": code, "most": most, "skip": skip})


def codes(reader: Reader) -> list[Row]:
    """One row per code in quarantine, conflicts left out: things, documents, bytes."""
    return ask_cached(reader, "reports/quarantine_codes", {})
