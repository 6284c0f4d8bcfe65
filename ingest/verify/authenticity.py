"""Decides whether a report is genuine, by what its mail proves about the sender.

Anyone can mail a report about any domain (RFC 9990 §8.2). A mail proves its sender's domain by
passing DMARC at our own MX, whose Authentication-Results header we trust, or by a DKIM
signature that we can verify ourselves. A report is

    verified     its mail proves the domain that the report gives as its reporter's
    unverified   there is no proof: a file, a missing key, no DNS, or proof of another domain
    failed       our MX says that the mail failed DMARC; or it is a TLS report whose signature is
                 wrong or missing (RFC 8460 §3: it must be ignored)
"""

import email.message
import email.utils
from collections.abc import Callable, Iterable
from itertools import takewhile

import authres

from ingest.model.limits import PROOF_CHARACTERS, PROOF_FIELDS
from ingest.model.proof import Authenticity, Judgement, Proof, ProofResult, Trust
from schemas.domain_names import is_domain, normal_domain, organizational_domain
from schemas.reports.aggregate import AggregateReport
from schemas.reports.tls import TlsReport

__all__ = [
    "author_domain",
    "claimed_domain",
    "judge",
    "prove",
    "related",
]

# What authres raises on an invalid header; nested comments exhaust its stack.
AUTHRES_FAULTS = (
    authres.core.AuthResError,
    AttributeError,
    IndexError,
    RecursionError,
    TypeError,
    ValueError,
)

CheckDkim = Callable[[bytes], Proof]
"""Verifies the DKIM signatures of a raw mail by DNS, or says why that is not possible."""


DMARC_RESULTS = {"pass": ProofResult.PASS, "fail": ProofResult.FAIL}
UNPROVEN = (ProofResult.FAIL, ProofResult.UNSIGNED)
# Reporters whose name is a domain and who mail from another domain of their own.
MAILS_AS = {"outlook.com": "microsoft.com"}


def prove(
    fields: email.message.Message, raw: bytes, trust: Trust, check_dkim: CheckDkim | None
) -> Proof:
    """What the mail proves: by the results of our own MX if there are any, else by DKIM."""
    if trust.given is not None:
        return trust.given
    proof = _by_results(fields, trust.authserv_id) if trust.authserv_id else None
    if proof is not None:
        return proof
    if check_dkim is not None:
        return check_dkim(raw)
    return Proof(ProofResult.UNKNOWN, detail="no server that we trust checked its mail")


def _by_results(fields: email.message.Message, authserv_id: str) -> Proof | None:
    """What our MX found: the Authentication-Results headers with its name, on top of the mail.

    RFC 8601 §5: that MX removes headers that came in with its name, and adds its own on top.
    Several of its filters may each have added one. Headers below that of another MX do not count.
    """
    ours = takewhile(
        lambda header: _same_name(header.authserv_id, authserv_id), _results_headers(fields)
    )
    results = [result for header in ours for result in header.results or []]
    if not results:
        return None
    author = author_domain(fields)
    dmarc = next((r for r in results if _method(r) == "dmarc" and r.result in DMARC_RESULTS), None)
    if dmarc is not None:
        return _by_dmarc_result(dmarc, author, authserv_id)
    return _by_dkim_results([r for r in results if _method(r) == "dkim"], author, authserv_id)


def _by_dmarc_result(
    dmarc: authres.core.AuthenticationResult, author: str | None, authserv_id: str
) -> Proof:
    """Proof of the domain that was checked, if it is the one that we read in From."""
    checked = normal_domain(_property(dmarc, "from")) or author
    detail = f"{authserv_id} says dmarc={dmarc.result}"
    if not related(checked, author):
        return Proof(ProofResult.UNKNOWN, author, "dmarc", f"{detail}, but for {checked}")
    return Proof(DMARC_RESULTS[dmarc.result], checked, "dmarc", detail)


