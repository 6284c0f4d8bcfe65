"""What receivers made of the demo's mail, worked out a second time from the documents alone."""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

import maxminddb
import parsedmarc
import pytest

from ingest.demo import write_demo
from ingest.demo.habits import Reporter
from ingest.demo.networks import Network
from ingest.demo.platforms import SERVICES
from ingest.demo.receivers import evaluate
from ingest.demo.reporters import REPORTERS, reporter
from ingest.demo.traffic import keyed
from tests.simulator.variants import VARIANTS, plan_of
from tests.support.stores.demo_mailbox import UNTIL, Demo, Parsed, load, shared_demo

IPINFO = Path(parsedmarc.__file__).parent / "resources" / "ipinfo" / "ipinfo_lite.mmdb"
RELAY_AS = {
    "google.com": 15169,
    "Outlook.com": 8075,
    "Enterprise Outlook": 8075,
    "Yahoo": 36646,
    "Mail.Ru": 47764,
    "GMX": 8560,
    "WEB.DE": 8560,
    "Fastmail Pty Ltd": 151847,
    "comcast.net": 7922,
    "Mimecast": 30031,
    "Northgate Insurance SEG": 3320,
    "KDDI": 2516,
    "zoho.com": 2639,
    "Seznam.cz a.s.": 43037,
    "Kite Cooperative": 2856,
    "FJORD HOSTING AS": 3320,
    "Meridian University": 786,
    "Barrow Logistics": 2856,
}
NEWER = {"GMX", "WEB.DE"}
# Without a Content-Type (D32) parsedmarc takes the attachment for text and passes it over.
UNREADABLE = {"Northgate Insurance SEG"}


@pytest.fixture
def demo() -> Demo:
    return shared_demo()


def word(element: Element, path: str) -> str:
    return str(element.findtext(path) or "").lower()


