"""What a mail proves about its sender, and how genuine that makes the report it carried."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "NOT_CHECKED",
    "NO_MAIL",
    "TRUST_NOBODY",
    "Authenticity",
    "Judgement",
    "Proof",
    "ProofResult",
    "Trust",
]


class Authenticity(StrEnum):
    """How genuine a report is; ingest/verify/authenticity.py has the rules."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"


class ProofResult(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    UNSIGNED = "unsigned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a mail proves about its sender's `domain`, by which `method`; `detail` is a sentence."""

    result: ProofResult
    domain: str | None = None
    method: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """Which checks count: the authserv-id of our own MX, and whether DKIM may be checked by DNS.

    `given` is the earlier proof of a document that is read again from the store.
    """

    authserv_id: str | None = None
    check_dkim: bool = False
    nameservers: tuple[str, ...] = ()
    given: Proof | None = None
    timeout: float = 3.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """How genuine a report is, and why."""

    authenticity: Authenticity
    reason: str


TRUST_NOBODY = Trust()
NO_MAIL = Proof(ProofResult.UNKNOWN, detail="it came as a file, without its mail")
NOT_CHECKED = Proof(ProofResult.UNKNOWN, detail="its mail could not be checked")
