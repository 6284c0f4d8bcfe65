"""What DNS publishes about a domain, asked of a real DNS server."""

from dataclasses import fields

import pytest

import analytics.dns.lookup
from analytics.dns.lookup import look_up
from analytics.dns.lookup_types import Answer
from analytics.dns.policy_discovery import Found, Published, targets
from schemas.config import settings
from schemas.sanitize import plain
from tests.support.servers.knot import BROKEN, Dns, dns_that_drops, silent_port

P = "v=DMARC1; p=reject"
SHORT = 0.3  # seconds of a question, where none is answered


def ask(dns: Dns, domain: str, *names: str, timeout: float = 5) -> Published:
    return look_up(domain, settings.Dns(nameservers=(dns.nameserver,), timeout=timeout), names)


def found(published: Published) -> tuple[str, str | None, str | None]:
    return published.outcome, published.found_at, published.organization


# RFC 9989 §4.10: the tree walk


def test_the_record_of_the_domain_itself(dns: Dns) -> None:
    dns.text("_dmarc.example.com", f"{P}; sp=none; rua=mailto:d@example.com")
    published = ask(dns, "example.com")
    assert found(published) == ("found", "example.com", "example.com")
    assert published.record is not None
    assert (published.record.p, published.record.sp) == ("reject", "none")
    assert published.record.rua == ("mailto:d@example.com",)
    assert not published.is_inherited
    assert published.texts == (f"{P}; sp=none; rua=mailto:d@example.com",)


def test_the_record_of_the_organizational_domain(dns: Dns) -> None:
    dns.text("_dmarc.example.com", P)
    published = ask(dns, "a.mail.example.com")
    assert found(published) == ("found", "example.com", "example.com")
    assert published.is_inherited
    assert published.texts == ()


def test_the_record_of_the_shortest_name_applies_not_the_nearest(dns: Dns) -> None:
    dns.text("_dmarc.mail.example.com", "v=DMARC1; p=none")
    dns.text("_dmarc.example.com", P)
    assert found(ask(dns, "a.mail.example.com")) == ("found", "example.com", "example.com")
    assert found(ask(dns, "mail.example.com")) == ("found", "mail.example.com", "example.com")


def test_psd_n_is_the_organizational_domain_and_ends_the_walk(dns: Dns) -> None:
    dns.text("_dmarc.mail.example.com", f"{P}; psd=n")
    dns.text("_dmarc.example.com", "v=DMARC1; p=none")
    wanted = ("found", "mail.example.com", "mail.example.com")
    assert found(ask(dns, "a.mail.example.com")) == wanted
    assert dns.asked()["TXT"] == 3  # _dmarc.a.mail, _dmarc.mail, and SPF


def test_below_psd_y_is_the_organizational_domain(dns: Dns) -> None:
    dns.text("_dmarc.com", f"{P}; psd=y; np=reject")
    published = ask(dns, "a.mail.example.com")
    assert found(published) == ("found", "com", "example.com")
    assert published.is_inherited


def test_the_record_of_the_public_suffix_gives_way_to_the_organization(dns: Dns) -> None:
    dns.text("_dmarc.com", f"{P}; psd=y")
    dns.text("_dmarc.example.com", "v=DMARC1; p=none")
    assert found(ask(dns, "mail.example.com")) == ("found", "example.com", "example.com")


def test_a_record_between_the_domain_and_the_organization_does_not_apply(dns: Dns) -> None:
    dns.text("_dmarc.com", f"{P}; psd=y")
    dns.text("_dmarc.mail.example.com", "v=DMARC1; p=none")
    assert found(ask(dns, "a.mail.example.com")) == ("found", "com", "example.com")


def test_psd_y_of_the_domain_itself(dns: Dns) -> None:
    dns.text("_dmarc.gov.example", f"{P}; psd=y")
    dns.text("_dmarc.example", "v=DMARC1; p=none")
    assert found(ask(dns, "gov.example")) == ("found", "gov.example", "gov.example")


def test_without_any_record_the_domain_is_its_own_organization(dns: Dns) -> None:
    assert found(ask(dns, "mail.example.com")) == ("none", None, "mail.example.com")


