"""Verifies DKIM signatures of carrier mails by the keys in DNS (RFC 6376).

This is needed only if no MX of ours did it: see authenticity.py. A signature counts only if it is
of the author's own organization (RFC 9989 §4.4, relaxed). The mail then

    passes       if the key in DNS fits the signature, and the whole body is signed
    fails        if the key in DNS does not fit the signature, or the body was changed
    is unknown   if there is no key (gone, withdrawn, DNS silent) or the signature is unacceptable

Limits of one reading process, on DNS and on each mail:

signatures  5         of the author's organization
header      64 KiB    a mail with a larger header is not checked
signature   4 KiB     of one header field, with 200 signed fields
key         4 KiB     of one record, 1024 to 4096 bits (RFC 8301 §3.2)
look-up     3 s       or what the settings say, at most 10
domain      5 s       for all keys of one organization; none after one look-up without an answer
silence     6 s       two look-ups, of a key and of the root; then DNS is not asked again
in all      20 s      and 0.02 s more for each mail; then only cached keys are used
"""

import base64
import email
import email.message
import email.utils
import hashlib
import logging
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import dkim
import dkim.asn1
import dkim.canonicalization
import dkim.crypto
import dkim.util

from ingest.model.limits import HEADER_BYTES
from ingest.model.proof import Proof, ProofResult
from ingest.verify.authenticity import author_domain, related
from schemas.dns import DnsError, NoAnswer, NoRecord, Resolver
from schemas.domain_names import is_domain, normal_domain, organizational_domain

__all__ = ["FAULTS", "DkimChecker"]

TIMEOUT = 3.0
ONE_DOMAIN_SECONDS = 5.0
PATIENCE_SECONDS = 20.0  # below limits.WALL_SECONDS, after which a reading process is killed
SECONDS_PER_MAIL = 0.02
MOST_SIGNATURES = 5
MOST_SIGNED_FIELDS = 200
MOST_KEYS = 10_000
SIGNATURE_BYTES = 4 * 1024
KEY_BYTES = 4 * 1024
KEY_BITS = range(1024, 4096 + 1)
LARGEST_EXPONENT = 1 << 64  # of RSA; a larger one costs more time than any real key
CLOCKS_DIFFER = 3600
CANONICAL = re.compile(rb"(?:simple|relaxed)(?:/(simple|relaxed))?")  # RFC 6376 §3.5, c=
SIGNATURE_FIELD = re.compile(rb"(?im)^dkim-signature[ \t]*:")
END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
BEST_FIRST = (ProofResult.PASS, ProofResult.FAIL, ProofResult.UNKNOWN, ProofResult.UNSIGNED)
QUIET = logging.getLogger("ingest.verify.dkim.dkim")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False

# What dkimpy raises on an invalid mail or key: its own errors, and those of its parsers.
FAULTS = (
    dkim.DKIMException,
    dkim.asn1.ASN1FormatError,
    dkim.canonicalization.InvalidCanonicalizationPolicyError,
    dkim.crypto.DigestTooLargeError,
    dkim.crypto.UnparsableKeyError,
    dkim.util.InvalidTagValueList,
    AssertionError,
    AttributeError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
)

Tags = dict[bytes, bytes]


