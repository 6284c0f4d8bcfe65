"""Names of addresses by reverse DNS: what one is worth, how long it is kept, what bounds asking."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from types import SimpleNamespace

import pytest
from dns import flags, message, rcode, resolver
from dns.nameserver import Do53Nameserver

from ingest.enrich import ptr_lookup
from ingest.model import limits
from ingest.run import reverse_dns
from tests.support.mails.named_addresses import DAY, Sources
from tests.support.process.rua_command import derived, rows, run
from tests.support.servers.knot import Dns, dns_that_drops, silent_port
from tests.support.servers.reverse_zones import forward, reverse, reverse_zones

HOST, HOST6 = "192.0.2.1", "2001:db8::1"
NAME = "mail.vendor.example"
FOUND = ("found", NAME, True)
NOTHING = ("none", None, False)
ERROR = ("error", None, False)
SHORT = 0.2


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path)


def test_a_name_counts_only_if_it_leads_back_to_the_address(dns: Dns, sources: Sources) -> None:
    """RFC 8601 §3: whoever holds an address may give it any name."""
    dns.add(reverse_zones({HOST: "Mail.Vendor.EXAMPLE", HOST6: NAME}))
    liar, nowhere, unknown, broken = "192.0.2.2", "192.0.2.3", "192.0.2.4", "203.0.113.9"
    dns.add([reverse(liar, "mail.google.com"), forward("mail.google.com", "192.0.2.200")])
    dns.add([reverse(nowhere, "gone.vendor.example")])
    sources.met(HOST, HOST6, liar, nowhere, unknown, broken)
    assert sources.ask(dns.nameserver) == {
        HOST: FOUND,
        HOST6: FOUND,
        liar: ("unconfirmed", "mail.google.com", False),
        nowhere: ("unconfirmed", "gone.vendor.example", False),
        unknown: NOTHING,
        broken: ERROR,
    }
    assert sources.said == [
        "rua: host names asked for 6 of 6 addresses: 2 found, 2 unconfirmed, 1 without, 1 errors"
    ]


def test_the_way_back_may_fail(dns: Dns, sources: Sources) -> None:
    """Then nothing is known: neither that the name is true nor that it is false."""
    dns.add([reverse(HOST, "mail.broken.example")])
    sources.met(HOST)
    assert sources.ask(dns.nameserver) == {HOST: ERROR}


def test_of_several_names_the_first_that_is_a_domain_counts(dns: Dns, sources: Sources) -> None:
    names = ("z.vendor.example", "localhost", r"\000.vendor.example", "b.vendor.example")
    dns.add(reverse(HOST, name) for name in names)
    dns.add(forward(name, HOST) for name in ("z.vendor.example", "b.vendor.example"))
    sources.met(HOST)
    assert sources.ask(dns.nameserver) == {HOST: ("found", "b.vendor.example", True)}


@pytest.mark.parametrize(
    "name",
    [
        r"\000.vendor.example",
        r"a\009b.vendor.example",
        r"\027\0912Jmail.vendor.example",
        r"\"\062\060script\062.vendor.example",
        r"a\.b.vendor.example",
        r"\226\128\174moc.vendor.example",
        r"mail\ google.com",
        "localhost",
        "192.0.2.1",
        "-.vendor.example",
        "@",
    ],
)
def test_what_is_no_domain_is_not_kept(dns: Dns, sources: Sources, name: str) -> None:
    line = reverse(HOST, name)
    dns.add([line if name != "@" else line.replace("@.", ".")])
    sources.met(HOST)
    assert sources.ask(dns.nameserver) == {HOST: NOTHING}
    assert dns.asked()["PTR"] == 1


# Ages


def test_what_is_known_is_not_asked_again_until_it_is_old(dns: Dns, sources: Sources) -> None:
    unknown, broken, liar = "192.0.2.4", "203.0.113.9", "192.0.2.2"
    dns.add([*reverse_zones({HOST: NAME}), reverse(liar, "mail.google.com")])
    sources.met(HOST, unknown, broken, liar)
    sources.ask(dns.nameserver)

    def asked_after(days: float) -> int:
        before = dns.asked()["PTR"]
        sources.ask(dns.nameserver, days=days)
        return dns.asked()["PTR"] - before

    assert dns.asked()["PTR"] == 4
    assert [asked_after(0), asked_after(0.99)] == [0, 0]
    assert asked_after(0.02) == 1  # the error
    assert asked_after(5.98) == 1  # the error again, on day 6.99
    assert asked_after(0.02) == 1  # day 7.01: nothing found
    assert asked_after(0.99) == 1  # the error
    assert asked_after(22.1) == 4  # day 30.1: all
    assert len(sources.said) == 6  # and nothing where nothing was asked


def test_a_clock_that_went_wrong_keeps_no_answer_for_good(dns: Dns, sources: Sources) -> None:
    sources.met(HOST)
    assert sources.ask(dns.nameserver, days=4000) == {HOST: NOTHING}
    dns.add(reverse_zones({HOST: NAME}))
    assert sources.ask(dns.nameserver, days=-3999) == {HOST: FOUND}


def test_an_error_leaves_the_name_as_it_was(dns: Dns, sources: Sources) -> None:
    dns.add(reverse_zones({HOST: NAME}))
    sources.met(HOST)
    sources.ask(dns.nameserver)
    with silent_port() as dead:
        found = sources.ask(dead, days=31, timeout=SHORT)
    assert found == {HOST: ("error", NAME, True)}
    assert sources.ask(dns.nameserver, days=1.1) == {HOST: FOUND}


def test_a_rebuild_knows_the_same_domains(dns: Dns, sources: Sources) -> None:
    """Also after names have changed, been given up, or turned out to be false."""
    second, liar, gone = "192.0.2.2", "192.0.2.3", "192.0.2.4"
    first = {HOST: "o1.sendgrid.net", second: "o2.sendgrid.net", gone: "o4.sendgrid.net"}
    dns.add([*reverse_zones(first), reverse(liar, "mail.google.com")])
    sources.met(HOST, second, liar, gone)
    sources.ask(dns.nameserver)

    def known() -> list[tuple[str, str, str]]:
        asked = "select domain, registered, service from known_domain order by domain"
        return [(domain, above, service) for domain, above, service in rows(sources.store, asked)]

    assert known() == [(name, "sendgrid.net", "Twilio SendGrid") for name in sorted(first.values())]
    later = Dns(dns.server)
    later.add([*reverse_zones({HOST: "mail.google.com", second: "o2.sendgrid.net"})])
    sources.ask(later.nameserver, days=31)
    assert [domain for domain, *_ in known()] == ["mail.google.com", "o2.sendgrid.net"]
    before = derived(sources.store)
    assert run("--store", sources.store, "rebuild").code == 0
    assert derived(sources.store) == before


# Bounds


class Slow:
    """A DNS server that answers NXDOMAIN, once nobody has asked it anything for a while."""

    def __init__(self) -> None:
        self.most = 0

    @contextmanager
    def running(self) -> Iterator[str]:
        with socket(AF_INET, SOCK_DGRAM) as here:
            here.bind(("127.0.0.1", 0))
            here.settimeout(SHORT)
            done = threading.Event()
            thread = threading.Thread(target=self._serve, args=(here, done))
            thread.start()
            try:
                yield f"127.0.0.1:{here.getsockname()[1]}"
            finally:
                done.set()
                thread.join()

    def _serve(self, here: socket, done: threading.Event) -> None:
        waiting: list[tuple[bytes, tuple[str, int]]] = []
        while not done.is_set():
            try:
                waiting.append(here.recvfrom(4096))
                self.most = max(self.most, len(waiting))
            except TimeoutError:
                for wire, client in waiting:
                    here.sendto(_nothing(wire), client)
                waiting.clear()


def _nothing(wire: bytes) -> bytes:
    answer = message.make_response(message.from_wire(wire))
    answer.set_rcode(rcode.NXDOMAIN)
    answer.flags |= flags.AA
    return answer.to_wire()


def first_only(asked: list[bytes]) -> Callable[[bytes], bool]:
    """What a way to a server drops that lets the questions pass which are asked at once first."""

    def drops(wire: bytes) -> bool:
        asked.append(wire)
        return len(asked) > limits.PTR_AT_ONCE

    return drops


def many(count: int) -> list[str]:
    return [f"198.51.{number // 250}.{number % 250}" for number in range(count)]


def test_only_so_many_are_asked_at_once(sources: Sources) -> None:
    sources.met(*many(200))
    slow = Slow()
    with slow.running() as nameserver:
        found = sources.ask(nameserver, timeout=10)
    assert list(found.values()) == [NOTHING] * 200
    assert slow.most == limits.PTR_AT_ONCE == 64


def test_the_newest_with_most_mail_come_first_and_the_others_next(
    monkeypatch: pytest.MonkeyPatch, dns: Dns, sources: Sources
) -> None:
    monkeypatch.setattr(reverse_dns, "PTR_ADDRESSES", 1)
    old, few, most, future = (f"192.0.2.{number}" for number in range(4))
    sources.met(old, name="old", day=DAY - timedelta(days=1), count=1000)
    sources.met(few, name="few", count=10)
    sources.met(most, name="most", count=100)
    sources.met(future, name="future", day=date(2050, 1, 1), count=10_000)
    order = [most, few, old, future]
    for number in range(1, 5):
        assert set(sources.ask(dns.nameserver)) == set(order[:number])
    sources.ask(dns.nameserver)
    assert len(sources.said) == 4


def test_it_ends_in_time_and_goes_on_the_next_time(
    monkeypatch: pytest.MonkeyPatch, dns: Dns, sources: Sources
) -> None:
    asked: list[bytes] = []
    clock = SimpleNamespace(monotonic=lambda: 60.0 if len(asked) > limits.PTR_AT_ONCE else 0.0)
    monkeypatch.setattr(ptr_lookup, "time", clock)
    sources.met(*many(100))
    with dns_that_drops(first_only(asked), dns.nameserver) as nameserver:
        found = sources.ask(nameserver, timeout=10)
    assert 0 < len(found) <= 64
    assert sources.said[0].endswith("0 errors; 60 s are over; the others come next time")
    there = Dns(dns.server)
    assert len(sources.ask(dns.nameserver)) == 100
    assert there.asked() == {"PTR": 100 - len(found)}


def test_it_ends_when_told_to(dns: Dns, sources: Sources) -> None:
    sources.met(*many(100))
    asked: list[bytes] = []

    def stopping() -> bool:
        return len(asked) > limits.PTR_AT_ONCE

    with dns_that_drops(first_only(asked), dns.nameserver) as nameserver:
        found = sources.ask(nameserver, timeout=10, stopping=stopping)
    assert 0 < len(found) <= 64
    assert sources.said[0].endswith("; stopped; the others come next time")


def test_a_server_that_is_dead_is_not_asked_for_long(sources: Sources) -> None:
    sources.met(*many(300))
    with silent_port() as dead:
        found = sources.ask(dead, timeout=SHORT)
    assert set(found.values()) == {ERROR}
    assert len(found) < 200  # of 300
    assert "DNS does not answer" in sources.said[0]


def test_dead_zones_of_a_stranger_do_not_end_it_for_the_others(dns: Dns, sources: Sources) -> None:
    dns.add(reverse_zones({HOST: NAME}))
    sources.met(HOST, name="one", count=1)
    broken = [f"203.0.113.{number}" for number in range(250)]
    sources.met(*broken, name="broken", count=10)
    found = sources.ask(dns.nameserver)
    assert found[HOST] == FOUND
    assert [found[each] for each in broken] == [ERROR] * 250


def test_the_first_of_two_servers_may_be_dead(dns: Dns, sources: Sources) -> None:
    sources.met(*many(200))
    asked: list[bytes] = []
    with silent_port(asked) as dead:
        found = sources.ask(dead, dns.nameserver, timeout=2)
    assert 0 < len(asked) <= 64  # the first ones wait for it, the others do not
    assert list(found.values()) == [NOTHING] * 200


def test_a_question_that_was_lost_is_sent_again(dns: Dns, sources: Sources) -> None:
    dns.add(reverse_zones({HOST: NAME}))
    sources.met(HOST)
    sent = []

    def first(wire: bytes) -> bool:
        sent.append(wire)
        return len(sent) == 1

    with dns_that_drops(first, dns.nameserver) as way:
        assert sources.ask(way, timeout=1) == {HOST: FOUND}


def test_only_a_server_that_the_owner_names_is_asked_for_private_addresses(
    monkeypatch: pytest.MonkeyPatch, dns: Dns, sources: Sources
) -> None:
    def read(self: resolver.Resolver, path: str) -> None:
        self.nameservers = [Do53Nameserver("127.0.0.1", dns.server.port)]

    monkeypatch.setattr(resolver.BaseResolver, "read_resolv_conf", read)
    private = ["10.0.0.1", "127.0.0.1", "169.254.0.1", HOST, HOST6, "fd00::1", "::1", "fe80::1"]
    sources.met(*private, name="private")
    assert sources.ask() == {}
    sources.met("9.9.9.9", "2620:fe::fe", name="public")
    assert set(sources.ask()) == {"9.9.9.9", "2620:fe::fe"}
    assert dns.asked() == {"PTR": 2}
    assert len(sources.said) == 1
    assert set(sources.ask(dns.nameserver)) == {*private, "9.9.9.9", "2620:fe::fe"}