@pytest.mark.parametrize(
    ("domain", "number", "second"),
    [
        ("com", 1, None),
        ("a.example.com", 3, "example.com"),
        ("b.c.d.e.f.example.com", 7, "c.d.e.f.example.com"),
        ("a.b.c.d.e.f.example.com", 8, "b.c.d.e.f.example.com"),
        ("mail.a.b.c.d.e.f.g.example.com", 8, "c.d.e.f.g.example.com"),
        ("a.b.c.d.e.f.g.h.i.j.mail.example.com", 8, "g.h.i.j.mail.example.com"),
    ],
)
def test_at_most_eight_names_are_asked_at(domain: str, number: int, second: str | None) -> None:
    names = targets(domain)
    assert (len(names), names[0], names[-1]) == (number, domain, "com")
    assert names[1:2] == ([second] if second else [])


def test_a_record_between_is_jumped_over_below_eight_labels(dns: Dns) -> None:
    deep = "mail.a.b.c.d.e.f.g.example.com"
    dns.text("_dmarc.b.c.d.e.f.g.example.com", f"{P}; psd=n")  # never discovered (§4.10)
    dns.text("_dmarc.example.com", "v=DMARC1; p=none")
    assert found(ask(dns, deep)) == ("found", "example.com", "example.com")
    assert dns.asked()["TXT"] == 9  # the walk, and SPF


@pytest.mark.parametrize(
    "texts",
    [
        (P, "v=DMARC1; p=none"),  # §4.10, step 2: multiple records are all discarded
        ("v=spf1 -all",),
        ("v=dmarc1; p=reject",),
        ("v=DMARC10; p=reject",),
        (" v=DMARC1; p=reject",),
        ("p=reject; v=DMARC1",),
    ],
)
def test_what_is_no_record_is_passed_over(dns: Dns, texts: tuple[str, ...]) -> None:
    dns.text("_dmarc.mail.example.com", *texts)
    published = ask(dns, "mail.example.com")
    assert published.outcome == Found.NONE
    assert published.texts == tuple(sorted(texts))
    dns.text("_dmarc.example.com", P)
    assert found(ask(dns, "mail.example.com"))[:2] == ("found", "example.com")


def test_other_texts_beside_the_record_do_not_hide_it(dns: Dns) -> None:
    dns.text("_dmarc.example.com", "hello", P)
    assert ask(dns, "example.com").text == P


def test_strings_are_joined_without_a_space(dns: Dns) -> None:
    dns.add(['_dmarc.example.com. TXT "v=DMARC1; p=rej" "ect; rua=mail" "to:d@example.com"'])
    record = ask(dns, "example.com").record
    assert record is not None
    assert (record.p, record.rua) == ("reject", ("mailto:d@example.com",))


def test_records_have_no_order() -> None:
    assert Answer.of(["b", "a"]) == Answer.of(["a", "b"])


def test_a_record_behind_an_alias(dns: Dns) -> None:
    dns.alias("_dmarc.example.com", "policies.vendor.example")
    dns.text("policies.vendor.example", P)
    assert found(ask(dns, "example.com"))[:2] == ("found", "example.com")


def test_upper_case_in_dns_is_the_same_name(dns: Dns) -> None:
    dns.add([f'_DMARC.Example.COM. TXT "{P}"'])
    assert found(ask(dns, "example.com"))[:2] == ("found", "example.com")


# What comes with it


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (["v=spf1 -all"], "v=spf1 -all"),
        (["V=SPF1 ip4:192.0.2.1 -all"], "V=SPF1 ip4:192.0.2.1 -all"),
        (["v=spf1"], "v=spf1"),
        (["v=spf10 -all"], None),
        (["v=spf1 -all", "v=spf1 ~all"], None),  # RFC 7208 §4.5
        (["some-site-verification=1", "v=spf1 ~all"], "v=spf1 ~all"),
        ([], None),
    ],
)
def test_the_spf_record(dns: Dns, records: list[str], expected: str | None) -> None:
    dns.text("example.com", *records)
    assert ask(dns, "example.com").spf == expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (["0 ."], True),
        (["10 ."], False),  # RFC 7505 §3: the preference is 0
        (["0 .", "10 mx.example.com."], False),  # and no other record stands beside it
        (["10 mx.example.com."], False),
        ([], False),
    ],
)
def test_null_mx(dns: Dns, records: list[str], expected: bool) -> None:
    dns.add(f"example.com. MX {record}" for record in records)
    published = ask(dns, "example.com")
    assert published.null_mx is expected
    assert len(published.mx) == len(records)