class Unproven(Exception):
    """A signature can neither pass nor fail; the text says why."""

    def __init__(self, reason: str, result: ProofResult = ProofResult.UNKNOWN) -> None:
        super().__init__(reason)
        self.result = result


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature field; `domain` is its d=, normalised."""

    field: tuple[bytes, bytes]
    tags: Tags
    domain: str


class DkimChecker:
    """Verifies signatures; each key is asked for once, and silent DNS is not asked again."""

    def __init__(self, nameservers: Sequence[str] = (), *, timeout: float = TIMEOUT) -> None:
        self._keys = Keys(nameservers, timeout)

    def __call__(self, raw: bytes) -> Proof:
        """What the mail's signatures prove. Never raises: unknown if they cannot be checked."""
        end = END_OF_HEADER.search(raw)
        head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
        if SIGNATURE_FIELD.search(head) is None:
            fields = email.message_from_bytes(head[:HEADER_BYTES])
            text = "its mail has no DKIM signature"
            return Proof(ProofResult.UNSIGNED, author_domain(fields), "dkim", text)
        self._keys.refill()
        try:
            if len(head) > HEADER_BYTES:
                raise Unproven(f"its mail's header has more than {HEADER_BYTES} bytes")
            mail = dkim.DKIM(head + b"\r\n\r\n", logger=QUIET, tlsrpt=True)
            return self._prove(mail, Body(body))
        except Unproven as reason:
            return Proof(reason.result, None, "dkim", str(reason))
        except FAULTS as error:
            text = f"its mail's header cannot be read ({type(error).__name__})"
            return Proof(ProofResult.UNKNOWN, None, "dkim", text)

    def _prove(self, mail: dkim.DKIM, body: "Body") -> Proof:
        """The best proof of the author's own signatures; others prove nothing about the author."""
        author = _author(mail)
        if author is None:
            raise Unproven("its mail has no author, or several")
        signatures = [each for each in _signatures(mail) if related(each.domain, author)]
        if not signatures:
            raise Unproven("its mail has no readable DKIM signature of its sender")
        proofs = [self._check(mail, body, each) for each in signatures[:MOST_SIGNATURES]]
        return min(proofs, key=lambda proof: BEST_FIRST.index(proof.result))

    def _check(self, mail: dkim.DKIM, body: "Body", signature: Signature) -> Proof:
        domain, text = signature.domain, f"its DKIM signature of {signature.domain}"
        is_tls_report = any(name.lower() == b"tls-report-domain" for name, _ in mail.headers)
        try:
            _accept_signature(signature.tags, _received_at(mail), is_tls_report)
            found = self._keys.find(_key_name(signature), organizational_domain(domain) or domain)
            key = _accept_key(found, signature.tags, is_tls_report)
            if _fits(mail, body, signature, key):
                return Proof(ProofResult.PASS, domain, "dkim", f"{text} passes")
            if b"l" in signature.tags:
                raise Unproven("it does not cover the whole body (l=, RFC 6376 §8.2)")
        except Unproven as reason:
            return Proof(reason.result, domain, "dkim", f"{text} proves nothing: {reason}")
        except FAULTS as error:
            detail = f"{text} proves nothing: it cannot be read ({type(error).__name__})"
            return Proof(ProofResult.UNKNOWN, domain, "dkim", detail)
        return Proof(ProofResult.FAIL, domain, "dkim", f"{text} is wrong")


def _author(mail: dkim.DKIM) -> str | None:
    """The author as dkimpy reads the header: another reader may see another From."""
    fields = email.message.Message()
    for name, value in mail.headers:
        if name.lower() == b"from":
            fields["From"] = " ".join(value.decode("utf-8", "replace").split())
    return author_domain(fields)


def _signatures(mail: dkim.DKIM) -> list[Signature]:
    """The signatures that can be read."""
    found = []
    for name, value in mail.headers:
        # dkimpy's patterns take quadratic time on blanks: 9 s for 60 kB of them.
        if name.lower() != b"dkim-signature" or len(value) > SIGNATURE_BYTES:
            continue
        try:
            tags = dkim.util.parse_tag_value(value)
            domain = normal_domain(tags[b"d"].decode("utf-8"))
        except FAULTS:
            continue
        found.append(Signature((name, value), tags, domain or ""))
    return found


