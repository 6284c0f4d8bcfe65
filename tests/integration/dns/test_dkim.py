"""DKIM signatures of carrier mails, made with the tests' own keys, which a real Knot DNS serves."""

from collections.abc import Callable

import pytest

from ingest.model.proof import Proof, ProofResult
from ingest.verify import dkim
from ingest.verify.dkim import DkimChecker
from tests.support.mails.signed import (
    DOMAIN,
    NAME,
    Key,
    mail,
    make_key,
    proves,
    public_number,
    signed,
)
from tests.support.servers.knot import Dns

PASS, FAIL = ProofResult.PASS, ProofResult.FAIL
UNKNOWN, UNSIGNED = ProofResult.UNKNOWN, ProofResult.UNSIGNED
TLS = b"TLS-Report-Domain: example.com\r\n"
LATER = 4102444800  # 2100


@pytest.fixture(scope="module")
def key() -> Key:
    return make_key("receiver")


@pytest.fixture
def check(dns: Dns, key: Key) -> DkimChecker:
    """With the receiver's key in DNS."""
    dns.text(NAME, key.record)
    return DkimChecker([dns.nameserver], timeout=5)


def test_a_good_signature_proves_its_domain(check: DkimChecker, dns: Dns, key: Key) -> None:
    proof = check(signed(mail(), key, DOMAIN))
    assert proof == Proof(PASS, DOMAIN, "dkim", f"its DKIM signature of {DOMAIN} passes")
    assert dns.asked() == {"TXT": 1}


@pytest.mark.parametrize("canonical", ["simple/simple", "relaxed/simple", "relaxed/relaxed"])
def test_line_ends_may_be_lf_as_in_a_maildir(check: DkimChecker, key: Key, canonical: str) -> None:
    raw = signed(mail(body="A  report.  \r\n\r\nEnd\r\n\r\n\r\n"), key, DOMAIN, canonical=canonical)
    assert proves(check(raw), PASS)
    assert proves(check(raw.replace(b"\r\n", b"\n")), PASS)


def changed(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(raw: bytes) -> bytes:
        assert old in raw
        return raw.replace(old, new)

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed(b"A report.", b"A forged report."),
        changed(b"A report.\r\n", b"A report.\r\nAnd more.\r\n"),
        changed(b"Report  Domain", b"Report  Domino"),
        changed(b"Reports <", b"Forgers <"),
    ],
)
@pytest.mark.parametrize("canonical", ["simple/simple", "relaxed/relaxed"])
def test_what_was_signed_must_not_change(
    check: DkimChecker, key: Key, canonical: str, change: Callable[[bytes], bytes]
) -> None:
    proof = check(change(signed(mail(), key, DOMAIN, canonical=canonical)))
    assert proves(proof, FAIL, f"its DKIM signature of {DOMAIN} is wrong")


def test_a_stranger_cannot_sign_for_the_domain(check: DkimChecker) -> None:
    assert proves(check(signed(mail(), make_key("stranger"), DOMAIN)), FAIL)


def test_no_signature_is_not_a_wrong_one(check: DkimChecker, dns: Dns) -> None:
    assert proves(check(mail()), UNSIGNED, "no DKIM signature")
    assert dns.asked() == {}


# Several signatures, and whose they are


def test_one_good_signature_of_the_author_suffices(check: DkimChecker, key: Key) -> None:
    good = signed(mail(), key, DOMAIN)
    wrong = signed(good, make_key("stranger"), DOMAIN)
    assert proves(check(wrong), PASS)
    over = signed(mail(), make_key("stranger"), DOMAIN)
    assert proves(check(signed(over, key, DOMAIN)), PASS)


def test_a_wrong_signature_beside_one_without_a_key_is_wrong(check: DkimChecker, key: Key) -> None:
    gone = signed(mail(), key, DOMAIN, selector="gone")
    assert proves(check(signed(gone, make_key("stranger"), DOMAIN)), FAIL)


def test_a_strangers_good_signature_proves_nothing(dns: Dns, key: Key) -> None:
    dns.text("s1._domainkey.evil.example", key.record)
    check = DkimChecker([dns.nameserver])
    assert proves(check(signed(mail(), key, "evil.example")), UNKNOWN, "of its sender")
    assert dns.asked() == {}