def test_which_names_exist(dns: Dns) -> None:
    dns.add(
        [
            "a.example.com. A 192.0.2.1",
            "mx.example.com. MX 10 a.example.com.",  # no address: NODATA
            "deep.ent.example.com. TXT x",  # an empty non-terminal above it: NODATA
            "*.wild.example.com. MX 10 a.example.com.",
            "alias.example.com. CNAME a.example.com.",
            "dangling.example.com. CNAME gone.example.com.",
        ]
    )
    names = ("a", "mx", "ent", "any.wild", "alias", "dangling", "not")
    published = ask(dns, "example.com", *(f"{name}.example.com" for name in names))
    assert {name.removesuffix(".example.com"): e for name, e in published.exists.items()} == {
        "example.com": True,
        **dict.fromkeys(("a", "mx", "ent", "any.wild", "alias"), True),
        "dangling": False,  # the response code is NXDOMAIN, which is what receivers go by
        "not": False,
    }


def test_a_domain_that_does_not_exist(dns: Dns) -> None:
    published = ask(dns, "gone.example")
    assert published.exists == {"gone.example": False}
    assert (published.outcome, published.spf, published.null_mx) == (Found.NONE, None, False)


# Trouble


def test_failures_are_errors_and_tell_nothing(dns: Dns) -> None:
    published = ask(dns, BROKEN, f"a.{BROKEN}")
    assert found(published) == ("error", None, None)
    assert (published.spf, published.null_mx) == (None, None)
    assert published.exists == {BROKEN: None, f"a.{BROKEN}": None}
    assert f"_dmarc.{BROKEN} TXT" in published.errors


def test_an_error_below_is_no_leave_to_take_the_record_above(dns: Dns) -> None:
    """RFC 9989 §4.10.1: a transient error is no sign that there is no record."""
    dns.text("_dmarc.example", P)
    assert found(ask(dns, BROKEN))[:2] == ("error", None)


def test_an_error_above_does_not_hide_the_record(dns: Dns) -> None:
    dns.text("_dmarc.example.com", P)
    with dns_that_drops(lambda wire: b"\x06_dmarc\x03com\x00" in wire, dns.nameserver) as lossy:
        published = look_up("example.com", settings.Dns(nameservers=(lossy,), timeout=SHORT))
    assert found(published) == ("found", "example.com", None)
    assert published.errors == ("_dmarc.com TXT",)


def test_a_silent_server_is_an_outcome_within_the_time_of_a_domain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(analytics.dns.lookup, "DOMAIN_SECONDS", SHORT)
    names = [f"n{number}.example.com" for number in range(12)]
    asked: list[bytes] = []
    with silent_port(asked) as dead:
        published = look_up("example.com", settings.Dns(nameservers=(dead,), timeout=10), names)
    assert len(asked) <= analytics.dns.lookup.QUESTIONS_AT_ONCE  # the first ones, of 20
    assert published.outcome == Found.ERROR
    assert set(published.exists.values()) == {None}


def test_offline_nothing_is_asked(dns: Dns) -> None:
    dns.text("_dmarc.example.com", P)
    published = look_up("example.com", settings.Dns(nameservers=(dns.nameserver,), offline=True))
    assert (published.outcome, published.exists) == (Found.NOT_ASKED, {})
    assert dns.asked() == {}


HARD = (
    "a..example.com",
    "x" * 64 + ".example.com",
    ".".join(["abcdefg"] * 31) + ".com",
    "bücher.example",
    "a\\.b.example.com",
    "a b.example",
    "",
    ".",
    "192.0.2.1",
)


@pytest.mark.parametrize("domain", HARD)
def test_what_is_no_name_is_an_outcome(dns: Dns, domain: str) -> None:
    assert ask(dns, domain, *HARD).outcome in (Found.ERROR, Found.NONE)


# What a stranger may publish


def test_bytes_that_are_no_text_are_shown_as_text(dns: Dns) -> None:
    dns.add(['_dmarc.example.com. TXT "v=DMARC1; p=none; x=\\255\\000\\027[31m; y=\\195\\164"'])
    published = ask(dns, "example.com")
    assert published.text == "v=DMARC1; p=none; x=\\xff\\x00\x1b[31m; y=ä"
    record = published.record
    assert record is not None
    assert record.text() == "v=DMARC1; p=none"
    assert all(plain(problem) == problem for problem in record.problems)


def test_64_kilobytes_of_tags_are_bounded(dns: Dns) -> None:
    strings = " ".join(
        f'"{"; ".join(f"t{chr(97 + n % 26)}=x" for n in range(35))};"' for _ in range(280)
    )
    dns.add([f'_dmarc.example.com. TXT "v=DMARC1; p=reject;" {strings}'])
    published = ask(dns, "example.com")
    assert published.text is not None
    assert len(published.text) > 50_000
    assert published.record is not None
    assert published.record.p == "reject"
    assert sum(len(str(getattr(published.record, f.name))) for f in fields(published.record)) < 9000
