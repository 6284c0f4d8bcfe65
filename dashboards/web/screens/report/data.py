"""The screen on one report: what is known of it, a page of its records, and its document."""

from dataclasses import dataclass

from analytics.reports.browse import head, records
from analytics.reports.documents import document_bytes
from analytics.reports.quarantine import refused_records
from dashboards.web.session.query_cache import Row, answer, look
from schemas.config.settings import Settings
from schemas.store.reader import Reader

__all__ = ["Report", "original", "report"]


@dataclass(frozen=True, slots=True)
class Report:
    """`head` as of reports.browse, a page of `records` (of DMARC), and the `refused` ones."""

    head: Row
    records: list[Row]
    refused: list[Row]


def report(number: int, most: int, skip: int = 0) -> Report | None:
    """None if there is no such document. Raises StoreError (missing, locked, damaged) and
    ConfigError."""
    found: Report | None = answer(_report, number, most, skip)
    return found


def original(number: int, *, is_large: bool = False) -> bytes | None:
    """The document, byte for byte; a large one is not kept for the next look. Raises the same."""
    if is_large:
        large: bytes | None = look(_original, number)
        return large
    found: bytes | None = answer(_original, number)
    return found


def _report(reader: Reader, told: Settings, number: int, most: int, skip: int) -> Report | None:
    found = head(reader, number)
    if found is None:
        return None
    is_dmarc = found["kind"] == "dmarc"
    rows = records(reader, found["report_of"], most=most, skip=skip) if is_dmarc else []
    return Report(found, rows, refused_records(reader, number) if is_dmarc else [])


def _original(reader: Reader, told: Settings, number: int) -> bytes | None:
    return document_bytes(reader, number)
