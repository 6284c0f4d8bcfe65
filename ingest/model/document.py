"""Documents: what kinds there are, and one as the store keeps it."""

from dataclasses import dataclass
from enum import StrEnum

from ingest.model.proof import Proof

__all__ = ["FirstDelivery", "Kind", "StoredDocument"]


class Kind(StrEnum):
    """What a leaf holds. XML and JSON are documents; gzip, zlib and zip are opened."""

    XML = "xml"
    JSON = "json"
    GZIP = "gzip"
    ZLIB = "zlib"
    ZIP = "zip"
    MESSAGE = "message"
    FEEDBACK = "feedback"  # an ARF part: a failure report (RFC 9991), ignored
    PLACEHOLDER = "placeholder"  # the literal body `unused` (D29)
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FirstDelivery:
    """The delivery that decides how a document is read: by which carrier, under which path, and
    why it was refused then ("" if it was not)."""

    document_id: int
    carrier_id: int
    path: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document of the store with its first delivery; `code` is why it was refused, or ""."""

    document_id: int
    sha256: str
    kind: str
    data: bytes
    path: str
    headers: bytes
    code: str
    reason: str
    proof: Proof
    carrier_id: int
    carrier_size: int

    @property
    def first_delivery(self) -> FirstDelivery:
        return FirstDelivery(self.document_id, self.carrier_id, self.path, self.code, self.reason)

    @property
    def is_container(self) -> bool:
        """Whether it is no document that a reader takes: it could not be opened, was not fetched
        whole, or was dropped."""
        return self.kind not in (Kind.XML, Kind.JSON) or self.code == "dropped"