def _accept_signature(tags: Tags, received_at: float, is_tls_report: bool) -> None:
    """Raises Unproven for a signature that is unacceptable, whatever its key."""
    algorithm = tags.get(b"a", b"").decode("ascii", "replace").lower()
    if algorithm == "ed25519-sha256":
        raise Unproven("rua does not check Ed25519 (RFC 8463)")
    if algorithm != "rsa-sha256":  # RFC 8301 §3.1: rsa-sha1 must not be used
        raise Unproven(f"its algorithm {algorithm[:30]!r} is not accepted (RFC 8301 §3.1)")
    fields = _words(tags.get(b"h", b""))
    if b"from" not in fields:  # RFC 6376 §6.1.1: such a signature must be ignored
        raise Unproven("it does not cover From (RFC 6376 §6.1.1)")
    if len(fields) > MOST_SIGNED_FIELDS:
        raise Unproven(f"it covers more than {MOST_SIGNED_FIELDS} fields")
    if is_tls_report and b"l" in tags:
        raise Unproven("l= is forbidden on TLS reports (RFC 8460 §3)")
    # RFC 6376 §3.5, x=: checked at the time of arrival, so that a backlog does not expire.
    if b"x" in tags and int(tags[b"x"]) + CLOCKS_DIFFER < received_at:
        raise Unproven("it had expired when the mail arrived (x=)")
    dkim.validate_signature_fields({name: text for name, text in tags.items() if name != b"x"})


