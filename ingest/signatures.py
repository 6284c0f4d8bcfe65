"""DKIM signatures of carrier mails, verified against DNS where it can be reached (RFC 6376).

Needed only where no MX of ours did it: see authenticity.py. A key that is not there proves
nothing, since keys rotate and old ones go; a signature that does not fit its key proves much.
"""

import email
import email.policy
import logging
from collections.abc import Sequence
from functools import partial

import dkim
import dns.exception
import dns.resolver

from ingest.authenticity import Proof, ProofResult, author_domain, related
from schemas.names import normal_domain

__all__ = ["DkimChecker"]

TIMEOUT = 3.0
MOST_SIGNATURES = 5
SILENT_AFTER = 3  # look-ups in a row that DNS did not answer
QUIET = logging.getLogger("ingest.signatures.dkim")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


class DkimChecker:
    """Verifies signatures; keys are asked for once, and DNS that is silent is not asked again."""

    def __init__(self, nameservers: Sequence[str] = (), *, timeout: float = TIMEOUT) -> None:
        self._resolver = dns.resolver.Resolver(configure=not nameservers)
        if nameservers:
            self._resolver.nameservers = list(nameservers)
        self._resolver.lifetime = timeout
        self._keys: dict[bytes, bytes | None] = {}
        self._unanswered = 0

    def __call__(self, raw: bytes) -> Proof:
        """What the mail's signatures prove. Never raises: what cannot be checked is unknown."""
        fields = email.message_from_bytes(raw, policy=email.policy.compat32)
        author = author_domain(fields)
        is_tls_report = fields.get("TLS-Report-Domain") is not None
        count = len(fields.get_all("DKIM-Signature", []))
        if count == 0:
            return Proof(ProofResult.UNSIGNED, author, "dkim", "its mail bears no DKIM signature")
        check = partial(self._verify, raw, is_tls_report, author)
        proofs = [check(index) for index in range(min(count, MOST_SIGNATURES))]
        for wanted in (ProofResult.PASS, ProofResult.FAIL):
            found = next((proof for proof in proofs if proof.result is wanted), None)
            if found is not None:
                return found
        return proofs[0]

    def _verify(self, raw: bytes, is_tls_report: bool, author: str | None, index: int) -> Proof:
        """One signature. Only one of the author's own domain can pass or fail."""
        # RFC 8460 §3: a key may be for TLS reports alone (s=tlsrpt).
        message = dkim.DKIM(raw, logger=QUIET, tlsrpt=is_tls_report)
        found: list[bytes] = []
        try:
            verified = message.verify(index, dnsfunc=partial(self._key, found))
        except (dkim.DKIMException, ValueError, KeyError, TypeError, IndexError) as error:
            detail = f"its DKIM signature cannot be read ({type(error).__name__})"
            return Proof(ProofResult.UNKNOWN, author, "dkim", detail)
        domain = normal_domain((message.domain or b"").decode("ascii", "replace"))
        if not related(domain, author):
            return Proof(ProofResult.UNKNOWN, author, "dkim", "it is signed by somebody else only")
        if verified:
            return Proof(ProofResult.PASS, domain, "dkim", f"its DKIM signature of {domain} passes")
        if not found or _is_revoked(found[0]):
            return Proof(ProofResult.UNKNOWN, author, "dkim", "its DKIM key cannot be had")
        return Proof(ProofResult.FAIL, domain, "dkim", f"its DKIM signature of {domain} is wrong")

    def _key(self, found: list[bytes], name: bytes, timeout: float = TIMEOUT) -> bytes | None:
        """The TXT record of a key; None when there is none or DNS does not answer."""
        if name not in self._keys and self._unanswered < SILENT_AFTER:
            self._keys[name] = self._ask(name.decode("ascii", "replace"))
        key = self._keys.get(name)
        if key:
            found.append(key)
        return key

    def _ask(self, name: str) -> bytes | None:
        try:
            answer = self._resolver.resolve(name, "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            self._unanswered = 0
            return None
        except (dns.exception.DNSException, OSError, ValueError):
            self._unanswered += 1
            return None
        self._unanswered = 0
        return next((b"".join(record.strings) for record in answer), None)


def _is_revoked(key: bytes) -> bool:
    """RFC 6376 §3.6.1: an empty p= says that the key is withdrawn."""
    tags = dict(
        tag.strip().partition(b"=")[::2] for tag in key.replace(b" ", b"").split(b";") if tag
    )
    return not tags.get(b"p")