def test_strangers_signatures_do_not_hide_the_authors(check: DkimChecker, key: Key) -> None:
    raw = signed(mail(), key, DOMAIN)
    for number in range(20):
        raw = signed(raw, make_key("stranger"), f"list{number}.example")
    assert proves(check(raw), PASS)


def test_so_many_signatures_and_no_more_are_checked(check: DkimChecker, dns: Dns, key: Key) -> None:
    raw = signed(mail(), key, DOMAIN)
    for number in range(dkim.MOST_SIGNATURES):
        raw = signed(raw, key, DOMAIN, selector=f"n{number}")
    assert proves(check(raw), UNKNOWN)
    assert dns.asked() == {"TXT": dkim.MOST_SIGNATURES}


@pytest.mark.parametrize(
    ("author", "domain", "expected"),
    [
        ("a@reports.receiver.co.uk", "mail.receiver.co.uk", PASS),
        ("a@receiver.co.uk", "deep.down.receiver.co.uk", PASS),
        ("a@RECEIVER.CO.UK", "Receiver.co.uk", PASS),
        ("a@bücher.example", "xn--bcher-kva.example", PASS),
        ("a@receiver.co.uk", "other.co.uk", UNKNOWN),
        ("a@receiver.co.uk", "co.uk", UNKNOWN),
        ("a@receiver.co.uk", "receiver.co.uk.evil.example", UNKNOWN),
    ],
)
def test_rfc9989_4_4_the_signer_is_of_the_authors_organization(
    dns: Dns, key: Key, author: str, domain: str, expected: ProofResult
) -> None:
    dns.text(f"s1._domainkey.{domain.lower()}", key.record)
    assert proves(DkimChecker([dns.nameserver])(signed(mail(author), key, domain)), expected)


def test_two_authors_are_none(check: DkimChecker, key: Key) -> None:
    raw = signed(mail(), key, DOMAIN)
    assert proves(check(b"From: <x@google.com>\r\n" + raw), UNKNOWN, "no author, or several")
    assert proves(check(raw.replace(b"To: ", b"From: <x@google.com>\r\nTo: ")), UNKNOWN)


def test_the_author_is_the_one_that_was_signed(check: DkimChecker, key: Key) -> None:
    """A lone CR ends a line for Python's parser, and not for DKIM."""
    raw = signed(mail().replace(b"Subject: ", b"Subject: x\rFrom: <x@google.com>\r"), key, DOMAIN)
    proof = check(raw)
    assert (proof.result, proof.domain) == (PASS, DOMAIN)


def test_rfc6376_6_1_1_from_must_be_signed(check: DkimChecker, key: Key) -> None:
    raw = signed(mail(), key, DOMAIN, covers=("to", "subject"))
    assert proves(check(raw), UNKNOWN, "does not cover From")


# What a signature may say


def test_rfc8460_3_l_is_forbidden_on_tls_reports(check: DkimChecker, key: Key) -> None:
    assert proves(check(signed(TLS + mail(), key, DOMAIN)), PASS)
    raw = signed(TLS + mail(), key, DOMAIN, l=len("A report.\r\n"))
    assert proves(check(raw), UNKNOWN, "RFC 8460 §3")


def test_rfc6376_8_2_what_is_appended_behind_l_is_not_verified(
    check: DkimChecker, key: Key
) -> None:
    whole = signed(mail(), key, DOMAIN, l=len("A report.\r\n"))
    assert proves(check(whole), PASS)
    assert proves(check(whole + b"<feedback>"), UNKNOWN, "l=, RFC 6376 §8.2")
    assert proves(check(signed(mail(), key, DOMAIN, l=0)), UNKNOWN, "l=, RFC 6376 §8.2")


def test_rfc8301_3_1_sha1_is_not_accepted(check: DkimChecker, key: Key) -> None:
    raw = signed(mail(), key, DOMAIN, algorithm="rsa-sha1")
    assert proves(check(raw), UNKNOWN, "RFC 8301 §3.1")


