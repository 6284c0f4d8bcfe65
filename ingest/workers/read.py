"""Mails to readings: unpack, parse, verify, make rows. Pure, so that any process can do it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.message import Message
from itertools import accumulate

from ingest.columns.tables import Facts, Rows, joined
from ingest.model.batch import Batch, Prover, Reading, Watch
from ingest.model.document import Kind, StoredDocument
from ingest.model.limits import MESSAGE_BYTES
from ingest.model.proof import NO_MAIL, TRUST_NOBODY, Judgement, Proof
from ingest.model.source import Arrival
from ingest.parse import DomainHint, domain_hint, read_aggregate, read_tls
from ingest.parse.fingerprint import content_hash, identity_of, identity_of_part
from ingest.unpack.documents import Leaf, extract
from ingest.unpack.file_types import sniff
from ingest.verify.authenticity import claimed_domain, judge, prove
from ingest.workers.carrier import (
    carrier_of,
    field_text,
    header_block,
    parse_fields,
    unread_carrier,
)
from schemas.errors import LimitExceeded, Malformed, NotAReport, Refusal
from schemas.reports.aggregate import AggregateReport
from schemas.reports.tls import TlsReport

__all__ = [
    "Origin",
    "merged",
    "read_batch",
    "read_document",
    "read_stored",
    "unread",
    "unread_stored",
    "unwatched",
]

Report = AggregateReport | TlsReport


def unwatched(ordinal: int) -> Refusal | None:
    """No CPU limit: for bytes that were read before."""
    return None


def unproven(fields: Message, raw: bytes) -> Proof:
    """No server is trusted and no signature is checked."""
    return prove(fields, raw, TRUST_NOBODY, None)


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known about a document beside its bytes: the header fields of its mail, what the
    mail proves, and why the document is refused unread, if it is."""

    fields: Message
    proof: Proof
    refusal: Refusal | None = None


def read_batch(
    arrivals: Sequence[Arrival], watch: Watch = unwatched, prover: Prover = unproven
) -> Batch:
    """Every document of every arrival. A Refusal is a result here and never raised."""
    batch = Batch()
    rows = Rows()
    for arrival in arrivals:
        _read_arrival(arrival, watch, prover, batch, rows)
    return replace(batch, tables=rows.tables())


def _read_arrival(arrival: Arrival, watch: Watch, prover: Prover, batch: Batch, rows: Rows) -> None:
    leaves = _leaves(arrival, watch)
    headers = header_block(arrival)
    fields = parse_fields(headers)
    # A file that is no mail proves nothing, unless it is read again from the store.
    has_mail = arrival.is_mail or arrival.is_stored
    proof = prover(fields, arrival.raw) if has_mail else NO_MAIL
    first = len(batch.readings)
    for ordinal, leaf in enumerate(leaves):
        if not leaf.ignored:
            origin = Origin(fields, proof, leaf.refusal or watch(ordinal))
            number = len(batch.readings)
            batch.readings.append(read_document(_start(leaf), origin, number, rows).packed())
    readings = batch.readings[first:]
    carrier = replace(
        carrier_of(arrival, headers, fields, proof),
        first=first,
        count=len(readings),
        ignored=sum(leaf.ignored for leaf in leaves),
        holds_report=_holds_report(arrival, readings),
    )
    batch.carriers.append(carrier)


def _holds_report(arrival: Arrival, readings: Sequence[Reading]) -> bool:
    """A mail whose XML is something else, or that was not fetched whole, is never moved."""
    return arrival.too_large is None and any(r.code != NotAReport.code for r in readings)


def unread(arrival: Arrival, refusal: Refusal) -> Batch:
    """A mail or file that kills every reading process, as one refusal; nothing in it is read."""
    sha256 = hashlib.sha256(arrival.raw).hexdigest()
    kind = Kind.MESSAGE if arrival.is_mail else Kind.OTHER
    reading = _refused(Reading(sha256, kind, arrival.raw, ""), refusal)
    return Batch([unread_carrier(arrival)], [reading])


