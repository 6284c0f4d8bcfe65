"""What the advice goes by, measured in a store made by hand: each number worked out beside it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.asked import Asked, asked
from tests.support.stores.hand_made import DOMAIN, LAST, Record, Report, ago, daily, moved, stored

OWN, SHOP, LIST, FORWARDER, UNKNOWN, SPOOF = (f"192.0.2.{n}" for n in (10, 20, 30, 40, 50, 60))
LABELS = {
    OWN: "own",
    SHOP: "broken",
    LIST: "list",
    FORWARDER: "forwarder",
    UNKNOWN: "undecided",
    SPOOF: "spoof",
}
BELOW = "news.example.com"
BROKEN: dict[str, Any] = {"dkim": "fail", "spf": "fail"}
UNSIGNED: dict[str, Any] = {"dkim": "fail", "signatures": ()}
TEMPORARY: dict[str, Any] = {**BROKEN, "signatures": [(DOMAIN, "temperror")]}

WITHIN = [
    Report(
        ago(34),  # the window's first day
        "google.com",
        [
            Record(OWN, 100),
            Record(OWN, 7, **UNSIGNED),  # SPF alone
            Record(OWN, 5, **UNSIGNED, header_from=BELOW),  # SPF alone, below
            Record(OWN, 3, **TEMPORARY),  # in no count
            Record(LIST, 4, **BROKEN),
            Record(LIST, 2, **BROKEN, header_from=BELOW),
            Record(LIST, 9, spf="fail"),  # passes by DKIM: not lost
            Record(FORWARDER, 6, **BROKEN),
            Record(SPOOF, 50, **BROKEN),
            Record(UNKNOWN, 8, **BROKEN),
        ],
    ),
    Report(ago(29), "yahoo.com", [Record(OWN, 20), Record(SHOP, 4, **BROKEN)]),
    Report(ago(30), "mailbox.example", [Record(OWN, 10), Record(OWN, 1, **TEMPORARY)]),
    Report(ago(0), "google.com", [Record(OWN, 30)]),  # the last day
    Report(ago(3), "other.example", [Record(SPOOF, 40, **BROKEN)]),  # nothing of ours
]
# Before the first day of the window and after its last one: none of it counts as evidence of it.
OUTSIDE = [
    Report(
        ago(35),
        "outlook.com",
        [
            Record(OWN, 1000),
            Record(OWN, 1000, **UNSIGNED),
            Record(LIST, 1000, **BROKEN),
            Record(SHOP, 1000, **BROKEN),
        ],
    ),
    *daily(range(36, 60), "gmx.example", Record(OWN, 1000), Record(FORWARDER, 900, **BROKEN)),
    Report(ago(-1), "yahoo.com", [Record(OWN, 5000, **UNSIGNED), Record(LIST, 500, **BROKEN)]),
]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    store = stored([*WITHIN, *OUTSIDE], tmp_path_factory.mktemp("state"))
    with asked(store, LAST, labels=LABELS) as found:
        yield found


def test_evidence_is_of_the_window_alone(state: Asked) -> None:
    found = state.measured()
    expected = {
        # Google, Yahoo and the mailbox provider saw mail of ours; the first two are large.
        "reporters": 3,
        "large_reporters": 2,
        # Of ours without temporary errors: Google 100 + 7 + 5 + 30 = 142, Yahoo 20 + 4 = 24,
        # the provider 10: 176.
        "largest_reporter": "google.com",
        "firm_of_others": 34,
        "aligned_of_others": 30,
        # Days with any report: 34, 30, 29, 3 and 0 days ago; the last 30 begin 29 days ago.
        "days": 5,
        "days_of_30": 3,
        "spf_alone": 12,  # 7 + 5
        "spf_alone_below": 5,
        "indirect_fails": 12,  # 4 + 2 + 6
        "indirect_fails_below": 2,
        "list_fails": 6,  # 4 + 2
        "legitimate_aligned": 172,  # 100 + 7 + 5 + 20 + 10 + 30
        "first_day": ago(59),
        "last_day": ago(0),
    }
    assert {key: found[key] for key in expected} == expected
    # Of all of ours, temporary errors with it: Google 145 of 180.
    assert found["largest_share"] == pytest.approx(145 / 180)


def test_mail_is_of_the_window_alone(state: Asked) -> None:
    """Ours are own and broken sources; what a temporary error explains is in no rate."""
    row = state.state().mail
    assert row["legitimate"] == 176
    assert row["legitimate_aligned"] == 172
    # 100+7+5+3+4+2+9+6+50+8 = 194; 24; 11; 30; 40
    assert row["messages"] == 299
    assert row["classes"] == {
        "own": 176,  # 100 + 7 + 5 + 3 + 20 + 10 + 1 + 30, temporary errors with them
        "broken": 4,
        "forwarder": 6,
        "list": 15,
        "spoof": 90,
        "undecided": 8,
    }


def test_a_shorter_window_leaves_its_days_out(state: Asked) -> None:
    """The last 30 days: Google 30, Yahoo 20 + 4."""
    found = state.but(days=30).measured()
    assert (found["reporters"], found["legitimate_aligned"], found["days"]) == (2, 50, 3)
    assert (found["spf_alone"], found["indirect_fails"]) == (0, 0)


# Each case is a domain of one store.

STATEMENTS = "192.0.2.70"


def seen(day: int, reporter: str, **tags: str) -> Report:
    return Report(ago(day), reporter, [Record(OWN, 1)], tags)


def sent(day: int, passing: int, failing: int = 0) -> Report:
    records = [Record(STATEMENTS, passing)] if passing else []
    records += [Record(STATEMENTS, failing, **BROKEN)] if failing else []
    return Report(ago(day), "yahoo.com", records)


def usual() -> list[Report]:
    """Enough of what passes for every gate, and few mails."""
    names = ("google.com", "yahoo.com", "mailbox.example")
    return [each for name in names for each in daily((44, 20, 1), name, Record(OWN, 200))]


# It passed, then all of its mail failed: broken when it sent last, 60 days ago.
QUARTERLY = [*usual(), sent(70, 40), sent(60, 0, 40)]
ENOUGH = {"days_with_reports": 1}
CASES = {
    # 19 days ago two of three still saw p=none, 18 days ago two of three did not.
    "turned": [
        *(seen(day, name, p="none") for day in (30, 20) for name in ("a.test", "b.test")),
        *(seen(19, name, p="none") for name in ("a.test", "b.test")),
        seen(19, "c.test", p="quarantine"),
        seen(18, "a.test", p="none"),
        *(seen(18, name, p="quarantine") for name in ("b.test", "c.test")),
        *(seen(day, name, p="quarantine") for day in (17, 0) for name in ("a.test", "b.test")),
    ],
    "told by some": [
        seen(1, "a.test", p="reject", sp="none", pct="50"),
        seen(1, "b.test", p="reject", sp="none"),
        *(seen(1, name, p="reject") for name in ("c.test", "d.test", "e.test")),
    ],
    "p alone": [seen(1, "a.test", p="quarantine")],
    "silent 0": [seen(0, "a.test", p="none")],
    "silent 1": [seen(1, "a.test", p="none")],
    "silent 6": [seen(6, "a.test", p="none"), seen(9, "a.test", p="none")],
    "sent nothing": QUARTERLY,
    "sent once": [*QUARTERLY, sent(20, 40)],
    "sent twice a day": [
        *QUARTERLY,
        sent(20, 40),
        Report(ago(20), "google.com", sent(20, 5).records),
    ],
    "sent twice": [*QUARTERLY, sent(20, 40), sent(10, 40)],
    "sent and failed again": [*QUARTERLY, sent(20, 40), sent(15, 40), sent(10, 0, 40)],
    "one mailing": [*usual(), sent(60, 0, 40)],
}


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Asked]]:
    """Asks about a case."""
    names = {name: f"case{number}.example" for number, name in enumerate(CASES)}
    reports = [each for name in CASES for each in moved(CASES[name], names[name])]
    with asked(stored(reports, tmp_path_factory.mktemp("cases")), LAST, gates=ENOUGH) as found:
        yield lambda name: found.but(domain=names[name])


# Policies, as most reports of a day saw them.


def test_a_policy_stands_since_most_reports_of_a_day_saw_it(of: Callable[[str], Asked]) -> None:
    measured, state = of("turned").measured(), of("turned").state()
    assert measured["policy_since"] == ago(18)
    assert measured["first_day"] == ago(30)
    # The 18th day before the last one, and each since.
    assert (state.policy, state.days_at_policy, state.history_days) == ("quarantine", 19, 31)


def test_sp_and_pct_are_what_most_of_those_say_who_tell_them(of: Callable[[str], Asked]) -> None:
    state = of("told by some").state()
    assert (state.policy, state.subdomain_policy, state.is_partial) == ("reject", "none", True)


def test_an_absent_sp_is_p(of: Callable[[str], Asked]) -> None:
    """RFC 9989 §4.7"""
    state = of("p alone").state()
    policies = (state.policy, state.subdomain_policy, state.missing_policy)
    assert policies == ("quarantine",) * 3
    assert (state.is_partial, state.is_testing) == (False, False)


@pytest.mark.parametrize("days", [0, 1, 6])
def test_silent_days_are_those_since_the_newest_report(
    of: Callable[[str], Asked], days: int
) -> None:
    assert of(f"silent {days}").state().silent_days == days


# Who failed before the window and has sent nothing since: once a quarter.


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("sent nothing", "fix"),
        ("sent once", "wait"),
        ("sent twice a day", "wait"),
        ("sent twice", "advance"),
    ],
)
def test_a_dormant_sender_is_fixed_by_two_mailings_that_pass(
    of: Callable[[str], Asked], name: str, verdict: str
) -> None:
    advice = of(name).advice()
    blocking = [row["source"] for row in advice["blockers"]]
    assert (advice["verdict"], blocking) == (verdict, [] if verdict == "advance" else [STATEMENTS])


def test_who_fails_in_the_window_is_no_dormant_sender(of: Callable[[str], Asked]) -> None:
    """Half of the last mail failed: broken now."""
    advice = of("sent and failed again").advice()
    assert (advice["verdict"], advice["blockers"][0]["class"]) == ("fix", "broken")


def test_a_label_settles_a_sender_that_is_gone(of: Callable[[str], Asked]) -> None:
    labelled = of("sent nothing").but(labels={STATEMENTS: "spoof"})
    assert labelled.advice()["verdict"] == "advance"


@pytest.mark.parametrize(("days", "verdict"), [(25, "advance"), (26, "fix"), (27, "fix")])
def test_so_many_days_before_the_window_are_looked_at(
    of: Callable[[str], Asked], days: int, verdict: str
) -> None:
    """The window begins 34 days ago; 60 days ago is the 26th day before it."""
    assert of("sent nothing").with_gates(quarter_days=days).advice()["verdict"] == verdict


@pytest.mark.parametrize(("messages", "verdict"), [(39, "wait"), (40, "wait"), (41, "advance")])
def test_a_large_undecided_mailing_before_the_window_is_asked_about(
    of: Callable[[str], Asked], messages: int, verdict: str
) -> None:
    """One mailing of 40, 60 days ago."""
    assert of("one mailing").with_gates(mailing_messages=messages).advice()["verdict"] == verdict
