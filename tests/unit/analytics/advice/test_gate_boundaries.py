"""Each setting of [gates]: what is measured in a store made by hand, and the setting one below it,
equal to it and one above it (docs/settings.md, docs/advice.md)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.asked import Asked, asked
from tests.support.stores.hand_made import LAST, Record, Report, ago, daily, moved, stored

OWN, NEWER, LIST, PARTLY, UNKNOWN = (f"192.0.2.{n}" for n in (10, 20, 30, 40, 50))
STRANGER = "198.51.100.7"
LABELS = {STRANGER: "spoof", LIST: "list", PARTLY: "own", UNKNOWN: "undecided"}
# 45 days, of which five without any report; the window is the last 35, and all five lie in the
# last 30 of them.
DAYS = [day for day in range(45) if day not in (3, 7, 11, 15, 19)]
BROKEN: dict[str, Any] = {"dkim": "fail", "spf": "fail"}
Of = Callable[[str], Asked]


def healthy(p: str = "none") -> list[Report]:
    """Of the window's 30 days with reports Google sees 10 messages each; Yahoo sees 60 and a
    mailbox provider 30: 390 messages of ours, and all of them pass."""
    tags = {"p": p}
    return [
        *daily(DAYS, "google.com", Record(OWN, 10), tags=tags),
        *daily([30], "yahoo.com", Record(OWN, 60), tags=tags),
        *daily([30], "mailbox.example", Record(OWN, 30), tags=tags),
        # It sees nothing of ours, so it is no reporter who saw our mail.
        *daily([1], "other.example", Record(STRANGER, 1, **BROKEN), tags=tags),
    ]


UNSIGNED = Record(OWN, 10, dkim="fail", signatures=())
NINETY = (Record(PARTLY, 54), Record(PARTLY, 6, **BROKEN))
CASES = {
    # One source is new: first seen 12 days ago, 10 messages that pass. 400 are ours.
    "none": [*healthy(), *daily([12], "google.com", Record(NEWER, 10))],
    # 10 messages pass by SPF alone: 400 are ours; 2 more are lost by a list.
    "quarantine": [
        *healthy("quarantine"),
        *daily([20], "google.com", UNSIGNED, Record(LIST, 2, **BROKEN), tags={"p": "quarantine"}),
    ],
    # A source of ours, by label, that passes 54 of 60: 90 %. 450 are ours.
    "partly": [*healthy(), *daily([25], "google.com", *NINETY)],
    # Beside the largest reporter 90 + 54 of 150 pass: 96 %.
    "others": [*healthy(), *daily([25], "yahoo.com", *NINETY)],
    # Undecided: 8 messages on two days, 7 days apart. 390 are ours.
    "undecided": [*healthy(), *daily([2, 9], "google.com", Record(UNKNOWN, 4, **BROKEN))],
    # The newest report is of the 6th day before the last.
    "silent": [each for each in healthy() if each.day <= ago(6)],
}


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Of]:
    """Asks about a case, which is a domain of one store."""
    reports = [each for name in CASES for each in moved(CASES[name], f"{name}.example")]
    with asked(stored(reports, tmp_path_factory.mktemp("gates")), LAST, labels=LABELS) as found:
        yield lambda name: found.but(domain=f"{name}.example")


# name of the gate, setting, what is measured: the largest value of the setting that opens it, and
# the smallest that closes it.
AT_NONE: list[tuple[str, str, Any, Any]] = [
    ("days at this policy", "days_at_none", 45, 46),
    ("days with reports", "days_with_reports", 25, 26),
    ("reporters", "reporters", 3, 4),
    ("large reporters", "large_reporters", 2, 3),
    # Yahoo's 60 and the provider's 30; Google has the most.
    ("messages seen by other reporters", "messages_of_others", 90, 91),
    ("legitimate messages", "messages", 400, 401),
    # Wilson, no failure: n / (n + 1.96²) = 400 / 403.8416 = 0.99049
    ("legitimate mail that passes", "rate_before_quarantine", 0.9904, 0.9906),
    ("each source's age", "new_source_days", 12, 13),
]


def test_every_gate_is_open_at_what_is_measured(of: Of) -> None:
    gates = {setting: at for _, setting, at, _ in AT_NONE}
    found = of("none").with_gates(**gates).advice()
    assert [each["name"] for each in found["gates"] if not each["ok"]] == []
    assert found["verdict"] == "advance"
    assert found["changes"] == {"p": "quarantine"}


@pytest.mark.parametrize(("name", "setting", "at", "above"), AT_NONE)
def test_one_above_closes_that_gate_alone(
    of: Of, name: str, setting: str, at: Any, above: Any
) -> None:
    open_ = {other: value for _, other, value, _ in AT_NONE}
    found = of("none").with_gates(**open_ | {setting: above}).advice()
    assert [each["name"] for each in found["gates"] if not each["ok"]] == [name]
    assert found["verdict"] == "wait"
    assert found["reason"].startswith(name)


def test_gates_show_what_was_measured(of: Of) -> None:
    measured = {each["name"]: each["measured"] for each in of("none").advice()["gates"]}
    for name, _, value, _ in AT_NONE[:4]:
        assert measured[name] == str(value), name
    assert measured["messages seen by other reporters"].startswith("90, 100.0% pass")
    assert measured["legitimate messages"] == "400"
    assert measured["legitimate mail that passes"] == "99.0%"  # 0.99049


def test_required_days_are_those_of_the_policy_that_is_published(of: Of) -> None:
    """days_at_quarantine, not days_at_none."""
    name, lenient = (
        "days at this policy",
        of("quarantine").with_gates(spf_alone=0.5, indirect_loss=0.5),
    )
    assert lenient.with_gates(days_at_quarantine=45, days_at_none=99).gate(name)["ok"]
    assert not lenient.with_gates(days_at_quarantine=46, days_at_none=1).gate(name)["ok"]


def test_before_reject_the_stricter_rate_is_asked_for(of: Of) -> None:
    """400 of 400 pass: 0.99049, as above."""
    name = "legitimate mail that passes"
    lenient = of("quarantine").with_gates(spf_alone=0.5, indirect_loss=0.5)
    assert lenient.with_gates(rate_before_reject=0.9904, rate_before_quarantine=0.999).gate(name)[
        "ok"
    ]
    assert not lenient.with_gates(rate_before_reject=0.9906, rate_before_quarantine=0.5).gate(name)[
        "ok"
    ]


# 10 of 400 messages pass by SPF alone: 0.025. 2 of 400 are lost by lists: 0.005.


def test_mail_by_spf_alone_blocks_reject_above_its_share(of: Of) -> None:
    """RFC 9989 §7.4, §8: at most that share."""
    lenient = of("quarantine").with_gates(indirect_loss=0.5)
    at = lenient.with_gates(spf_alone=0.025).advice()
    assert (at["verdict"], at["changes"]) == ("advance", {"p": "reject"})
    assert lenient.with_gates(spf_alone=0.0249).advice()["verdict"] == "fix"


def test_indirect_loss_blocks_reject_above_its_share(of: Of) -> None:
    lenient = of("quarantine").with_gates(spf_alone=0.5)
    at = lenient.with_gates(indirect_loss=0.005).advice()
    assert (at["verdict"], at["changes"]) == ("advance", {"p": "reject"})
    above = lenient.with_gates(indirect_loss=0.0049)
    found = above.advice()
    assert (found["verdict"], found["blockers"][0]["class"]) == ("fix", "list")
    accepted = above.but(owner={"accept_indirect_loss": True}).advice()
    assert (accepted["verdict"], accepted["changes"]) == ("advance", {"p": "reject"})


def test_the_goal_ends_the_road(of: Of) -> None:
    found = of("quarantine").but(owner={"goal": "quarantine"}).advice()
    assert (found["verdict"], found["record"]) == ("done", None)


@pytest.mark.parametrize(
    ("gates", "is_open"),
    [
        ({"rate_of_source": 0.90}, True),
        ({"rate_of_source": 0.901}, False),
        # Of 60 messages: with rate_share out of the way, it has a rate from 60 on.
        ({"rate_messages": 59, "rate_share": 0.99}, False),
        ({"rate_messages": 60, "rate_share": 0.99}, False),
        ({"rate_messages": 61, "rate_share": 0.99}, True),
        # Its share: 60 / 450 = 0.1333
        ({"rate_messages": 1000, "rate_share": 0.13}, False),
        ({"rate_messages": 1000, "rate_share": 0.14}, True),
    ],
)
def test_each_source_that_is_large_enough_has_to_pass(
    of: Of, gates: dict[str, Any], is_open: bool
) -> None:
    lenient = of("partly").with_gates(rate_before_quarantine=0.5)
    assert lenient.with_gates(**gates).gate("each source that passes")["ok"] is is_open


def test_others_have_to_agree(of: Of) -> None:
    """Of what reporters beside the largest saw, `rate_of_source` passes."""
    found, name = of("others"), "messages seen by other reporters"
    assert found.with_gates(rate_of_source=0.96).gate(name)["ok"]
    assert not found.with_gates(rate_of_source=0.961).gate(name)["ok"]
    # With 0 none are asked for.
    assert found.with_gates(rate_of_source=0.961, messages_of_others=0).gate(name)["ok"]


NO_FLOOR = {
    "source_messages": 1000,
    "source_share": 0.99,
    "source_days": 300,
    "undecided_share": 0.99,
}


@pytest.mark.parametrize(
    ("gates", "verdict"),
    [
        ({}, "advance"),
        ({"source_messages": 9}, "advance"),
        ({"source_messages": 8}, "wait"),
        ({"source_messages": 7}, "wait"),
        # 8 / 390 = 0.0205
        ({"source_share": 0.0206}, "advance"),
        ({"source_share": 0.0205}, "wait"),
        # Seen again after so many days: from the 9th to the 2nd day before the last.
        ({"source_days": 8}, "advance"),
        ({"source_days": 7}, "wait"),
        ({"source_days": 6}, "wait"),
        ({"undecided_share": 0.0206}, "advance"),
        ({"undecided_share": 0.0205}, "wait"),
    ],
)
def test_an_undecided_source_above_a_floor_waits_for_the_owner(
    of: Of, gates: dict[str, Any], verdict: str
) -> None:
    found = of("undecided").with_gates(**NO_FLOOR | gates).advice()
    assert found["verdict"] == verdict, found["reason"]
    assert [row["source_ips"] for row in found["blockers"]] == ([1] if verdict == "wait" else [])


def test_low_volume_is_said_from_so_many_days_on(of: Of) -> None:
    """45 days of reports, and fewer messages than are asked for."""
    few = of("none").with_gates(messages=1000)
    assert "insufficient evidence" in few.with_gates(low_volume_days=45).advice()["reason"]
    assert "insufficient evidence" not in few.with_gates(low_volume_days=46).advice()["reason"]


def test_a_feed_is_silent_after_so_many_days(of: Of) -> None:
    found = of("silent").with_gates(days_with_reports=1)
    assert found.with_gates(silent_days=7).advice()["verdict"] == "advance"
    silent = found.with_gates(silent_days=6).advice()
    assert (silent["verdict"], silent["record"]) == ("wait", None)