def read_stored(documents: Sequence[StoredDocument], watch: Watch = unwatched) -> Batch:
    """Read documents again. The batch has a reading for each, in order, and no carriers."""
    rows = Rows()
    readings = []
    for number, each in enumerate(documents):
        origin = Origin(parse_fields(each.headers), each.proof, watch(0))
        start = Reading(each.sha256, each.kind, each.data, each.path)
        readings.append(read_document(start, origin, number, rows).packed())
    return Batch(readings=readings, tables=rows.tables())


def unread_stored(stored: StoredDocument, refusal: Refusal) -> Batch:
    """A stored document that kills every reading process, as one refusal."""
    start = Reading(stored.sha256, stored.kind, stored.data, stored.path)
    return Batch(readings=[_refused(start, refusal)])


def merged(batches: Sequence[Batch]) -> Batch:
    """Several batches as one, in their order."""
    whole = Batch()
    for batch in batches:
        offset = len(whole.readings)
        whole.carriers.extend(replace(c, first=c.first + offset) for c in batch.carriers)
        whole.readings.extend(batch.readings)
    offsets = [0, *accumulate(len(batch.readings) for batch in batches)]
    whole.tables.update(joined([batch.tables for batch in batches], offsets))
    return whole


def _leaves(arrival: Arrival, watch: Watch) -> list[Leaf]:
    refusal = watch(-1)
    if refusal is not None:
        kind = Kind.MESSAGE if arrival.is_mail else sniff(arrival.raw)
        return [Leaf(kind, arrival.raw, refusal=refusal)]
    if arrival.too_large is not None:
        size = f"the message has {arrival.too_large} bytes, more than {MESSAGE_BYTES}"
        return [Leaf(Kind.MESSAGE, arrival.raw, refusal=LimitExceeded(size))]
    if arrival.is_mail:
        return extract(arrival.raw, is_mail=True)
    name = arrival.key if arrival.is_stored else arrival.key.rpartition("/")[2]
    return extract(arrival.raw, is_mail=False, name=name)


def _start(leaf: Leaf) -> Reading:
    return Reading(hashlib.sha256(leaf.data).hexdigest(), leaf.kind, leaf.data, leaf.path)


def read_document(start: Reading, origin: Origin, number: int, rows: Rows) -> Reading:
    """Read the bytes of `start`, adding a report's rows as leaf `number`."""
    if origin.refusal is not None:
        return _refused(start, origin.refusal)
    try:
        report, identity = _parse(start, origin)
    except Refusal as reason:
        return _refused(start, reason)
    return _add(start, report, identity, judge(origin.proof, report), number, rows)


def _parse(start: Reading, origin: Origin) -> tuple[Report, str]:
    """The report and its identity: read whole, or the part that parsedmarc can read, too."""
    hint = _hint(start, origin)
    try:
        report: Report
        if start.kind == Kind.XML:
            report = read_aggregate(start.data, name=start.path)
        else:
            report = read_tls(start.data, hint=hint)
        return report, identity_of(report)
    except Malformed as refusal:
        # parsedmarc takes most of a second to import and is rarely needed.
        from ingest.parse.parsedmarc_fallback import read_broken_aggregate, read_broken_tls

        if start.kind == Kind.XML:
            report = read_broken_aggregate(start.data, refusal, name=start.path)
        else:
            report = read_broken_tls(start.data, refusal, hint=hint)
        return report, identity_of_part(start.sha256)


def _hint(start: Reading, origin: Origin) -> DomainHint | None:
    if start.kind == Kind.XML:
        return None
    header = field_text(origin.fields, "TLS-Report-Domain")
    return domain_hint(header, start.path, field_text(origin.fields, "Subject"))


def _add(
    start: Reading, report: Report, identity: str, judgement: Judgement, number: int, rows: Rows
) -> Reading:
    claimed = claimed_domain(report)
    facts = Facts(identity, content_hash(report), judgement.authenticity, claimed)
    is_dmarc = isinstance(report, AggregateReport)
    if isinstance(report, AggregateReport):
        rows.add_aggregate(number, report, facts)
    else:
        rows.add_tls(number, report, facts)
    return replace(
        start,
        report_kind="dmarc" if is_dmarc else "tls",
        identity=facts.identity,
        content_hash=facts.content_hash,
        records=len(report.records) if isinstance(report, AggregateReport) else 0,
        judgement=judgement,
    )


def _refused(start: Reading, refusal: Refusal) -> Reading:
    return replace(start, code=refusal.code, reason=str(refusal))
