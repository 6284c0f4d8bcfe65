"""Mails and keys that are made to mislead rua's check of signatures, to crash it or to stall it."""

import hashlib
import inspect
import re
import time
from collections.abc import Callable

import dkim
import dkim.asn1
import dkim.canonicalization
import dkim.crypto
import dkim.util
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ingest.model.proof import ProofResult
from ingest.verify.dkim import FAULTS, Body, DkimChecker
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

PASS, UNKNOWN = ProofResult.PASS, ProofResult.UNKNOWN


@pytest.fixture(scope="module")
def key() -> Key:
    return make_key("receiver")


@pytest.fixture
def check(dns: Dns, key: Key) -> DkimChecker:
    """With the receiver's key in DNS."""
    dns.text(NAME, key.record)
    return DkimChecker([dns.nameserver], timeout=5)


# Hostile mails


@pytest.mark.parametrize(
    "selector",
    ["../../etc/passwd", "a" * 10_000, "a" * 64, "schlüssel", "a b", ".", "", "a..b", "*", "a\\.b"],
)
def test_a_selector_that_is_no_name_is_not_asked_for(
    check: DkimChecker, dns: Dns, key: Key, selector: str
) -> None:
    assert check(signed(mail(), key, DOMAIN, selector=selector)).result is UNKNOWN
    assert dns.asked() == {}


@pytest.mark.parametrize("domain", ["", ".", "example", "a..example", "192.0.2.1", "x" * 300])
def test_a_domain_that_is_none_is_not_asked_for(
    check: DkimChecker, dns: Dns, key: Key, domain: str
) -> None:
    assert check(signed(mail(f"x@{domain}"), key, domain)).result is UNKNOWN
    assert dns.asked() == {}


def test_the_header_is_read_up_to_64_kib(check: DkimChecker, key: Key) -> None:
    raw = signed(mail(), key, DOMAIN)
    assert proves(check(b"X: y\r\n" * 10_000 + raw), PASS)
    assert proves(check(b"X: y\r\n" * 11_000 + raw), UNKNOWN, "more than 65536 bytes")
    assert proves(check(b"X: y\r\n" * 2_000_000 + raw), UNKNOWN, "more than 65536 bytes")


def within(raw: bytes, text: bytes, times: int = 1) -> bytes:
    """With `text` in the value of b=, of so many signatures."""
    found, number = re.subn(rb"(?<=[;\s]b=)", text, raw, count=times)
    assert number == times
    return found


SLOW = {
    "body of blanks": lambda good: good + b" " * 4_000_000 + b"x",
    "body of lines": lambda good: good + b"\r\n" * 2_000_000 + b"x",
    "lines at the end": lambda good: good + b"\r\n" * 2_000_000,
    "blank lines at the end": lambda good: good + b" \r\n" * 2_000_000,
    "blanks everywhere": lambda good: good + b"x " * 2_000_000,
    "blanks in the signature": lambda good: within(good, b"A" + b" " * 55_000 + b"!"),
    "blanks in every signature": lambda good: within(good, b"A" + b" " * 2500 + b"!", 5),
    "lines in the signature": lambda good: within(good, b"\r\n " * 16_000 + b"!"),
    "lines in every signature": lambda good: within(good, b"\r\n " * 800 + b"!", 5),
    "long signature": lambda good: within(good, b"A" * 50_000),
    "many fields": lambda good: b"".join(b"%x:\r\n" % n for n in range(9000)) + good,
}


@pytest.mark.parametrize("change", SLOW.values(), ids=SLOW)
def test_no_mail_takes_long(check: DkimChecker, key: Key, change: Callable[[bytes], bytes]) -> None:
    """The dearest of five signatures; the library alone takes minutes over some of these."""
    names = tuple(f"n{number}" for number in range(150))
    raw = mail()
    for _ in range(5):
        raw = signed(raw, key, DOMAIN, covers=("from", *names))
    raw = change(raw)
    began = time.process_time()
    check(raw)
    assert time.process_time() - began < 5


def test_more_signed_fields_than_anybody_signs_are_not_checked(
    check: DkimChecker, key: Key
) -> None:
    covers = ("from", *(f"n{number}" for number in range(200)))
    assert proves(check(signed(mail(), key, DOMAIN, covers=covers)), UNKNOWN, "200 fields")
    assert proves(check(signed(mail(), key, DOMAIN, covers=covers[:200])), PASS)


WORDS = st.sampled_from(
    ["v=1", "a=rsa-sha256", "d=receiver.example", "s=s1", "h=from", "h=:", "bh=AAAA", "b=AAAA"]
) | st.sampled_from(
    [
        "x=" + "9" * 5000,
        "t=z",
        "t=" + "9" * 5000,
        "l=",
        "l=9",
        "i=@",
        "q=x",
        "c=a/b",
        "=",
        "é=",
        "x",
    ]
)
BROKEN_HEADERS = st.one_of(
    st.binary(max_size=200),
    st.lists(WORDS, max_size=12).map(lambda tags: b"DKIM-Signature: " + "; ".join(tags).encode()),
    st.sampled_from([b" DKIM-Signature: x", b"\nDKIM-Signature:", b"no header", b"From: x"]),
)
KEYS = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda tags, data: b"; ".join(tags) + b"; p=" + data,
        st.lists(
            st.sampled_from([b"v=DKIM1", b"k=rsa", b"s=*", b"t=s", b"h=sha256", b"=", b"n=x"])
        ),
        st.one_of(
            st.binary(max_size=60),
            st.integers(0, 1 << 2100).map(lambda n: public_number(n).encode()),
            st.sampled_from([make_key("receiver").public.encode()[:n] for n in (20, 40, 100, 200)]),
        ),
    ),
)


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(headers=st.lists(BROKEN_HEADERS, max_size=4), record=KEYS, cut=st.integers(0, 900))
def test_no_mail_and_no_key_raises(headers: list[bytes], record: bytes, cut: int) -> None:
    check = DkimChecker(["127.0.0.1:1"])
    check._keys._found[NAME] = record
    good = signed(mail(), make_key("receiver"), DOMAIN)
    for raw in (b"\r\n".join((*headers, good)), b"\n".join(headers), good[:cut], good):
        assert check(raw).result is not PASS


def test_every_exception_of_the_library_is_known() -> None:
    modules = (dkim, dkim.asn1, dkim.canonicalization, dkim.crypto, dkim.util)
    raised = [
        each
        for module in modules
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Exception) and each.__module__.startswith("dkim")
    ]
    assert len(raised) > 10
    assert [each for each in raised if not issubclass(each, FAULTS)] == []


@given(
    st.lists(st.sampled_from(["\r\n", "\n", "\r", " ", "\t", "x", "  \r\n", "\r\n\r\n"])),
    st.booleans(),
)
@example([], True)
@example(["\r\n"], False)
def test_bodies_are_hashed_as_the_library_does(parts: list[str], is_relaxed: bool) -> None:
    raw = "".join(parts).encode()
    name = b"relaxed/relaxed" if is_relaxed else b"simple/simple"
    policy = dkim.CanonicalizationPolicy.from_c_value(name)
    expected = policy.canonicalize_body(dkim.rfc822_parse(b"\r\n" + raw)[1])
    assert Body(raw).digest(is_relaxed) == hashlib.sha256(expected).digest()