def test_ed25519_is_not_checked_and_says_so(check: DkimChecker, key: Key) -> None:
    raw = signed(mail(), key, DOMAIN).replace(b"a=rsa-sha256", b"a=ed25519-sha256")
    assert proves(check(raw), UNKNOWN, "rua does not check Ed25519 (RFC 8463)")
    assert proves(check(raw.replace(b"DKIM-", b"DKIM-", 1)), UNKNOWN)
    both = b"DKIM-Signature:" + raw.split(b":", 1)[1]
    assert proves(check(both.split(b"From:")[0] + signed(mail(), key, DOMAIN)), PASS)


@pytest.mark.parametrize(
    ("modulus", "exponent", "words"),
    [
        ((1 << 767) + 1, 65537, "768 bits"),
        ((1 << 1022) + 1, 65537, "1023 bits"),
        ((1 << 4096) + 1, 65537, "4097 bits"),
        ((1 << 2047) + 1, (1 << 2000) + 1, "exponent"),
        (0, 3, "0 bits"),
    ],
)
def test_rfc8301_3_2_keys_have_1024_to_4096_bits(
    dns: Dns, key: Key, modulus: int, exponent: int, words: str
) -> None:
    dns.text(NAME, f"v=DKIM1; p={public_number(modulus, exponent)}")
    check = DkimChecker([dns.nameserver])
    assert proves(check(signed(mail(), key, DOMAIN)), UNKNOWN, words)


@pytest.mark.parametrize(
    ("received", "expires", "expected"),
    [
        (b"", 1_700_000_000, UNKNOWN),
        (b"", LATER, PASS),
        (b"Received: by mx.example.com; Tue, 14 Nov 2023 22:00:00 +0000\r\n", 1_700_000_000, PASS),
        (b"Received: by mx; Wed, 15 Nov 2023 22:00:00 +0000\r\n", 1_700_000_000, UNKNOWN),
        (b"Received: by mx; Tue, 14 Nov 2090 22:00:00 +0000\r\n", 1_700_000_000, UNKNOWN),
        (b"Received: by mx; when?\r\n", 1_700_000_000, UNKNOWN),
        (b"Received: \xff; \xff\r\n", 1_700_000_000, UNKNOWN),
    ],
)
def test_rfc6376_3_5_x_is_judged_at_the_time_of_arrival(
    check: DkimChecker, key: Key, received: bytes, expires: int, expected: ProofResult
) -> None:
    raw = received + signed(mail(), key, DOMAIN, x=expires)
    assert proves(check(raw), expected, "passes" if expected is PASS else "expired")


@pytest.mark.parametrize(
    ("service", "dmarc", "tls"),
    [
        ("*", PASS, PASS),
        ("email", PASS, PASS),
        ("tlsrpt", UNKNOWN, PASS),
        ("email:tlsrpt", PASS, PASS),
        ("other : email", PASS, PASS),
        ("other", UNKNOWN, UNKNOWN),
    ],
)
def test_rfc8460_3_a_key_for_tls_reports_signs_nothing_else(
    dns: Dns, key: Key, service: str, dmarc: ProofResult, tls: ProofResult
) -> None:
    dns.text(NAME, f"v=DKIM1; s={service}; p={key.public}")
    check = DkimChecker([dns.nameserver])
    assert proves(check(signed(mail(), key, DOMAIN)), dmarc)
    assert proves(check(signed(TLS + mail(), key, DOMAIN)), tls)


def test_rfc6376_3_6_1_a_testing_key_is_as_none(dns: Dns, key: Key) -> None:
    dns.text(NAME, f"v=DKIM1; t=s : y; p={key.public}")
    check = DkimChecker([dns.nameserver])
    raw = signed(mail(), key, DOMAIN)
    assert proves(check(raw), UNSIGNED, "t=y")
    assert proves(check(raw + b"more"), UNSIGNED, "t=y")
    dns.text("s2._domainkey.receiver.example", key.record)
    assert proves(check(signed(raw, key, DOMAIN, selector="s2")), PASS)


def test_rfc6376_3_6_1_a_key_may_be_for_the_domain_itself_alone(dns: Dns, key: Key) -> None:
    dns.text(NAME, f"v=DKIM1; t=s; p={key.public}")
    check = DkimChecker([dns.nameserver])
    assert proves(check(signed(mail(), key, DOMAIN, i=f"x@{DOMAIN}")), PASS)
    assert proves(check(signed(mail(), key, DOMAIN, i=f"@sub.{DOMAIN}")), UNKNOWN, "t=s")
