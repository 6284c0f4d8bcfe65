"""The keys in DNS: where they are asked for, what may stand there, how long rua waits for them."""

import socket
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from dns import message, resolver
from pydantic import ValidationError

from ingest.model.limits import WALL_SECONDS
from ingest.model.proof import Proof, ProofResult
from ingest.verify import dkim
from ingest.verify.dkim import DkimChecker
from schemas.config import settings
from schemas.config.settings import split_nameserver
from tests.support.mails.signed import DOMAIN, NAME, Key, mail, make_key, proves, signed
from tests.support.servers.knot import BROKEN, Dns, dns_that_drops, silent_port

PASS, UNKNOWN = ProofResult.PASS, ProofResult.UNKNOWN
SHORT = 0.2  # seconds of a look-up, where none is answered


@pytest.fixture(scope="module")
def key() -> Key:
    return make_key("receiver")


@pytest.fixture
def check(dns: Dns, key: Key) -> DkimChecker:
    """With the receiver's key in DNS."""
    dns.text(NAME, key.record)
    return DkimChecker([dns.nameserver], timeout=5)


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "not in DNS"),
        (["v=DKIM1; p="], "withdrawn"),
        (["v=DKIM1;p= ; k=rsa"], "withdrawn"),
        (["v=spf1 -all"], "not in DNS"),
        (["v=DKIM2; p=AAAA"], "not in DNS"),
        (["nothing like a key"], "not in DNS"),
        (["v=DKIM1; p=AAAA", "v=DKIM1; p=BBBB"], "several keys"),
        (["v=DKIM1; p=AAAA"], "cannot be read"),
        (["v=DKIM1; p=!"], "cannot be read"),
        (["v=DKIM1; p=A"], "cannot be read"),
        (["v=DKIM1; k=ed25519; p=AAAA"], "not for RSA"),
        (["v=DKIM1; h=sha1; p=AAAA"], "not for SHA-256"),
        (["v=DKIM1; p=" + "A" * 5000], "not in DNS"),
    ],
)
def test_without_a_key_nothing_is_proven(
    dns: Dns, key: Key, records: list[str], words: str
) -> None:
    dns.text(NAME, *records)
    check = DkimChecker([dns.nameserver])
    assert proves(check(signed(mail(), key, DOMAIN)), UNKNOWN, words)


def test_other_texts_beside_the_key_do_not_hide_it(dns: Dns, key: Key) -> None:
    dns.text(NAME, "v=spf1 -all", key.record)
    assert proves(DkimChecker([dns.nameserver])(signed(mail(), key, DOMAIN)), PASS)


def test_servfail_proves_nothing(dns: Dns, key: Key) -> None:
    proof = DkimChecker([dns.nameserver])(signed(mail(f"x@{BROKEN}"), key, BROKEN))
    assert proves(proof, UNKNOWN, "DNS gave no answer about its key (NoNameservers)")


def test_a_key_may_be_long_and_behind_an_alias(dns: Dns) -> None:
    long = make_key("long", 4096)
    dns.text("keys.vendor.example", long.record, "filling " * 150)
    dns.alias(NAME, "keys.vendor.example")
    assert proves(DkimChecker([dns.nameserver])(signed(mail(), long, DOMAIN)), PASS)


# Nameservers


def test_a_nameserver_may_be_an_ipv6_address(check: DkimChecker, dns: Dns, key: Key) -> None:
    if not socket.has_ipv6 or "::1" not in dns.server.addresses:
        pytest.skip("this machine has no ::1")
    v6 = DkimChecker([f"[::1]:{dns.server.port}"])
    assert proves(v6(signed(mail(), key, DOMAIN)), PASS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        (" 192.0.2.53:5353 ", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
        ("fe80::1%eth0", ("fe80::1%eth0", 53)),
    ],
)
def test_nameservers_are_addresses_with_or_without_a_port(
    text: str, expected: tuple[str, int]
) -> None:
    assert split_nameserver(text) == expected
    assert settings.Dns(nameservers=(text,)).nameservers == (text,)


WRONG = ("dns.example", "192.0.2", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "", "[::1]53")


@pytest.mark.parametrize("text", [*WRONG, "192.0.2.1:x", "2001:db8::53:x", "[192.0.2.1:53", "::1]"])
def test_any_other_nameserver_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match=r"write \"192\.0\.2\.53\", \"192\.0\.2\.53:5353\""):
        settings.Dns(nameservers=(text,))


def test_the_next_nameserver_is_asked_when_the_first_is_dead(
    check: DkimChecker, dns: Dns, key: Key
) -> None:
    asked: list[bytes] = []
    with silent_port(asked) as dead:
        two = DkimChecker([dead, dns.nameserver], timeout=1)
        assert proves(two(signed(mail(), key, DOMAIN)), PASS)
        for number in range(5):  # and first of all from now on
            unknown = signed(mail(), key, DOMAIN, selector=f"n{number}")
            assert proves(two(unknown), UNKNOWN, "not in DNS")
    assert names(asked) == [NAME]


