"""What reverse DNS answered about an address."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["PtrAnswer", "PtrOutcome"]


class PtrOutcome(StrEnum):
    """How a PTR look-up ended; ingest/run/reverse_dns.py describes each."""

    FOUND = "found"
    UNCONFIRMED = "unconfirmed"
    NONE = "none"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class PtrAnswer:
    """`name` is a normalised domain, None unless found or unconfirmed; `asked_at` is UTC."""

    source_ip: str
    name: str | None
    outcome: PtrOutcome
    asked_at: datetime
