"""The verdict on one domain, situation by situation, of a standing that is told in a few words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from analytics.advice import blockers
from analytics.advice.domain_state import DomainState
from analytics.advice.verdict import Decision, decide
from analytics.dns.dmarc_record import parse
from analytics.dns.policy_discovery import Found, Published
from analytics.query.question import Owner
from analytics.query.window import Window
from schemas.config.thresholds import Gates
from tests.support.moments import utc

LAST = date(2026, 11, 20)
SEEN = LAST - timedelta(days=1)
WINDOW = Window(LAST - timedelta(days=34), LAST, LAST)
NOW = utc(2026, 11, 20, 12)
TAGS = ("p", "sp", "np", "adkim", "aspf", "pct", "t")
DOMAIN = "example.com"


def days_ago(days: int) -> date:
    return SEEN - timedelta(days=days - 1)


def service(name: str = "Own MTA", class_: str = "own", **changes: Any) -> dict[str, Any]:
    row = {
        "domain": DOMAIN,
        "source": name,
        "class": class_,
        "rule": {"own": "passes", "broken": "broken-unsigned"}.get(class_, class_),
        "sender": None,
        "messages": 5000,
        "aligned": 5000 if class_ == "own" else 0,
        "dkim_aligned": 5000 if class_ == "own" else 0,
        "spf_aligned": 0,
        "indeterminate": 0,
        "source_ip": "192.0.2.1",
        "days": 30,
        "source_ips": 1,
        "reason": "it is so",
        "header_froms": [DOMAIN],
        "first_seen": days_ago(80),
        "last_seen": SEEN,
    }
    return row | changes


def below(name: str, messages: int, aligned: int | None = None, **changes: Any) -> dict[str, Any]:
    x, n = messages if aligned is None else aligned, messages
    sums = {"clusters": 1, "xx": x * x, "xn": x * n, "nn": n * n, "xx_n": x * x / n}
    return {
        "domain": DOMAIN,
        "name": name,
        "has_record": False,
        "first_seen": date(2026, 10, 20),
        "last_seen": date(2026, 11, 19),
        "messages": n,
        "aligned": x,
        "source_ips": 1,
        **sums,
        "grouped_failures": n - x,
        "joint_failures": 0.0,
        **changes,
    }


def lost(source: str, *, is_below: bool = False, stopped: int = 90) -> dict[str, Any]:
    return {
        "source": source,
        "below": is_below,
        "messages": 100,
        "fails": 100,
        "bad_days": 4,
        "first_bad_day": days_ago(4),
        "reporters": 3,
        "verified_reporters": 2,
        "stopped": stopped,
        "stopping_reporters": 2 if stopped else 0,
        "stopping_verified": 1 if stopped else 0,
    }


def healthy(published: Mapping[str, Any], **changes: Any) -> DomainState:
    """A domain that has sent what passes for 90 days, at this policy ever since."""
    seen = {
        "first_day": days_ago(90),
        "last_day": SEEN,
        "policy_since": days_ago(90),
        "below_since": days_ago(90),
        **dict.fromkeys(("sp", "np", "pct", "t")),
        "reporters": 4,
        "large_reporters": 2,
        "largest_share": 0.6,
        "largest_reporter": "google.com",
        "firm_of_others": 2000,
        "aligned_of_others": 2000,
        "days": 35,
        "days_of_30": 30,
        "legitimate_aligned": 5000,
        **dict.fromkeys(
            ("spf_alone", "spf_alone_below", "indirect_fails", "indirect_fails_below"), 0
        ),
    }
    mail = {
        "published": dict.fromkeys(TAGS) | dict(published),
        "legitimate": 5000,
        "messages": 5000,
        "classes": {"own": 5000, "spoof": 0},
        "unverified": 0,
        "interval": (0.999, 1.0),
    }
    given = {key: changes.pop(key) for key in [*changes] if key in DomainState.__slots__}
    mail |= {key: changes.pop(key) for key in [*changes] if key in mail}
    found = DomainState(DOMAIN, WINDOW, mail, seen | changes, [service()])
    return replace(found, **given)


def verdict(standing: DomainState, **gates: Any) -> Decision:
    return decide(standing, Gates(**gates))


# The gates that are new to a domain's history.


def test_a_healthy_domain_goes_on() -> None:
    for published, target in (
        ({"p": "none"}, {"p": "quarantine"}),
        ({"p": "quarantine"}, {"p": "reject"}),
        ({"p": "quarantine", "pct": 25}, {"p": "quarantine", "pct": None}),
        ({"p": "reject", "sp": "none"}, {"sp": "quarantine"}),
    ):
        found = verdict(healthy(published))
        assert (found.verdict, found.target) == ("advance", target), found.reason
    assert verdict(healthy({"p": "reject"})).verdict == "done"


def test_one_reporters_word_is_not_enough() -> None:
    """RFC 9990 §8.2, and coverage: what nobody else sees nobody else confirms."""
    alone = healthy({"p": "none"}, largest_share=0.99, firm_of_others=40, aligned_of_others=40)
    found = verdict(alone)
    assert found.verdict == "wait"
    assert "google.com sees 99%" in found.reason
    assert verdict(alone, messages_of_others=30).verdict == "advance"
    assert verdict(alone, messages_of_others=0).verdict == "advance"
    disagreeing = healthy({"p": "none"}, firm_of_others=500, aligned_of_others=400)
    assert verdict(disagreeing).verdict == "wait"


def test_little_mail_after_three_months_is_insufficient_evidence() -> None:
    few: dict[str, Any] = {"legitimate": 60, "legitimate_aligned": 60, "days_of_30": 12}
    found = verdict(healthy({"p": "none"}, **few, interval=(0.94, 1.0)))
    assert found.verdict == "wait"
    assert "insufficient evidence: 60 legitimate messages in 35 days" in found.reason
    assert "up to 5% may" in found.reason  # 3/60, the rule of three
    assert "Decide yourself" in found.reason
    young = verdict(healthy({"p": "none"}, **few, first_day=days_ago(60)))
    assert "insufficient" not in young.reason
    nothing = healthy({"p": "none"}, legitimate=0, legitimate_aligned=0, services=[])
    assert "no mail to judge by" in verdict(nothing).reason


def test_a_history_without_a_quarter_says_so() -> None:
    """RFC 9989 §5.1.7."""
    assert "quarterly sender" in verdict(healthy({"p": "none"})).reason
    long = healthy({"p": "none"}, first_day=days_ago(140))
    assert "quarterly sender" not in verdict(long).reason
    assert "quarterly sender" not in verdict(healthy({"p": "none"}), quarter_days=60).reason


@pytest.mark.parametrize(("failed", "said"), [("broken", "fix"), ("undecided", "wait")])
def test_what_failed_a_quarter_ago_is_asked_about(failed: str, said: str) -> None:
    row = service("Statements", failed, last_seen=days_ago(60)) | {"passes_again": False}
    found = verdict(healthy({"p": "none"}, dormant=[row]))
    assert (found.verdict, found.blockers[0]["source"]) == (said, "Statements")
    assert verdict(healthy({"p": "reject"}, dormant=[row])).verdict == "done"


# Names below the domain.

OPEN_BELOW = {"p": "reject", "sp": "none"}


def test_sp_waits_for_each_name_or_for_its_own_record() -> None:
    rows = [below("shop.example.com", 900), below("bills.example.com", 80)]
    found = verdict(healthy(OPEN_BELOW, below=rows))
    assert found.verdict == "wait"
    assert "bills.example.com (80)" in found.reason
    (blocker,) = found.blockers
    assert blocker["source"] == "bills.example.com"
    assert '_dmarc.bills.example.com. TXT "v=DMARC1; p=none; rua=' in blocker["remedy"]
    with_record = [rows[0], rows[1] | {"has_record": True}]
    assert verdict(healthy(OPEN_BELOW, below=with_record)).target == {"sp": "quarantine"}


def test_sp_waits_for_a_name_that_fails() -> None:
    rows = [below("shop.example.com", 900, 860)]
    assert verdict(healthy(OPEN_BELOW, below=rows)).verdict == "wait"


def test_sp_waits_as_long_as_p_does() -> None:
    """Days count from when the record said so of names below, not from p."""
    half = {"p": "reject", "sp": "quarantine"}
    fresh = verdict(healthy(half, below_since=days_ago(12)))
    assert (fresh.verdict, fresh.reason) == ("wait", "days at this policy: 12, required 30")
    assert verdict(healthy(half, below_since=days_ago(31))).target == {"sp": "reject"}


def test_sp_reject_rests_on_signed_mail_of_the_names_below() -> None:
    """RFC 9989 §7.4."""
    half, rows = {"p": "reject", "sp": "quarantine"}, [below("shop.example.com", 900)]
    signs_nothing = healthy(half, below=rows, spf_alone_below=500)
    assert verdict(signs_nothing).verdict == "fix"
    lists = healthy(half, below=rows, indirect_fails=400, indirect_fails_below=40)
    assert verdict(lists).verdict == "fix"
    assert verdict(healthy(half, below=rows, indirect_fails=400)).verdict == "advance"


# Losses, by the tag that decides.


def test_a_step_back_is_of_the_tag_that_loses() -> None:
    for published, row, target in (
        ({"p": "reject"}, lost("Shop"), {"p": "quarantine"}),
        ({"p": "reject", "sp": "none"}, lost("Shop"), {"p": "quarantine"}),
        ({"p": "reject"}, lost("Shop", is_below=True), {"sp": "quarantine"}),
        ({"p": "none", "np": "reject"}, lost("Shop", is_below=True), {"np": "none"}),
        (
            {"p": "reject", "sp": "quarantine", "np": "reject"},
            lost("Shop", is_below=True),
            {"sp": "none", "np": "none"},
        ),
    ):
        services = [service(), service("Shop", "broken")]
        found = verdict(healthy(published, services=services, breaks=[row]))
        assert (found.verdict, dict(found.target)) == ("roll-back", target), published


def test_strict_alignment_alone_is_relaxed() -> None:
    services = [service(), service("Shop", "broken", rule="broken-alignment")]
    found = verdict(healthy({"p": "reject"}, services=services, breaks=[lost("Shop")]))
    assert (found.verdict, found.target) == ("roll-back", {"adkim": "r", "aspf": "r"})


@pytest.mark.parametrize(
    ("published", "is_below", "stopped", "said"),
    [
        ({"p": "none"}, False, 90, "fix"),  # what receivers do of their own is not ours to undo
        ({"p": "reject", "sp": "none"}, True, 90, "fix"),
        ({"p": "none", "np": "reject"}, False, 90, "fix"),
        ({"p": "none", "np": "reject"}, True, 0, "fix"),  # nobody there knows np, or it exists
        ({"p": "quarantine", "t": "y"}, False, 0, "fix"),  # RFC 9989 §4.7: one level lower
        ({"p": "quarantine", "t": "y"}, False, 90, "roll-back"),  # receivers that do not know t
    ],
)
def test_what_is_asked_of_some_receivers_is_lost_where_they_stop_it(
    published: dict[str, Any], is_below: bool, stopped: int, said: str
) -> None:
    services = [service(), service("Shop", "broken")]
    row = lost("Shop", is_below=is_below, stopped=stopped)
    assert verdict(healthy(published, services=services, breaks=[row])).verdict == said


def test_one_unproven_reporter_rolls_nothing_back() -> None:
    row = lost("Shop") | {"reporters": 1, "verified_reporters": 0}
    services = [service(), service("Shop", "broken")]
    assert verdict(healthy({"p": "reject"}, services=services, breaks=[row])).verdict == "fix"
    proven = row | {"verified_reporters": 1}
    found = verdict(healthy({"p": "reject"}, services=services, breaks=[proven]))
    assert found.verdict == "roll-back"


# A domain without a record.


def dns(text: str | None, *texts: str) -> Published:
    record = None if text is None else parse(text)
    outcome = Found.NONE if record is None else Found.FOUND
    given = texts or ((text,) if text else ())
    return Published(DOMAIN, NOW, outcome, record, DOMAIN, text, given, DOMAIN)


def test_a_lost_record_is_published_again() -> None:
    found = verdict(healthy({"p": "quarantine"}, dns=dns(None)))
    assert (found.verdict, found.target) == ("advance", {"p": "quarantine"})
    assert "DNS has no DMARC record" in found.reason
    several = dns(None, "v=DMARC1; p=none", "v=DMARC1; p=reject")
    assert "several DMARC records" in verdict(healthy({"p": "none"}, dns=several)).reason
    assert verdict(healthy({"p": "none"}, dns=dns("v=DMARC1; p=none"))).target == {
        "p": "quarantine"
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"last_day": days_ago(12)},  # nothing is known of the days since
        {"services": [service(), service("Shop", "broken")]},
        {"breaks": [lost("Shop")]},
    ],
)
def test_a_lost_record_that_may_do_harm_begins_anew(changes: dict[str, Any]) -> None:
    found = verdict(healthy({"p": "reject"}, dns=dns(None), **changes))
    assert (found.verdict, found.target) == ("advance", {"p": "none"})


def test_a_parked_domain_without_a_record_is_closed_at_once() -> None:
    parked = healthy({"p": "none"}, dns=dns(None), owner=Owner(parked=True), services=[])
    assert verdict(parked).target["p"] == "reject"


@pytest.mark.parametrize(
    ("published", "text", "said"),
    [
        ({"p": "none"}, "v=DMARC1; p=quarantine", "wait"),
        ({"p": "none"}, "v=DMARC1; p=none", "advance"),
        ({"p": "quarantine", "t": "y"}, "v=DMARC1; p=quarantine; t=y", "advance"),
        ({"p": "quarantine", "t": "y"}, "v=DMARC1; p=quarantine", "wait"),
        ({"p": "quarantine", "pct": 25}, "v=DMARC1; p=quarantine; pct=25", "advance"),
        ({"p": "quarantine", "pct": 25}, "v=DMARC1; p=quarantine", "wait"),
    ],
)
def test_what_dns_publishes_already_is_waited_for(
    published: dict[str, Any], text: str, said: str
) -> None:
    assert verdict(healthy(published, dns=dns(text))).verdict == said


@pytest.mark.parametrize(("rule", "said"), [("undecided-vendor", "wait"), ("undecided", "done")])
def test_at_the_goal_a_vendors_mail_that_is_refused_is_asked_about(rule: str, said: str) -> None:
    """It may be a service of the owner's that p=reject has been refusing since it began."""
    row = service("SendGrid", "undecided", rule=rule, messages=90)
    found = verdict(healthy({"p": "reject"}, services=[service(), row]))
    assert (found.verdict, len(found.blockers)) == (said, int(said == "wait"))