def test_without_any_nameserver_nothing_is_proven(
    monkeypatch: pytest.MonkeyPatch, key: Key
) -> None:
    def read(self: resolver.Resolver, path: str) -> None:
        raise resolver.NoResolverConfiguration

    monkeypatch.setattr(resolver.Resolver, "read_resolv_conf", read)
    assert proves(DkimChecker()(signed(mail(), key, DOMAIN)), UNKNOWN, "DNS gave no answer")


# How long it waits


def test_keys_are_asked_for_once(check: DkimChecker, dns: Dns, key: Key) -> None:
    for selector in ("s1", "gone", "s1", "gone", "S1"):
        check(signed(mail(), key, DOMAIN, selector=selector))
    assert dns.asked() == {"TXT": 2}


def test_dns_that_is_silent_is_not_asked_again(key: Key) -> None:
    asked: list[bytes] = []
    with silent_port(asked) as dead:
        check = DkimChecker([dead], timeout=SHORT)
        first = check(signed(mail(), key, DOMAIN))
        assert proves(first, UNKNOWN, "DNS gave no answer")
        for number in range(50):
            domain = f"d{number}.example"
            proof = check(signed(mail(f"x@{domain}"), key, domain))
            assert proves(proof, UNKNOWN, "DNS does not answer")
    assert set(names(asked)) == {NAME, "."}  # two look-ups: the key and the root


def names(asked: list[bytes]) -> list[str]:
    """What each question is about."""
    each = (message.from_wire(wire).question[0].name for wire in asked)
    return [name.to_text(omit_final_dot=True).lower() for name in each]


def asks_for(name: str) -> Callable[[bytes], bool]:
    return lambda wire: name in names([wire])[0]


def test_a_dead_domain_does_not_silence_dns_for_the_others(
    check: DkimChecker, dns: Dns, key: Key
) -> None:
    """Else three mails of an attacker would keep all reports after them from being verified."""
    asked = []

    def drops(wire: bytes) -> bool:
        asked.append(wire)
        return asks_for("dead.example")(wire)

    with dns_that_drops(drops, dns.nameserver) as way:
        patient = DkimChecker([way], timeout=SHORT)
        for selector in ("a", "b", "c", "d"):
            dead = signed(mail("x@dead.example"), key, "dead.example", selector=selector)
            assert proves(patient(dead), UNKNOWN)
        assert sum(asks_for("dead.example")(wire) for wire in asked) <= 2  # one, sent twice
        assert proves(patient(signed(mail(), key, DOMAIN)), PASS)


def test_a_run_waits_for_dns_only_so_long(
    monkeypatch: pytest.MonkeyPatch, check: DkimChecker, dns: Dns, key: Key
) -> None:
    """However many dead domains sign; what is known already still counts, and mails add to it."""
    monkeypatch.setattr(dkim, "PATIENCE_SECONDS", 4 * SHORT)
    monkeypatch.setattr(dkim, "SECONDS_PER_MAIL", 0)
    lost: list[bytes] = []

    def drops(wire: bytes) -> bool:
        is_dead = asks_for("dead")(wire)
        lost.extend([wire] * is_dead)
        return is_dead

    with dns_that_drops(drops, dns.nameserver) as way:
        bounded = DkimChecker([way], timeout=SHORT)
        assert proves(bounded(signed(mail(), key, DOMAIN)), PASS)
        proof = Proof(PASS)
        for number in range(20):
            domain = f"dead{number}.example"
            proof = bounded(signed(mail(f"x@{domain}"), key, domain))
        assert proves(proof, UNKNOWN, "too slowly")
        assert len(set(names(lost))) <= 4  # of 20 domains
        assert proves(bounded(signed(mail(), key, DOMAIN)), PASS)
        unknown = signed(mail(), key, DOMAIN, selector="other")
        assert proves(bounded(unknown), UNKNOWN, "too slowly")
        monkeypatch.setattr(dkim, "SECONDS_PER_MAIL", SHORT)
        assert [proves(bounded(unknown), UNKNOWN) for _ in range(4)]
        assert proves(bounded(unknown), UNKNOWN, "not in DNS")


def test_one_domain_alone_cannot_use_up_the_patience(
    monkeypatch: pytest.MonkeyPatch, dns: Dns, key: Key
) -> None:
    now = [0.0]  # seconds: each answer takes half of what a domain may take
    clock = SimpleNamespace(time=time.time, monotonic=lambda: now[0])
    monkeypatch.setattr(dkim, "time", clock)

    def slow(wire: bytes) -> bool:
        now[0] += dkim.ONE_DOMAIN_SECONDS / 2
        return False

    with dns_that_drops(slow, dns.nameserver) as way:
        check = DkimChecker([way], timeout=5)
        said = [check(signed(mail(), key, DOMAIN, selector=f"n{n}")).detail for n in range(4)]
        assert [("too slowly" in words) for words in said] == [False, False, True, True]
        other = check(signed(mail("x@other.example"), key, "other.example"))
        assert proves(other, UNKNOWN, "not in DNS")


def test_all_waiting_ends_before_the_reading_process_is_given_up() -> None:
    longest = settings.Dns.model_fields["timeout"].metadata[-1].le
    a_chunk = dkim.PATIENCE_SECONDS + 50 * dkim.SECONDS_PER_MAIL + longest
    assert a_chunk < WALL_SECONDS - 20
