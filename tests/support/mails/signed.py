"""Mails signed by keys of the tests' own, in every way that a signer could and should not.

dkimpy signs only as one should; here each tag of the signature can be chosen.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ingest.model.proof import Proof, ProofResult

__all__ = ["DOMAIN", "NAME", "Key", "mail", "make_key", "proves", "public_number", "signed"]

DOMAIN = "receiver.example"
NAME = f"s1._domainkey.{DOMAIN}"

COVERED = ("from", "to", "subject", "date", "message-id", "mime-version", "content-type")


@dataclass(frozen=True, slots=True)
class Key:
    """A private key as PEM, and what stands of it in DNS behind p=."""

    pem: bytes
    public: str

    @property
    def record(self) -> str:
        return f"v=DKIM1; k=rsa; p={self.public}"


@cache
def make_key(name: str, bits: int = 1024) -> Key:
    """The same key for the same name."""
    key = rsa.generate_private_key(65537, bits)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(pem, base64.b64encode(public).decode())


def public_number(modulus: int, exponent: int = 65537) -> str:
    """p= of a key that no library would make (RFC 8017 §A.1.1)."""
    numbers = b"".join(_der(0x02, _octets(number)) for number in (modulus, exponent))
    return base64.b64encode(_der(0x30, numbers)).decode()


def _octets(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def signed(
    raw: bytes,
    key: Key,
    domain: str,
    *,
    selector: str = "s1",
    algorithm: str = "rsa-sha256",
    canonical: str = "relaxed/relaxed",
    covers: Sequence[str] = COVERED,
    **tags: str | int,
) -> bytes:
    """The mail with a DKIM-Signature on top. `tags` are added to it; l= is obeyed."""
    signer = dkim.DKIM(raw, signature_algorithm=algorithm.encode())
    signer.hasher = dkim.HASH_ALGORITHMS[algorithm.encode()]
    policy = dkim.CanonicalizationPolicy.from_c_value(canonical.encode())
    body = policy.canonicalize_body(signer.body)
    if "l" in tags:
        body = body[: int(tags["l"])]
    fields = {
        "v": "1",
        "a": algorithm,
        "c": canonical,
        "d": domain,
        "s": selector,
        **{name: str(value) for name, value in tags.items()},
        "h": ":".join(covers),
        "bh": base64.b64encode(signer.hasher(body).digest()).decode(),
        "b": "0" * 60,
    }
    value = signer.gen_header(
        [(name.encode(), text.encode()) for name, text in fields.items()],
        [name.encode() for name in covers],
        policy,
        b"DKIM-Signature",
        dkim.parse_pem_private_key(key.pem),
    )
    return b"DKIM-Signature: " + bytes(value) + raw


def mail(author: str = f"noreply@{DOMAIN}", body: str = "A report.\r\n") -> bytes:
    return (
        f"From: Reports <{author}>\r\nTo: <dmarc@example.com>\r\nSubject: Report  Domain\r\n"
        f"Date: Sun, 01 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@{DOMAIN}>\r\n\r\n{body}"
    ).encode()


def proves(proof: Proof, result: ProofResult, words: str = "") -> bool:
    """Whether the proof has this result; its reason must hold these words."""
    assert words in proof.detail, proof
    return proof.result is result