def _received_at(mail: dkim.DKIM) -> float:
    """When our own MX received the mail, by the topmost Received field; without one, now."""
    now = time.time()
    top = next((value for name, value in mail.headers if name.lower() == b"received"), b"")
    try:
        date = email.utils.parsedate_to_datetime(top.rpartition(b";")[2].decode("ascii").strip())
        return min(now, date.timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return now


def _key_name(signature: Signature) -> str:
    selector = signature.tags.get(b"s", b"").decode("ascii", "replace").lower()
    name = f"{selector}._domainkey.{signature.domain}"
    if not is_domain(name):
        raise Unproven("its selector is no domain name")
    return name


def _accept_key(record: bytes, signature: Tags, is_tls_report: bool) -> bytes:
    """The key alone. Raises Unproven if it is not for this signature (RFC 6376 §3.6.1)."""
    key: Tags = dkim.util.parse_tag_value(record)
    if not key[b"p"]:
        raise Unproven("its key is withdrawn (p=)")
    if key.get(b"k", b"rsa") != b"rsa":
        raise Unproven("its key is not for RSA (k=)")
    if b"h" in key and b"sha256" not in _words(key[b"h"]):
        raise Unproven("its key is not for SHA-256 (h=)")
    # RFC 8460 §3: the key of a TLS report may lack s=tlsrpt; other mail must not use such a key.
    services = {b"*", b"email", b"tlsrpt"} if is_tls_report else {b"*", b"email"}
    if services.isdisjoint(_words(key.get(b"s", b"*"))):
        raise Unproven("its key is for another service (s=)")
    flags = _words(key.get(b"t", b""))
    if b"y" in flags:  # RFC 6376 §3.6.1: treated as unsigned mail
        raise Unproven(
            "its key is for testing only (t=y), so the mail counts as unsigned",
            ProofResult.UNSIGNED,
        )
    identity = signature.get(b"i", b"").rpartition(b"@")[2].lower()
    if b"s" in flags and identity and identity != signature[b"d"].lower():
        raise Unproven("its key is not for subdomains (t=s)")
    bare = b"k=rsa; p=" + key[b"p"]  # dkimpy does not understand lists of services
    numbers = dkim.evaluate_pk(b"", bare)[0]
    bits = numbers["modulus"].bit_length()
    if bits not in KEY_BITS:
        raise Unproven(f"its key has {bits} bits, not 1024 to 4096 (RFC 8301 §3.2)")
    if numbers["publicExponent"] >= LARGEST_EXPONENT:
        raise Unproven("its key has an exponent of more than 64 bits")
    return bare


def _words(value: bytes) -> list[bytes]:
    return [word.strip().lower() for word in value.split(b":")]


def _fits(mail: dkim.DKIM, body: "Body", signature: Signature, key: bytes) -> bool:
    """Whether the key fits the signature, and the signature the whole mail, even with l=."""
    tags = dict(signature.tags)
    canonical = CANONICAL.fullmatch(tags.get(b"c", b"simple"))
    if canonical is None:
        raise Unproven("its canonicalization is unknown (c=)")
    is_relaxed = canonical[1] == b"relaxed"
    if body.digest(is_relaxed) != base64.b64decode(b"".join(tags.pop(b"bh").split())):
        return False
    fields = _words(tags[b"h"])
    return bool(mail.verify_sig(tags, fields, signature.field, lambda *_, **__: key))


class Body:
    """A mail's body, hashed once for all signatures; dkimpy takes quadratic time."""

    def __init__(self, raw: bytes) -> None:
        # DKIM signs lines that end with CRLF; in a Maildir they end with LF.
        self._text = raw.replace(b"\r\n", b"\n")
        self._digests: dict[bool, bytes] = {}

    def digest(self, is_relaxed: bool) -> bytes:
        """SHA-256 of the whole canonical body (RFC 6376 §3.4.3, §3.4.4)."""
        if is_relaxed not in self._digests:
            text = self._text
            if is_relaxed:
                text = re.sub(rb"[\t ]+", b" ", text).replace(b" \n", b"\n")
            text = text.rstrip(b"\n")
            if text or not is_relaxed:
                text += b"\n"
            self._digests[is_relaxed] = hashlib.sha256(text.replace(b"\n", b"\r\n")).digest()
        return self._digests[is_relaxed]


class Keys:
    """The keys in DNS, within the limits in the module docstring."""

    def __init__(self, nameservers: Sequence[str], timeout: float) -> None:
        self._timeout = timeout
        self._resolver = Resolver(nameservers, timeout)
        self._found: dict[str, bytes | str] = {}
        self._spent: dict[str, float] = {}
        self._patience = PATIENCE_SECONDS
        self._is_silent = False

    def refill(self) -> None:
        """One more mail: the time that a run may wait for DNS grows with its mails."""
        self._patience = min(PATIENCE_SECONDS, self._patience + SECONDS_PER_MAIL)

    def find(self, name: str, owner: str) -> bytes:
        """The record of a key of the organization `owner`. Raises Unproven."""
        if name not in self._found:
            if len(self._found) >= MOST_KEYS:
                self._found.clear()
            self._found[name] = self._ask(name, owner)
        found = self._found[name]
        if isinstance(found, str):
            raise Unproven(found)
        return found

    def _ask(self, name: str, owner: str) -> bytes | str:
        """The record, or why there is none. Raises Unproven if it was not asked for."""
        if self._is_silent:
            raise Unproven("DNS does not answer")
        spent = self._spent.get(owner, 0.0)
        if spent >= ONE_DOMAIN_SECONDS or self._patience < self._timeout:
            raise Unproven("DNS answers too slowly")
        began = time.monotonic()
        try:
            return _only_key(self._resolver.texts(name))
        except NoRecord:
            return "its key is not in DNS"
        except NoAnswer:
            spent = math.inf
            # A stranger's dead domain must not end the look-ups for others.
            self._is_silent = not self._resolver.knows_root()
            return "DNS gave no answer about its key"
        except DnsError as error:
            return f"DNS gave no answer about its key ({error})"
        finally:
            took = time.monotonic() - began
            self._spent[owner] = spent + took
            self._patience -= took


def _only_key(records: Sequence[bytes]) -> bytes | str:
    keys = [record for record in records if _is_key(record)]
    if not keys:
        return "its key is not in DNS"
    # RFC 6376 §3.6.2.2: there must be only one; which of several counts is undefined.
    return keys[0] if len(keys) == 1 else "several keys are in DNS under its name"


def _is_key(record: bytes) -> bool:
    """Whether it is a key: a wildcard may give other records."""
    try:
        tags = dkim.util.parse_tag_value(record) if len(record) <= KEY_BYTES else {}
    except dkim.util.InvalidTagValueList:
        return False
    return b"p" in tags and tags.get(b"v", b"DKIM1") == b"DKIM1"
