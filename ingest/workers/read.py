"""Raw mails to readings: extract, read, hash. Pure, so that any process can do it."""

import email
import email.header
import email.message
import email.policy
import email.utils
import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import accumulate

from ingest.columns.tables import Facts, Rows, Tables, joined
from ingest.model.limits import HEADER_BYTES, MESSAGE_BYTES
from ingest.model.source import Arrival
from ingest.parse import DomainHint, domain_hint, read_aggregate, read_tls
from ingest.parse.fingerprint import content_hash, identity_of, identity_of_part
from ingest.unpack.documents import Leaf, extract
from ingest.unpack.file_types import Kind, sniff
from ingest.verify.authenticity import (
    NO_MAIL,
    NOT_LOOKED_AT,
    Judgement,
    Proof,
    Trust,
    claimed_domain,
    judge,
    prove,
)
from schemas.errors import LimitExceeded, Malformed, NotAReport, Refusal
from schemas.reports.aggregate import AggregateReport
from schemas.reports.tls import TlsReport

__all__ = [
    "Batch",
    "CameWith",
    "Carrier",
    "Prover",
    "Reading",
    "Watch",
    "merged",
    "read_batch",
    "read_document",
    "unread",
    "unwatched",
]

REPORT_KINDS = ("dmarc", "tls")


@dataclass(frozen=True, slots=True)
class Reading:
    """One document and what became of it: a report (`identity` set) or a refusal (`code` set).

    `data` are its bytes, deflated where `is_packed`: some mails of a few kilobytes unpack to
    a hundred megabytes each, and many are held at a time.
    """

    sha256: str
    kind: str
    data: bytes
    path: str
    report_kind: str | None = None
    identity: str | None = None
    content_hash: str | None = None
    records: int = 0
    code: str | None = None
    reason: str | None = None
    judgement: Judgement | None = None
    is_packed: bool = False

    @property
    def is_report(self) -> bool:
        return self.identity is not None

    def content(self) -> bytes:
        """The document's bytes."""
        return zlib.decompress(self.data) if self.is_packed else self.data

    def packed(self) -> "Reading":
        """The same, small enough to be held with many others."""
        if len(self.data) < PACK_FROM or self.is_packed:
            return self
        return replace(self, data=zlib.compress(self.data, 1), is_packed=True)


@dataclass(frozen=True, slots=True)
class Carrier:
    """The mail or file that brought documents; `first` and `count` find its readings."""

    key: str
    epoch: int
    sha256: str
    is_mail: bool
    size: int
    received_at: datetime | None
    sent_at: datetime | None = None
    message_id: str | None = None
    from_address: str | None = None
    subject: str | None = None
    headers: bytes = b""
    proof: Proof = NO_MAIL
    first: int = 0
    count: int = 0
    ignored: int = 0
    holds_report: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch of arrivals holds: a carrier for each, their readings, and rows by leaf."""

    carriers: list[Carrier] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    tables: Tables = field(default_factory=dict)


PACK_FROM = 256 * 1024

Watch = Callable[[int], Refusal | None]
"""Told -1 before a mail is taken apart, then each document's place in it; may refuse it."""


def unwatched(place: int) -> Refusal | None:
    """No limits of time: for bytes that were read before."""
    return None


Prover = Callable[[email.message.Message, bytes], Proof]
"""(header fields, raw mail) -> what the mail proves of its sender."""


def unproven(fields: email.message.Message, raw: bytes) -> Proof:
    """Nobody is trusted and nothing is checked."""
    return prove(fields, raw, Trust(), None)


def read_batch(
    arrivals: Sequence[Arrival], watch: Watch = unwatched, prover: Prover = unproven
) -> Batch:
    """Every document of every arrival. Never raises Refusal: that is an outcome."""
    carriers: list[Carrier] = []
    readings: list[Reading] = []
    rows = Rows()
    for arrival in arrivals:
        leaves = _leaves(arrival, watch)
        headers = _headers(arrival)
        fields = email.message_from_bytes(headers, policy=email.policy.compat32)
        proof = _proof(arrival, fields, prover)
        first = len(readings)
        for place, leaf in enumerate(leaves):
            if not leaf.ignored:
                refusal = leaf.refusal or watch(place)
                start = _start(leaf)
                came_with = CameWith(fields, proof, refusal)
                readings.append(read_document(start, came_with, len(readings), rows).packed())
        read = readings[first:]
        carriers.append(_carrier(arrival, fields, headers, proof, leaves, first, read))
    return Batch(carriers, readings, rows.tables())


def _proof(arrival: Arrival, fields: email.message.Message, prover: Prover) -> Proof:
    """A file that is no mail proves nothing, but for one that comes out of the store again."""
    return prover(fields, arrival.raw) if arrival.is_mail or arrival.is_stored else NO_MAIL


def unread(arrival: Arrival, refusal: Refusal) -> Batch:
    """A mail or file that no reader survives: its bytes, the reason, and nothing looked at."""
    sha256 = hashlib.sha256(arrival.raw).hexdigest()
    kind = Kind.MESSAGE if arrival.is_mail else Kind.OTHER
    reading = _refused(Reading(sha256, kind, arrival.raw, ""), refusal)
    carrier = Carrier(
        key=arrival.key,
        epoch=arrival.epoch,
        sha256=sha256,
        is_mail=arrival.is_mail,
        size=len(arrival.raw),
        received_at=_naive(arrival.received_at),
        headers=_header_block(arrival.raw) if arrival.is_mail else b"",
        proof=NOT_LOOKED_AT if arrival.is_mail else NO_MAIL,
        count=1,
        holds_report=True,
    )
    return Batch([carrier], [reading])


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
        reason = LimitExceeded(size)
        return [Leaf(Kind.MESSAGE, arrival.raw, refusal=reason)]
    if arrival.is_mail:
        return extract(arrival.raw, is_mail=True)
    name = arrival.key if arrival.is_stored else arrival.key.rpartition("/")[2]
    return extract(arrival.raw, is_mail=False, name=name)