def _by_dkim_results(
    signed: list[authres.core.AuthenticationResult], author: str | None, authserv_id: str
) -> Proof:
    for each in signed:
        domain = normal_domain(_property(each, "d"))
        if each.result == "pass" and related(domain, author):
            return Proof(ProofResult.PASS, domain, "dkim", f"{authserv_id} says dkim=pass")
    # Only dkim=none says that there is no signature; no result means nothing.
    if signed and all(each.result == "none" for each in signed):
        return Proof(ProofResult.UNSIGNED, author, "dkim", f"{authserv_id} found no signature")
    detail = f"{authserv_id} found no valid signature of its sender"
    return Proof(ProofResult.UNKNOWN, author, "dkim", detail)


def _method(result: authres.core.AuthenticationResult) -> str:
    return (result.method or "").lower()


def _results_headers(
    fields: email.message.Message,
) -> Iterable[authres.AuthenticationResultsHeader]:
    for value in fields.get_all("Authentication-Results", [])[:PROOF_FIELDS]:
        text = " ".join(str(value)[:PROOF_CHARACTERS].split())
        try:
            yield authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {text}")
        except AUTHRES_FAULTS:
            continue  # another MX's dialect; a header of ours that cannot be read proves nothing


def _same_name(found: str | None, own: str) -> bool:
    return (found or "").strip().lower() == own.strip().lower()


def _property(result: authres.core.AuthenticationResult, name: str) -> str | None:
    values = (each.value for each in result.properties if each.name == name)
    return next(values, None)


def author_domain(fields: email.message.Message) -> str | None:
    """The domain of From; None if there are several authors, or none that can be read."""
    values = fields.get_all("From", [])
    if len(values) != 1:
        return None
    addresses = email.utils.getaddresses([str(values[0])[:PROOF_CHARACTERS]])
    if len(addresses) != 1:
        return None
    return normal_domain(addresses[0][1].rpartition("@")[2]) or None


def judge(proof: Proof, report: AggregateReport | TlsReport) -> Judgement:
    """Compare what the mail proves with the reporter that the report names."""
    if isinstance(report, TlsReport) and proof.method == "dkim" and proof.result in UNPROVEN:
        # RFC 8460 §3: without a valid signature it MUST be ignored.
        return Judgement(Authenticity.FAILED, f"{proof.detail}; RFC 8460 §3 requires a valid one")
    if proof.result is ProofResult.FAIL and proof.method != "dkim":
        return Judgement(Authenticity.FAILED, proof.detail)
    if proof.result is not ProofResult.PASS:
        # RFC 6376 §6.1: a signature that fails counts as none. Gateways break signatures, and a
        # forger sends none.
        return Judgement(Authenticity.UNVERIFIED, proof.detail)
    if related(proof.domain, claimed_domain(report)):
        return Judgement(Authenticity.VERIFIED, proof.detail)
    reason = f"{proof.detail} for {proof.domain}, which is not the reporter's domain"
    return Judgement(Authenticity.UNVERIFIED, reason)


def claimed_domain(report: AggregateReport | TlsReport) -> str | None:
    """The organizational domain that a report names as its origin; None if it names none.

    If the reporter's name is a domain, it alone counts: anyone can write google.com there and
    an address of their own beside it.
    """
    if isinstance(report, AggregateReport):
        name, contact = normal_domain(report.org_name), report.email
    else:
        name, contact = normal_domain(report.organization_name), report.contact_info
    if name and is_domain(name):
        return organizational_domain(MAILS_AS.get(name, name))
    address = normal_domain((contact or "").rpartition("@")[2].strip(" <>\"'"))
    return organizational_domain(address) if address else None


def related(one: str | None, other: str | None) -> bool:
    """RFC 9989 §4.4, relaxed: both lie under one organizational domain."""
    if not one or not other:
        return False
    organization = organizational_domain(one)
    return organization is not None and organization == organizational_domain(other)