def organizational(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def aligns(name: str, header_from: str, mode: str) -> bool:
    if mode == "s":
        return name == header_from
    return organizational(name) == organizational(header_from)


def records(demo: Demo) -> Iterator[tuple[Parsed, Element]]:
    for report in demo.reports:
        for record in report.records:
            yield report, record


def test_alignment_follows_from_the_identifiers(demo: Demo) -> None:
    for report, record in records(demo):
        header_from = word(record, "identifiers/header_from")
        modes = {tag: report.text(f"policy_published/{tag}", "r") for tag in ("adkim", "aspf")}
        if _mixed(report):
            continue
        dkim = any(
            word(each, "result") == "pass"
            and aligns(word(each, "domain"), header_from, modes["adkim"])
            for each in record.findall("auth_results/dkim")
        )
        spf = any(
            word(each, "result") == "pass"
            and word(each, "scope") != "helo"
            and aligns(word(each, "domain"), header_from, modes["aspf"])
            for each in record.findall("auth_results/spf")
        )
        evaluated = [word(record, f"row/policy_evaluated/{kind}") for kind in ("dkim", "spf")]
        assert evaluated == ["pass" if each else "fail" for each in (dkim, spf)], report.file


def _mixed(report: Parsed) -> bool:
    """A week in which the policy may have changed (RFC 9990 §3.3)."""
    ends = [int(report.text(f"report_metadata/date_range/{end}")) for end in ("begin", "end")]
    return ends[1] - ends[0] > 86_400


def asked(report: Parsed, header_from: str, exists: bool) -> str:
    published = {tag: report.root.findtext(f"policy_published/{tag}") for tag in ("p", "sp", "np")}
    if header_from == report.text("policy_published/domain"):
        return str(published["p"])
    if not exists and published["np"]:
        return str(published["np"])
    return published["sp"] or str(published["p"])


def test_dispositions_follow_from_the_policy(demo: Demo) -> None:
    lower = {"reject": "quarantine", "quarantine": "none"}
    for report, record in records(demo):
        # Yahoo leaves sp out, Google's np falls back, and a week may mix two policies.
        if _mixed(report) or report.text("report_metadata/org_name") == "Yahoo":
            continue
        header_from = word(record, "identifiers/header_from")
        exists = header_from == "news.example.org"
        want = asked(report, header_from, exists)
        evaluated = record.find("row/policy_evaluated")
        assert evaluated is not None
        disposition = word(evaluated, "disposition")
        reasons = [word(each, "type") for each in evaluated.findall("reason") if word(each, "type")]
        if "pass" in (word(evaluated, "dkim"), word(evaluated, "spf")):
            newer = report.text("report_metadata/org_name") in NEWER
            assert disposition == ("pass" if newer and want != "none" else "none")
            assert reasons == []
        elif set(reasons) & {"sampled_out", "policy_test_mode"}:
            assert disposition == lower[want]
        elif not reasons:
            assert disposition == want, report.file


def test_pass_is_a_disposition_of_the_newer_shape_only(demo: Demo) -> None:
    who = {
        report.text("report_metadata/org_name")
        for report, record in records(demo)
        if word(record, "row/policy_evaluated/disposition") == "pass"
    }
    assert who == NEWER


def test_mail_refused_under_reject_is_still_reported(demo: Demo) -> None:
    rejected = Counter(
        report.text("policy_published/domain")
        for report, record in records(demo)
        if word(record, "row/policy_evaluated/disposition") == "reject"
    )
    assert rejected["copperline.example"]
    assert rejected["tallship.example"]


def test_a_mailing_list_is_named_by_some_reporters_only(demo: Demo) -> None:
    named: Counter[tuple[str, bool]] = Counter()
    for report, record in records(demo):
        if word(record, "auth_results/spf/domain") in ("groups.io", "gnu.org"):
            kinds = {word(each, "type") for each in record.findall("row/policy_evaluated/reason")}
            named[report.text("report_metadata/org_name"), "mailing_list" in kinds] += 1
    assert {who for who, said in named if said} & {"google.com", "Yahoo"}
    assert {who for who, said in named if not said} & {"Outlook.com", "Enterprise Outlook"}


def test_every_override_reason_has_its_place(demo: Demo) -> None:
    kinds = {
        word(reason, "type")
        for _, record in records(demo)
        for reason in record.findall("row/policy_evaluated/reason")
    }
    wanted = {"", "mailing_list", "local_policy", "sampled_out", "forwarded", "trusted_forwarder"}
    assert wanted <= kinds
    comments = [
        word(reason, "comment")
        for _, record in records(demo)
        for reason in record.findall("row/policy_evaluated/reason")
    ]
    assert any(comment.startswith("arc=pass") for comment in comments)


def test_a_test_stage_is_told_in_both_generations_words() -> None:
    """RFC 9990 §3.1.6, RFC 7489 §6.6.4: t=y and pct=0 each have a reason of their own."""
    plan, kinds = plan_of(1, UNTIL, "default"), set()
    domain = next(each for each in plan.domains if each.name == "halfway.example")
    for back in range(71, 91):
        day = UNTIL - timedelta(days=back)
        policy = domain.stage_on(day, UNTIL).policy
        assert (policy.t, policy.pct) == ("y", 0)
        for each in plan.deliveries(domain, day):
            who = reporter(each.reporter)
            for row in evaluate(each, policy, who, lambda: keyed("test"), overrides=True):
                kinds |= {(who.dialect.newer, kind) for kind, _ in row.reasons}
    assert kinds == {(True, "policy_test_mode"), (False, "sampled_out")}


def test_without_overrides_no_reason_is_given(tmp_path: Path) -> None:
    write_demo(tmp_path, days=3, until=UNTIL, variant=VARIANTS["no-overrides"])
    for report in load(tmp_path).reports:
        assert not [each for each in report.root.iter("reason") if word(each, "type")]


def test_abuse_from_inside_comes_from_the_platforms_own_networks() -> None:
    plan = plan_of(1, UNTIL, "inside-abuse")
    found = set()
    for domain in plan.domains:
        for back in range(1, 31):
            for each in plan.deliveries(domain, UNTIL - timedelta(days=back)):
                found.add((each.stream.service, each.label))
    assert {("m365-other-tenant", "spoof"), ("ses-other-customer", "spoof")} <= found
    for ours, theirs in (
        ("microsoft-365", "m365-other-tenant"),
        ("amazon-ses", "ses-other-customer"),
    ):
        assert set(SERVICES[theirs].networks) <= set(SERVICES[ours].networks)


def test_other_vendors_take_the_places_of_the_usual_ones(tmp_path: Path) -> None:
    write_demo(tmp_path, days=3, until=UNTIL, variant=VARIANTS["other-vendors"])
    services = {each["service"] for each in load(tmp_path).truth["sources"]}
    assert "sparkpost" in services
    assert not services & {"amazon-ses", "sendgrid", "mailgun", "zendesk"}


def test_temperror_is_microsofts_and_about_one_in_a_hundred(demo: Demo) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    for report, record in records(demo):
        results = [word(each, "result") for each in record.findall("auth_results/dkim")]
        count = int(word(record, "row/count"))
        if results:
            seen[report.text("report_metadata/org_name"), "temperror" in results] += count
    assert {who for who, temporary in seen if temporary} <= {"Outlook.com", "Enterprise Outlook"}
    share = seen["Outlook.com", True] / (seen["Outlook.com", True] + seen["Outlook.com", False])
    assert 0.005 < share < 0.02


# Habits: each reporter's own, as the documents and mails show them.


def first(demo: Demo, org_name: str) -> Parsed:
    return demo.of(org_name)[0]


def test_every_reporter_reports(demo: Demo) -> None:
    assert {each.text("report_metadata/org_name") for each in demo.reports} == {
        each.org_name for each in REPORTERS
    }


def test_documents_bear_their_reporters_habits(demo: Demo) -> None:
    google, yahoo, mail_ru = (first(demo, name) for name in ("google.com", "Yahoo", "Mail.Ru"))
    assert google.root.find("policy_published/np") is not None
    assert google.root.find("version") is None
    assert google.text("report_metadata/report_id").isdecimal()
    assert yahoo.root.find("policy_published/sp") is None
    assert mail_ru.root.find("policy_published/adkim") is None
    assert not any(True for _ in mail_ru.root.iter("selector"))
    assert "XMLSchema-instance" in first(demo, "Outlook.com").xml
    assert first(demo, "Outlook.com").root.find("record/identifiers/envelope_to") is not None
    for name in NEWER:
        newer = first(demo, name)
        assert 'xmlns="urn:ietf:params:xml:ns:dmarc-2.0"' in newer.xml
        assert newer.root.find("policy_published/pct") is None
        for path in ("policy_published/discovery_method", "policy_published/testing"):
            assert newer.root.find(path) is not None
        assert newer.root.find("report_metadata/generator") is not None
    kite = [record for report in demo.of("Kite Cooperative") for record in report.records]
    assert {word(record, "row/count") for record in kite} == {"1"}
    fjord = first(demo, "FJORD HOSTING AS").root.findtext("record/row/policy_evaluated/dkim")
    assert fjord in ("PASS", "FAIL")


def test_zoho_names_no_domain_for_helo(demo: Demo) -> None:
    spf = [each for report in demo.of("zoho.com") for each in report.root.iter("spf")]
    helo = [each for each in spf if word(each, "scope") == "helo"]
    assert helo
    assert all(each.find("domain") is None for each in helo)


def test_periods_differ_by_reporter(demo: Demo) -> None:
    spans: dict[str, set[int]] = {}
    for report in demo.reports:
        ends = [int(report.text(f"report_metadata/date_range/{end}")) for end in ("begin", "end")]
        spans.setdefault(report.text("report_metadata/org_name"), set()).add(ends[1] - ends[0])
    assert spans["google.com"] == {86_399}
    assert spans["Outlook.com"] == spans["Mail.Ru"] == {86_400}
    assert spans["KDDI"] == {43_199}
    assert max(spans["Northgate Insurance SEG"]) == 7 * 86_400 - 1


def test_mails_bear_their_reporters_habits(demo: Demo) -> None:
    mails = {mail["reporter"]: demo.raw(mail) for mail in demo.mails("report")}
    assert b"application/zip" in mails["google.com"]
    assert max(map(len, mails["Outlook.com"].split(b"\r\n"))) > 998
    assert b"Content-Disposition: inline" in mails["Fastmail Pty Ltd"]
    assert b"ContentType: application/gzip" in mails["Northgate Insurance SEG"]
    assert b"Content-Type: text/xml" in mails["Kite Cooperative"]
    assert b"dmarc=none" in mails["Kite Cooperative"]


def test_one_reporter_is_late_and_one_sends_twice(demo: Demo) -> None:
    for mail in demo.mails("report"):
        if mail["reporter"] == "Meridian University":
            arrived = date.fromisoformat(mail["arrived"][:10])
            assert 2 <= (arrived - datetime.fromtimestamp(mail["end"], UTC).date()).days <= 5
    assert {mail["reporter"] for mail in demo.mails("duplicate")} == {"Barrow Logistics"}


def test_some_reporters_never_report_some_domains(demo: Demo) -> None:
    seen = {(mail["reporter"], mail["policy_domain"]) for mail in demo.mails("report")}
    assert ("WEB.DE", "lantern-energy.example") not in seen
    assert ("WEB.DE", "harbour.example") in seen


# Addresses.


def autonomous_system(database: maxminddb.Reader, address: str) -> int:
    entry = database.get(address)
    return int(str(entry["asn"])[2:]) if isinstance(entry, dict) and "asn" in entry else 0


def prefixes(database: maxminddb.Reader, network: Network) -> Iterator[int]:
    """The AS of every entry of the database inside the network."""
    prefix = ipaddress.ip_network(network.prefix)
    at, last = int(prefix.network_address), int(prefix.broadcast_address)
    kind = type(prefix.network_address)
    while at <= last:
        address = kind(at)
        entry, length = database.get_with_prefix_len(str(address))
        yield int(str(entry["asn"])[2:]) if isinstance(entry, dict) and "asn" in entry else 0
        size = 1 << (address.max_prefixlen - length)
        at = (at // size + 1) * size


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_network_lies_whole_in_its_as(name: str) -> None:
    with maxminddb.open_database(IPINFO) as database:
        for network in SERVICES[name].networks:
            assert set(prefixes(database, network)) == {network.asn}, network.prefix


def test_each_address_of_the_demo_is_in_an_as_of_its_service(demo: Demo) -> None:
    with maxminddb.open_database(IPINFO) as database:
        for source in demo.truth["sources"]:
            allowed = {network.asn for network in SERVICES[source["service"]].networks}
            assert autonomous_system(database, source["source_ip"]) in allowed, source


@pytest.mark.parametrize("who", REPORTERS, ids=lambda who: who.org_name)
def test_each_relay_is_in_its_as(who: Reporter) -> None:
    with maxminddb.open_database(IPINFO) as database:
        assert autonomous_system(database, who.relay) == RELAY_AS[who.org_name]


# A second reader.


def sample(demo: Demo) -> list[tuple[str, bytes]]:
    """Two mails of every reporter and some TLS reports."""
    taken: Counter[str] = Counter()
    found = []
    for mail in demo.mails("report") + demo.mails("tls"):
        if mail["records"] <= 12 and taken[mail["reporter"]] < 2:
            taken[mail["reporter"]] += 1
            found.append((mail["reporter"], demo.raw(mail)))
    return found


def test_parsedmarc_accepts_every_dialect(demo: Demo) -> None:
    mails = sample(demo)
    assert len(mails) >= 36
    for who, raw in mails:
        if who in UNREADABLE:
            with pytest.raises(parsedmarc.InvalidDMARCReport):
                parsedmarc.parse_report_email(raw, offline=True)
            continue
        result = parsedmarc.parse_report_email(raw, offline=True)
        assert result["report_type"] in ("aggregate", "smtp_tls"), who
