"""Is a report genuine? What the mail that carried it proves, and of whom.

Anyone can mail a report about any domain (RFC 9990 §8.2). A mail proves its sender's domain by
passing aligned DMARC at our own MX, whose Authentication-Results header we trust, or by a DKIM
signature that we can verify ourselves. A report is

    verified     its mail proves the domain that the report names as its reporter's
    unverified   nothing speaks against it, and nothing proves it: a file, a missing key, no DNS
    failed       our MX says that its DMARC failed; or it is a TLS report whose signature is
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

# What authres raises on a header that is none; nested comments exhaust its stack.
AUTHRES_FAULTS = (
    authres.core.AuthResError,
    AttributeError,
    IndexError,
    RecursionError,
    TypeError,
    ValueError,
)

CheckDkim = Callable[[bytes], Proof]
"""Verifies the DKIM signatures of a raw mail against DNS, or says that it cannot."""


DMARC_SAYS = {"pass": ProofResult.PASS, "fail": ProofResult.FAIL}
UNPROVEN = (ProofResult.FAIL, ProofResult.UNSIGNED)
# Reporters whose name is a domain and whose mail comes from another one of theirs.
MAILS_AS = {"outlook.com": "microsoft.com"}


def prove(
    fields: email.message.Message, raw: bytes, trust: Trust, check_dkim: CheckDkim | None
) -> Proof:
    """What the mail proves: by our MX's word where it gave one, else by DKIM where that can be."""
    if trust.given is not None:
        return trust.given
    said = _by_results(fields, trust.authserv_id) if trust.authserv_id else None
    if said is not None:
        return said
    if check_dkim is not None:
        return check_dkim(raw)
    return Proof(ProofResult.UNKNOWN, detail="nobody we trust checked its mail")


def _by_results(fields: email.message.Message, authserv_id: str) -> Proof | None:
    """The word of our MX: the Authentication-Results headers with its name, on top of the mail.

    RFC 8601 §5: that MX removes headers that came in with its name, and adds its own on top.
    Several of its filters may each have added one; what lies under another MX's is not believed.
    """
    ours = takewhile(
        lambda header: _same_name(header.authserv_id, authserv_id), _results_headers(fields)
    )
    results = [result for header in ours for result in header.results or []]
    if not results:
        return None
    author = author_domain(fields)
    dmarc = next((r for r in results if _method(r) == "dmarc" and r.result in DMARC_SAYS), None)
    if dmarc is not None:
        return _by_dmarc_result(dmarc, author, authserv_id)
    return _by_dkim_results([r for r in results if _method(r) == "dkim"], author, authserv_id)


def _by_dmarc_result(
    dmarc: authres.core.AuthenticationResult, author: str | None, authserv_id: str
) -> Proof:
    """Credit the domain that was checked, and only if it is the one that we read in From."""
    checked = normal_domain(_property(dmarc, "from")) or author
    detail = f"{authserv_id} says dmarc={dmarc.result}"
    if not related(checked, author):
        return Proof(ProofResult.UNKNOWN, author, "dmarc", f"{detail}, but of {checked}")
    return Proof(DMARC_SAYS[dmarc.result], checked, "dmarc", detail)


def _by_dkim_results(
    signed: list[authres.core.AuthenticationResult], author: str | None, authserv_id: str
) -> Proof:
    for each in signed:
        domain = normal_domain(_property(each, "d"))
        if each.result == "pass" and related(domain, author):
            return Proof(ProofResult.PASS, domain, "dkim", f"{authserv_id} says dkim=pass")
    # Only its word dkim=none says that there is no signature; silence says nothing.
    if signed and all(each.result == "none" for each in signed):
        return Proof(ProofResult.UNSIGNED, author, "dkim", f"{authserv_id} found no signature")
    detail = f"{authserv_id} found no signature of its sender that passes"
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
            continue  # another MX's dialect; ours can be read, or nothing is believed


def _same_name(found: str | None, own: str) -> bool:
    return (found or "").strip().lower() == own.strip().lower()


def _property(result: authres.core.AuthenticationResult, name: str) -> str | None:
    values = (each.value for each in result.properties if each.name == name)
    return next(values, None)


def author_domain(fields: email.message.Message) -> str | None:
    """The domain of From; none where there are several authors, or none that can be read."""
    values = fields.get_all("From", [])
    if len(values) != 1:
        return None
    addresses = email.utils.getaddresses([str(values[0])[:PROOF_CHARACTERS]])
    if len(addresses) != 1:
        return None
    return normal_domain(addresses[0][1].rpartition("@")[2]) or None


def judge(proof: Proof, report: AggregateReport | TlsReport) -> Judgement:
    """Hold what the mail proves against what the report says of its reporter."""
    if isinstance(report, TlsReport) and proof.method == "dkim" and proof.result in UNPROVEN:
        # RFC 8460 §3: without a valid signature it MUST be ignored.
        return Judgement(Authenticity.FAILED, f"{proof.detail}, which RFC 8460 §3 demands")
    if proof.result is ProofResult.FAIL and proof.method != "dkim":
        return Judgement(Authenticity.FAILED, proof.detail)
    if proof.result is not ProofResult.PASS:
        # RFC 6376 §6.1: a signature that fails is as none at all. Gateways break them, and who
        # forges simply sends none.
        return Judgement(Authenticity.UNVERIFIED, proof.detail)
    if related(proof.domain, claimed_domain(report)):
        return Judgement(Authenticity.VERIFIED, proof.detail)
    reason = f"{proof.detail} of {proof.domain}, which is not the reporter's domain"
    return Judgement(Authenticity.UNVERIFIED, reason)


def claimed_domain(report: AggregateReport | TlsReport) -> str | None:
    """The organizational domain that a report says it comes from; none if it says none.

    Where the reporter's name is a domain, only that one: anyone can write google.com there and
    an address of his own beside it.
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