@pytest.mark.parametrize(
    ("first", "words"),
    [(4, "in the last 7 days, first on 2026-11-"), (7, "in the last 7 days, since the first or")],
)
def test_since_when_it_fails_is_said_as_far_as_it_is_known(first: int, words: str) -> None:
    """What was before the days that are looked at is not: the first of them is no date."""
    failing = lost("Own MTA") | {"first_bad_day": LAST - timedelta(days=first - 1)}
    standing = healthy({"p": "reject"}, breaks=[failing])
    assert words in decide(standing, Gates()).reason


@pytest.mark.parametrize(("aligned", "class_"), [(0, "broken"), (3, "own")])
def test_the_label_that_is_proposed_fits_what_passes(aligned: int, class_: str) -> None:
    unknown = service("Some ESP", "undecided", messages=40, aligned=aligned)
    standing = healthy({"p": "none"}, services=[service(), unknown])
    (found,) = blockers.undecided(standing, Gates())
    assert f"rua label example.com 'Some ESP' {class_};" in found["remedy"]


def test_a_reason_of_one_address_says_of_how_many() -> None:
    unknown = service("Some ESP", "undecided", messages=40, aligned=0, source_ips=3)
    standing = healthy({"p": "none"}, services=[service(), unknown])
    (found,) = blockers.undecided(standing, Gates())
    assert found["reason"] == "largest of 3 addresses: it is so"
