"""The catalogue of senders: its shape, its claims, its names, and what it answers."""

import csv
import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest

from analytics.sources.catalogue import Kind, Sender, catalogue, find, longest_match, named_by, read
from schemas.errors import ConfigError

ENTRY = """
[[sender]]
id = "one"
name = "Sender One"
aliases = ["First"]
kind = "marketing"
shared = true
dkim = ["one.example"]
spf = ["bounce.one.example"]
basis = "made up"
doc = "How to align"
align = ["Publish a key at s1._domainkey.{domain}."]
spf_alignment = false
dkim_alignment = true
"""

OTHER = ENTRY.replace("one", "two").replace("Sender One", "Sender Two").replace("First", "Second")

# Base domains whose name in the service map is another company's, or another service's of the same.
ELSEWHERE = {
    "kundenserver.de": "names of IONOS's outgoing servers, which the map gives to domainfactory",
    "registrar-servers.com": "Namecheap sells mailboxes and forwards, from different hosts",
    "transmail.net": "ZeptoMail's former name, which the map calls Zoho",
}


@pytest.fixture(scope="module")
def service_map() -> dict[str, str]:
    """{base domain: service} of the map that parsedmarc brings."""
    spec = importlib.util.find_spec("parsedmarc")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "resources" / "maps" / "base_reverse_dns_map.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["base_reverse_dns"].lower(): row["name"] for row in csv.DictReader(file)}


def test_every_kind_is_there_and_there_are_sixty_and_more() -> None:
    kinds = Counter(sender.kind for sender in catalogue())
    assert set(kinds) == set(Kind)
    assert kinds.total() >= 60


@pytest.mark.parametrize("sender", catalogue(), ids=lambda sender: sender.id)
def test_an_entry_says_what_to_do_in_whole_sentences(sender: Sender) -> None:
    assert all(step.endswith(".") for step in sender.align)
    assert all(
        re.findall(r"\{.*?\}", step) in ([], ["{domain}"] * step.count("{domain}"))
        for step in sender.align
    )
    assert any("{domain}" in step for step in sender.align)
    for identity in (sender.dkim, sender.spf, sender.ptr):
        assert not [name for name in identity for above in identity if name.endswith(f".{above}")]


@pytest.mark.parametrize("sender", catalogue(), ids=lambda sender: sender.id)
def test_the_service_map_knows_it_by_a_name_of_ours(
    sender: Sender, service_map: dict[str, str]
) -> None:
    for domain in {*sender.dkim, *sender.spf, *sender.ptr} & set(service_map) - set(ELSEWHERE):
        assert find(service_map[domain]) is sender, domain


def test_the_exceptions_to_the_service_map_are_still_needed(service_map: dict[str, str]) -> None:
    for domain in ELSEWHERE:
        assert find(service_map[domain]) is not named_by("ptr", domain)


@pytest.mark.parametrize("text", ["sendgrid", "SendGrid", " twilio  SENDGRID ", "Twilio SendGrid"])
def test_a_sender_is_found_by_id_name_and_alias_in_any_case(text: str) -> None:
    found = find(text)
    assert found is not None
    assert found.id == "sendgrid"


def test_nobody_is_found_by_a_part_of_a_name() -> None:
    assert find("send") is None
    assert find("") is None


@pytest.mark.parametrize(
    ("domain", "sender"),
    [
        ("amazonses.com", "amazon-ses"),
        ("eu-west-1.amazonses.com", "amazon-ses"),
        ("BNC.Salesforce.com.", "salesforce"),
        ("contoso.onmicrosoft.com", "microsoft-365"),
        ("notamazonses.com", None),
        ("example.com", None),
        ("com", None),
        ("", None),
        (None, None),
    ],
)
def test_a_domain_names_its_sender_and_that_above_it(
    domain: str | None, sender: str | None
) -> None:
    found = named_by("spf", domain)
    assert (found.id if found else None) == sender


def test_the_longest_suffix_wins() -> None:
    one, two = read(ENTRY + OTHER)
    owners = {"one.example": one, "two.one.example": two}
    assert longest_match(owners, "mail.one.example") is one
    assert longest_match(owners, "two.one.example") is two
    assert longest_match(owners, "Mail.two.one.example.") is two
    assert longest_match(owners, "example") is None


def test_steps_name_the_domain() -> None:
    (sender,) = read(ENTRY)
    assert sender.steps("Example.ORG.") == ("Publish a key at s1._domainkey.example.org.",)
    assert sender.steps("bücher.example") == (
        "Publish a key at s1._domainkey.xn--bcher-kva.example.",
    )


@pytest.mark.parametrize("domain", ["", "localhost", "192.0.2.1", "a b.example", "{domain}"])
def test_steps_want_a_domain(domain: str) -> None:
    (sender,) = read(ENTRY)
    with pytest.raises(ConfigError, match="is not a domain name"):
        sender.steps(domain)


def test_a_domain_below_anothers_is_no_conflict() -> None:
    below = OTHER.replace('"two.example"', '"two.one.example"')
    assert [sender.id for sender in read(ENTRY + below)] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sender = 1", "only [[sender]] tables"),
        ("[[sender", "Expected"),
        (f"title = 'x'\n{ENTRY}", "only [[sender]] tables"),
        (ENTRY + ENTRY, "the id 'one'"),
        (ENTRY + OTHER.replace("Second", "first"), "the name 'first'"),
        (ENTRY + OTHER.replace("Sender Two", "ONE"), "the name 'one'"),
        (ENTRY + OTHER.replace("two.example", "one.example"), "the dkim domain 'one.example'"),
        (ENTRY.replace('"one"', '"One"'), "One.id"),
        (ENTRY.replace("marketing", "spam"), "one.kind"),
        (ENTRY.replace('"one.example"', '"One.example"'), "not a normalised domain"),
        (ENTRY.replace('"one.example"', '"example"'), "not a normalised domain"),
        (ENTRY.replace("shared = true", 'shared = "yes"'), "one.shared"),
        (ENTRY.replace("shared = true", "shared = true\nforward = true"), "one.forward"),
        (ENTRY.replace("made up", ""), "one.basis"),
        (ENTRY.replace('basis = "made up"\n', ""), "one.basis"),
        (re.sub(r"align = \[.*\]", "align = []", ENTRY), "one.align"),
        (re.sub(r"(dkim|spf) = \[.*\]", "", ENTRY), "nothing recognises it"),
        (ENTRY.replace("shared = true", "shared = true\nasns_only = true"), "without asns"),
        (ENTRY.replace("shared = true", "shared = true\nasns = [0]"), "one.asns.0"),
        (
            ENTRY.replace("shared = true", "shared = true\nasns = [64496]\nasns_only = true")
            + OTHER.replace("shared = true", "shared = true\nasns = [64496]"),
            "AS64496",
        ),
    ],
)
def test_a_broken_catalogue_says_where(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as error:
        read(text)
    assert error.value.where == "analytics/sources/senders.toml"
