"""Tries documents that our readers refuse as malformed with parsedmarc; its only import.

parsedmarc decides whether such a document is a report at all. Its result does not show the report
as written: it fills in absent policy tags, results, scopes, selectors and envelope_from, cuts
report IDs, lower-cases words and drops records that it cannot read. So our own readers take the
fields from the document, which is closed where it breaks off. No value of parsedmarc's is stored,
and a record that was cut in two is refused.

Such a report may lack messages: it carries a flag and counts in no rate. The network is never
asked: parsedmarc runs offline, and a stand-in answers for every address.
"""

import json
import logging
import re
from datetime import datetime
from functools import cache
from typing import Any

import parsedmarc
from parsedmarc.config import ParserConfig

from ingest.model.limits import FALLBACK_BYTES
from ingest.parse import DomainHint, read_aggregate, read_tls
from schemas.errors import Malformed, Refusal
from schemas.reports.aggregate import AggregateReport
from schemas.reports.tls import TlsReport

__all__ = ["read_broken_aggregate", "read_broken_tls", "without_lone_surrogates"]

ROOT = re.compile(rb"<((?:[\w.-]++:)?+feedback)(?=[\s>])[^<>]*+>")
# Escapes are matched one after the other, so that an escaped backslash starts none.
JSON_ESCAPE = re.compile(
    r"\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)
TIMES = ("start-datetime", "end-datetime")


class _NoLookUps(dict[str, Any]):
    """Replaces parsedmarc's cache of addresses: it knows every address, so none is looked up."""

    def get(self, address: str, default: Any = None) -> Any:
        return {"ip_address": address}


@cache
def _offline() -> ParserConfig:
    logging.getLogger("parsedmarc").disabled = True  # it would print the text of strangers
    return ParserConfig(
        offline=True,
        always_use_local_files=True,
        normalize_timespan_threshold_hours=float("inf"),
        ip_address_cache=_NoLookUps(),
    )


def read_broken_aggregate(data: bytes, refusal: Malformed, *, name: str = "") -> AggregateReport:
    """The first report in `data`, if parsedmarc reads it; else raises `refusal`."""
    if len(data) > FALLBACK_BYTES:
        raise refusal
    try:
        parsedmarc.parse_aggregate_report_xml(data, config=_offline())
        report = read_aggregate(_first_report(data), name=name)
    except (parsedmarc.ParserError, Refusal):
        raise refusal from None
    return report.model_copy(update=_marks(report, refusal))


def _first_report(data: bytes) -> bytes:
    """The first of several reports, or an incomplete one, with a closing tag."""
    openings = list(ROOT.finditer(data))
    if not openings:
        return data
    stop = openings[1].start() if len(openings) > 1 else len(data)
    end = b"</%s>" % openings[0][1]
    whole, found, _ = data[:stop].rpartition(end)
    return (whole if found else data[:stop]) + end


def read_broken_tls(
    data: bytes, refusal: Malformed, *, hint: DomainHint | None = None
) -> TlsReport:
    """The report in `data`, if parsedmarc reads it; else raises `refusal`.

    parsedmarc does not check the times. If one is no time, the other is used for both: that gives
    the day well enough to show the report there.
    """
    if len(data) > FALLBACK_BYTES:
        raise refusal
    try:
        parsedmarc.parse_smtp_tls_report_json(data)
        document = json.loads(without_lone_surrogates(data.decode("utf-8", "replace")))
        period = document["date-range"]
        sent = {key: period[key] for key in TIMES}
        readable = next(filter(_is_time, sent.values()), None)
        period |= {key: text if _is_time(text) else readable for key, text in sent.items()}
        report = read_tls(json.dumps(document).encode(), hint=hint)
    except (parsedmarc.ParserError, Refusal):
        raise refusal from None
    raw = {"start_raw": _text(sent[TIMES[0]]), "end_raw": _text(sent[TIMES[1]])}
    return report.model_copy(update=raw | _marks(report, refusal))


def without_lone_surrogates(text: str) -> str:
    """JSON text with U+FFFD for each lone surrogate (RFC 7493 §2.1 forbids them in I-JSON)."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return JSON_ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], text)


def _is_time(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value).strip())
    except ValueError:
        return False
    return True


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip()


def _marks(report: AggregateReport | TlsReport, refusal: Malformed) -> dict[str, tuple[str, ...]]:
    return {
        "repairs": (f"read by parsedmarc: {refusal}", *report.repairs),
        "flags": (f"incomplete: {refusal}", *report.flags),
    }
