"""Is a report genuine? What the mail that carried it proves, and of whom.

Anyone can mail a report about any domain (RFC 9990 §8.2). A mail proves its sender's domain by
passing aligned DMARC at our own MX, whose Authentication-Results header we trust, or by a DKIM
signature that we can verify ourselves. A report is

    verified     its mail proves the domain that the report names as its reporter's
    unverified   nothing speaks against it, and nothing proves it: a file, a missing key, no DNS
    failed       it is proven not to be what it says: DMARC failed, or the signature is wrong;
                 or no signature at all on a TLS report (RFC 8460 §3: it must be ignored)
"""

import email.message
import email.utils
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import authres

from schemas.dmarc import AggregateReport
from schemas.names import is_domain, normal_domain, organizational_domain
from schemas.tls import TlsReport

__all__ = [
    "NOBODY",
    "NO_MAIL",
    "Authenticity",
    "Judgement",
    "Proof",
    "ProofResult",
    "Trust",
    "author_domain",
    "judge",
    "prove",
    "related",
]

LONGEST_HEADER = 16 * 1024
MOST_HEADERS = 50
# What authres raises on a header that is none; nested comments exhaust its stack.
AUTHRES_FAULTS = (
    authres.core.AuthResError,
    AttributeError,
    IndexError,
    RecursionError,
    TypeError,
    ValueError,
)

CheckDkim = Callable[[bytes], "Proof"]
"""Verifies the DKIM signatures of a raw mail against DNS, or says that it cannot."""


class Authenticity(StrEnum):
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
    """What a mail proves of its sender's `domain`, by which `method`, and the words for it."""

    result: ProofResult
    domain: str | None = None
    method: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom we believe: the authserv-id of our own MX, and whether DNS may be asked."""

    authserv_id: str | None = None
    check_dkim: bool = False
    nameservers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    authenticity: Authenticity
    reason: str


NOBODY = Trust()
NO_MAIL = Proof(ProofResult.UNKNOWN, detail="it came as a file, without its mail")


def prove(
    fields: email.message.Message, raw: bytes, trust: Trust, check_dkim: CheckDkim | None
) -> Proof:
    """What the mail proves: by our MX's word where it gave one, else by DKIM where that can be."""
    said = _by_results(fields, trust.authserv_id) if trust.authserv_id else None
    if said is not None:
        return said
    if check_dkim is not None:
        return check_dkim(raw)
    return Proof(ProofResult.UNKNOWN, detail="nobody we trust checked its mail")


def _by_results(fields: email.message.Message, authserv_id: str) -> Proof | None:
    """The word of the topmost Authentication-Results header that bears our MX's name.

    RFC 8601 §5: that MX removes headers that came in with its name, and adds its own on top; so
    only the topmost one is believed.
    """
    own = next(
        (r for r in _results_headers(fields) if _same_name(r.authserv_id, authserv_id)), None
    )
    if own is None:
        return None
    author = author_domain(fields)
    results = {(each.method or "").lower(): each for each in reversed(own.results or [])}
    dmarc = results.get("dmarc")
    if dmarc is not None and dmarc.result in ("pass", "fail"):
        result = ProofResult.PASS if dmarc.result == "pass" else ProofResult.FAIL
        return Proof(result, author, "dmarc", f"{authserv_id} says dmarc={dmarc.result}")
    signed = [each for each in own.results or [] if (each.method or "").lower() == "dkim"]
    return _by_dkim_results(signed, author, authserv_id)


def _by_dkim_results(
    signed: list[authres.core.AuthenticationResult], author: str | None, authserv_id: str
) -> Proof:
    for each in signed:
        domain = normal_domain(_property(each, "d"))
        if each.result == "pass" and related(domain, author):
            return Proof(ProofResult.PASS, domain, "dkim", f"{authserv_id} says dkim=pass")
    unsigned = not signed or all(each.result == "none" for each in signed)
    result = ProofResult.UNSIGNED if unsigned else ProofResult.UNKNOWN
    said = "no signature" if unsigned else "no signature of its sender that passes"
    return Proof(result, author, "dkim", f"{authserv_id} found {said}")


def _results_headers(
    fields: email.message.Message,
) -> Iterable[authres.AuthenticationResultsHeader]:
    for value in fields.get_all("Authentication-Results", [])[:MOST_HEADERS]:
        text = " ".join(str(value)[:LONGEST_HEADER].split())
        try:
            yield authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {text}")
        except AUTHRES_FAULTS:
            continue  # another MX's dialect; ours can be read, or nothing is believed


def _same_name(found: str | None, own: str) -> bool:
    return (found or "").strip().lower() == own.strip().lower()


def _property(result: authres.core.AuthenticationResult, name: str) -> str | None:
    values = (each.value for each in result.properties if each.name == name)
    return next(values, None)


def author_domain(fields: email.message.Message) -> str | None:
    """The domain of From; none where several From lines contradict each other."""
    values = fields.get_all("From", [])
    if len(values) != 1:
        return None
    address = email.utils.parseaddr(str(values[0])[:LONGEST_HEADER])[1]
    return normal_domain(address.rpartition("@")[2]) or None


def judge(proof: Proof, report: AggregateReport | TlsReport) -> Judgement:
    """Hold what the mail proves against what the report says of its reporter."""
    if proof.result is ProofResult.FAIL:
        return Judgement(Authenticity.FAILED, proof.detail)
    if proof.result is ProofResult.UNSIGNED and isinstance(report, TlsReport):
        return Judgement(Authenticity.FAILED, f"{proof.detail}, which RFC 8460 §3 demands")
    if proof.result is not ProofResult.PASS:
        return Judgement(Authenticity.UNVERIFIED, proof.detail)
    if any(related(proof.domain, claimed) for claimed in _claimed(report)):
        return Judgement(Authenticity.VERIFIED, proof.detail)
    reason = f"{proof.detail} of {proof.domain}, which is not the reporter's domain"
    return Judgement(Authenticity.UNVERIFIED, reason)


def _claimed(report: AggregateReport | TlsReport) -> list[str]:
    """The domains that a report gives as its reporter's."""
    if isinstance(report, AggregateReport):
        name, contact = report.org_name, report.email
    else:
        name, contact = report.organization_name, report.contact_info
    address = (contact or "").rpartition("@")[2].strip(" <>\"'")
    names = (normal_domain(name), normal_domain(address))
    return [each for each in names if each and is_domain(each)]


def related(one: str | None, other: str | None) -> bool:
    """RFC 9989 §4.4, relaxed: both lie under one organizational domain."""
    if not one or not other:
        return False
    organization = organizational_domain(one)
    return organization is not None and organization == organizational_domain(other)
