"""What reading a batch of mails gives: carriers, readings, and the rows of their reports."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import Message

import pyarrow as pa

from ingest.model.proof import NO_MAIL, Judgement, Proof
from schemas.errors import Refusal

__all__ = ["Batch", "Carrier", "Prover", "Reading", "Table", "Tables", "Watch"]

PACK_FROM = 256 * 1024  # bytes; a smaller document is held as it is

Table = pa.Table
Tables = dict[str, pa.Table]
"""Rows by table name; their first column `leaf` numbers the reading that they belong to."""

Watch = Callable[[int], Refusal | None]
"""Called with -1 before a mail is parsed, then with each document's ordinal; may refuse it."""

Prover = Callable[[Message, bytes], Proof]
"""(header fields, raw mail) -> what the mail proves about its sender."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One document and its result: a report (`identity` set) or a refusal (`code` set).

    `data` are its bytes, deflated if `is_packed`: a mail of a few kilobytes may unpack to
    100 MiB, and many readings are held in memory at a time.
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
        """The same reading, with a large document deflated."""
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
    """A carrier for each arrival, their readings, and the rows of the reports."""

    carriers: list[Carrier] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    tables: Tables = field(default_factory=dict)
