"""What the header of a mail says about the mail that carried documents."""

import email
import email.header
import email.policy
import email.utils
import hashlib
from datetime import UTC, datetime
from email.message import Message

from ingest.model.batch import Carrier
from ingest.model.limits import HEADER_BYTES
from ingest.model.proof import NO_MAIL, NOT_CHECKED, Proof
from ingest.model.source import Arrival

__all__ = ["carrier_of", "field_text", "header_block", "parse_fields", "unread_carrier"]


def header_block(arrival: Arrival) -> bytes:
    """The header of the mail, at most 64 KiB; of a stored message, that of its mail."""
    if arrival.is_stored:
        return arrival.headers
    if not arrival.is_mail:
        return b""
    head = arrival.raw[:HEADER_BYTES]
    ends = [end for end in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if end >= 0]
    return head[: min(ends)] if ends else head


def parse_fields(headers: bytes) -> Message:
    return email.message_from_bytes(headers, policy=email.policy.compat32)


def carrier_of(arrival: Arrival, headers: bytes, fields: Message, proof: Proof) -> Carrier:
    """The carrier, without what was found in it; `fields` are the parsed `headers`."""
    return Carrier(
        key=arrival.key,
        epoch=arrival.epoch,
        sha256=hashlib.sha256(arrival.raw).hexdigest(),
        is_mail=arrival.is_mail,
        size=arrival.too_large or len(arrival.raw),
        received_at=_utc(arrival.received_at),
        sent_at=_date(fields),
        message_id=field_text(fields, "Message-ID"),
        from_address=email.utils.parseaddr(field_text(fields, "From") or "")[1] or None,
        subject=field_text(fields, "Subject"),
        headers=headers,
        proof=proof,
    )


def unread_carrier(arrival: Arrival) -> Carrier:
    """The carrier of one refused document: the header is stored, and not parsed."""
    return Carrier(
        key=arrival.key,
        epoch=arrival.epoch,
        sha256=hashlib.sha256(arrival.raw).hexdigest(),
        is_mail=arrival.is_mail,
        size=len(arrival.raw),
        received_at=_utc(arrival.received_at),
        headers=header_block(arrival) if arrival.is_mail else b"",
        proof=NOT_CHECKED if arrival.is_mail else NO_MAIL,
        count=1,
        holds_report=True,
    )


def field_text(fields: Message, name: str) -> str | None:
    """A field's text on one line, RFC 2047 decoded; undeclared bytes are replaced."""
    value = fields.get(name)
    if value is None:
        return None
    try:
        text = str(email.header.make_header(email.header.decode_header(value)))
    except (ValueError, LookupError, TypeError, AssertionError):
        text = str(value)
    return " ".join(text.encode("utf-8", "replace").decode().split())[:998]  # RFC 5322 §2.1.1


def _date(fields: Message) -> datetime | None:
    try:
        return _utc(email.utils.parsedate_to_datetime(str(fields.get("Date"))))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _utc(moment: datetime | None) -> datetime | None:
    """In UTC without a zone, as the store keeps all times."""
    if moment is None or moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return None