def _start(leaf: Leaf) -> Reading:
    return Reading(hashlib.sha256(leaf.data).hexdigest(), leaf.kind, leaf.data, leaf.path)


@dataclass(frozen=True, slots=True)
class CameWith:
    """What is known of a document beside its bytes: the fields of its mail, what the mail
    proves, and why it need not even be tried."""

    fields: email.message.Message
    proof: Proof
    refusal: Refusal | None = None


def read_document(start: Reading, came_with: CameWith, number: int, rows: Rows) -> Reading:
    """Read the bytes of `start`, adding a report's rows as leaf `number`."""
    if came_with.refusal is not None:
        return _refused(start, came_with.refusal)
    try:
        report, identity = _read(start, came_with)
    except Refusal as reason:
        return _refused(start, reason)
    return _add(start, report, identity, judge(came_with.proof, report), number, rows)


def _read(start: Reading, came_with: CameWith) -> tuple[AggregateReport | TlsReport, str]:
    """The report, and what it is known by: read whole, or in part if parsedmarc reads it too."""
    hint = _hint(start, came_with)
    try:
        report: AggregateReport | TlsReport
        if start.kind == Kind.XML:
            report = read_aggregate(start.data, name=start.path)
        else:
            report = read_tls(start.data, hint=hint)
        return report, identity_of(report)
    except Malformed as refusal:
        # Takes most of a second, and is rarely asked.
        from ingest.parse.parsedmarc_fallback import read_broken_aggregate, read_broken_tls

        if start.kind == Kind.XML:
            report = read_broken_aggregate(start.data, refusal, name=start.path)
        else:
            report = read_broken_tls(start.data, refusal, hint=hint)
        return report, identity_of_part(start.sha256)


def _hint(start: Reading, came_with: CameWith) -> DomainHint | None:
    if start.kind == Kind.XML:
        return None
    header, subject = (_field(came_with.fields, name) for name in ("TLS-Report-Domain", "Subject"))
    return domain_hint(header, start.path, subject)


def _add(
    start: Reading,
    report: AggregateReport | TlsReport,
    identity: str,
    judgement: Judgement,
    number: int,
    rows: Rows,
) -> Reading:
    claimed = claimed_domain(report)
    facts = Facts(identity, content_hash(report), judgement.authenticity, claimed)
    if isinstance(report, AggregateReport):
        rows.add_aggregate(number, report, facts)
    else:
        rows.add_tls(number, report, facts)
    is_dmarc = isinstance(report, AggregateReport)
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


def _carrier(
    arrival: Arrival,
    fields: email.message.Message,
    headers: bytes,
    proof: Proof,
    leaves: Sequence[Leaf],
    first: int,
    readings: Sequence[Reading],
) -> Carrier:
    # A mail whose XML is something else's, or that was not fetched whole, is not ours to move.
    ours = arrival.too_large is None and any(r.code != NotAReport.code for r in readings)
    return Carrier(
        key=arrival.key,
        epoch=arrival.epoch,
        sha256=hashlib.sha256(arrival.raw).hexdigest(),
        is_mail=arrival.is_mail,
        size=arrival.too_large or len(arrival.raw),
        received_at=_naive(arrival.received_at),
        sent_at=_date_of(fields),
        message_id=_field(fields, "Message-ID"),
        from_address=email.utils.parseaddr(_field(fields, "From") or "")[1] or None,
        subject=_field(fields, "Subject"),
        headers=headers,
        proof=proof,
        first=first,
        count=len(readings),
        ignored=sum(leaf.ignored for leaf in leaves),
        holds_report=ours,
    )


def _headers(arrival: Arrival) -> bytes:
    """Of the mail that came: a message within it is looked at under its header, not its own."""
    if arrival.is_stored:
        return arrival.headers
    return _header_block(arrival.raw) if arrival.is_mail else b""


def _header_block(raw: bytes) -> bytes:
    """The header of a mail, without its body, at most 64 KiB."""
    head = raw[:HEADER_BYTES]
    ends = [end for end in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if end >= 0]
    return head[: min(ends)] if ends else head


def _field(fields: email.message.Message, name: str) -> str | None:
    """A header's text, RFC 2047 decoded, on one line; bytes nobody declared are replaced."""
    value = fields.get(name)
    if value is None:
        return None
    try:
        text = str(email.header.make_header(email.header.decode_header(value)))
    except (ValueError, LookupError, TypeError, AssertionError):
        text = str(value)
    return " ".join(text.encode("utf-8", "replace").decode().split())[:998]  # RFC 5322 §2.1.1


def _date_of(fields: email.message.Message) -> datetime | None:
    try:
        return _naive(email.utils.parsedate_to_datetime(str(fields.get("Date"))))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _naive(moment: datetime | None) -> datetime | None:
    """UTC without a zone, as the store keeps all times."""
    if moment is None or moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None
