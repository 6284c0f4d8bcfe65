"""What an enforcing policy loses now: which days are bad, how many of them, who saw it, and how far
the policy goes back (docs/advice.md, "A loss now"). Each case is a domain of one store."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.support.asked import Asked, asked
from tests.support.stores.hand_made import (
    DOMAIN,
    LAST,
    Record,
    Report,
    ago,
    daily,
    moved,
    stored,
)

OWN, FAILING = "192.0.2.10", "192.0.2.40"
BELOW = f"news.{DOMAIN}"
REJECT = {"p": "reject"}
BROKEN: dict[str, Any] = {"dkim": "fail", "spf": "fail"}
LABELS = {OWN: "own", FAILING: "own"}
Days = Mapping[int, list[Record]]


def passing(count: int) -> Record:
    return Record(FAILING, count)


def failing(count: int, **more: Any) -> Record:
    return Record(FAILING, count, **BROKEN, **more)


def case(
    *days: tuple[str, Days], tags: Mapping[str, str] = REJECT, verified: bool = True
) -> list[Report]:
    """What each reporter saw, beside days on which the domain's other mail passes."""
    usual = [
        each
        for reporter in ("google.com", "yahoo.com")
        for each in daily((0, 1, 9), reporter, Record(OWN, 20), tags=tags, verified=verified)
    ]
    return usual + [
        Report(ago(day), reporter, records, tags, verified)
        for reporter, told in days
        for day, records in told.items()
    ]


def google(days: Days, **more: Any) -> list[Report]:
    return case(("google.com", days), **more)


TWO_DAYS = {1: [failing(3)], 0: [failing(3)]}
# Of 100 messages a day 95 pass: not less than 95 %, although one record and one reporter of a day
# have nothing but failures.
JUST = (
    ("google.com", {day: [passing(90)] for day in (1, 0)}),
    ("yahoo.com", {day: [passing(5), failing(3), failing(2)] for day in (1, 0)}),
)
NINETY = {day: [passing(90), failing(10)] for day in (1, 0)}
ERRORS = failing(9, signatures=[(DOMAIN, "temperror")])
STOPPED = {day: [failing(9, disposition="reject")] for day in (1, 0)}
LEFT = {day: [failing(9)] for day in (1, 0)}
LEFT_BELOW = {day: [failing(9, header_from=BELOW)] for day in (1, 0)}

CASES = {
    "two days": google(TWO_DAYS),
    "just enough": case(*JUST),
    "one failure more": case(*JUST, ("mailbox.example", {1: [failing(1)], 0: [failing(1)]})),
    "on the first day of seven": google({6: [failing(3)], 0: [failing(3)]}),
    "on the day before seven": google({7: [failing(3)], 0: [failing(3)]}),
    "one day": google({0: [failing(6)]}),
    "four messages": google({1: [failing(2)], 0: [failing(2)]}),
    "five messages": google({1: [failing(3)], 0: [failing(2)]}),
    "ninety percent": google(NINETY),
    "unproven": case(("one.example", TWO_DAYS), verified=False),
    "two unproven": case(("one.example", TWO_DAYS), ("two.example", TWO_DAYS), verified=False),
    "temporary errors": google({1: [ERRORS], 0: [ERRORS]}),
    "a month ago": google({31: [failing(30)], 30: [failing(30)]}),
    "below": google(LEFT_BELOW),
    "below sp": google(LEFT_BELOW, tags={"p": "quarantine", "sp": "reject"}),
    "below an open sp": google(LEFT_BELOW, tags={"p": "reject", "sp": "none"}),
    "quarantine": google(LEFT, tags={"p": "quarantine"}),
    "none": google(LEFT, tags={"p": "none"}),
    "pct 25": google(LEFT, tags={"p": "reject", "pct": "25"}),
    "pct 99": google(LEFT, tags={"p": "reject", "pct": "99"}),
    "pct 100": google(LEFT, tags={"p": "reject", "pct": "100"}),
    "pct 25, stopped": google(STOPPED, tags={"p": "reject", "pct": "25"}),
}


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Asked]]:
    """Asks about a case."""
    names = {name: f"case{number}.example" for number, name in enumerate(CASES)}
    reports = [each for name in CASES for each in moved(CASES[name], names[name])]
    with asked(stored(reports, tmp_path_factory.mktemp("losses")), LAST, labels=LABELS) as found:
        yield lambda name: found.but(domain=names[name])


def breaks(found: Asked) -> dict[tuple[str, bool], Any]:
    return {(row["source"], row["below"]): row for row in found.breaks()}


def test_two_bad_days_are_a_loss(of: Callable[[str], Asked]) -> None:
    advice, row = of("two days").advice(), breaks(of("two days"))[FAILING, False]
    assert (advice["verdict"], advice["changes"]) == ("roll-back", {"p": "quarantine"})
    assert f"losing mail of {FAILING}: 6 messages fail" in advice["reason"]
    assert (row["messages"], row["fails"], row["bad_days"]) == (6, 6, 2)
    assert row["first_bad_day"] == ago(1)
    assert (row["reporters"], row["verified_reporters"]) == (1, 1)


def test_a_days_rate_is_of_all_its_records_and_reporters(of: Callable[[str], Asked]) -> None:
    row = breaks(of("just enough"))[FAILING, False]
    assert (row["messages"], row["fails"], row["bad_days"]) == (200, 10, 0)
    assert row["first_bad_day"] is None
    assert of("just enough").advice()["verdict"] != "roll-back"
    row = breaks(of("one failure more"))[FAILING, False]  # 95 of 101 each day
    assert (row["messages"], row["fails"], row["bad_days"]) == (202, 12, 2)
    assert row["reporters"] == 2  # Google's reports have no failure in them
    assert of("one failure more").advice()["verdict"] == "roll-back"


@pytest.mark.parametrize(
    ("name", "gates", "is_lost"),
    [
        ("on the first day of seven", {}, True),
        ("on the first day of seven", {"break_window": 6}, False),
        ("on the day before seven", {}, False),
        ("on the day before seven", {"break_window": 8}, True),
        ("one day", {}, False),
        ("one day", {"break_days": 1}, True),
        ("two days", {"break_days": 3}, False),
        ("four messages", {}, False),
        ("four messages", {"break_messages": 4}, True),
        ("five messages", {}, True),
        ("five messages", {"break_messages": 6}, False),
        ("ninety percent", {"rate_of_source": 0.89}, False),
        ("ninety percent", {"rate_of_source": 0.91}, True),
        # Seen by two reporters, or by one that proves itself.
        ("unproven", {}, False),
        ("two unproven", {}, True),
        ("temporary errors", {}, False),  # RFC 9989 §5.3.6
        ("a month ago", {}, False),
        # What a policy does not ask for it does not lose.
        ("none", {}, False),
        ("below an open sp", {}, False),
        # RFC 7489 §6.3, RFC 9989 App. A.6: not every receiver is asked to stop it, so lost is what
        # receivers did stop, and nothing else.
        ("pct 25", {}, False),
        ("pct 99", {}, False),
        ("pct 100", {}, True),
        ("pct 25, stopped", {}, True),
    ],
)
def test_what_is_a_loss(
    of: Callable[[str], Asked], name: str, gates: dict[str, Any], is_lost: bool
) -> None:
    assert (of(name).with_gates(**gates).advice()["verdict"] == "roll-back") is is_lost


def test_temporary_errors_are_in_no_sum(of: Callable[[str], Asked]) -> None:
    assert breaks(of("temporary errors")) == {}


def test_stopped_is_what_receivers_stopped(of: Callable[[str], Asked]) -> None:
    assert breaks(of("pct 25"))[FAILING, False]["stopped"] == 0
    row = breaks(of("pct 25, stopped"))[FAILING, False]
    assert (row["stopped"], row["stopping_reporters"], row["stopping_verified"]) == (18, 1, 1)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("two days", {"p": "quarantine"}),
        ("quarantine", {"p": "none"}),
        # RFC 9989 §4.10.1: sp decides on names below the domain, an absent one is p.
        ("below", {"sp": "quarantine"}),
        ("below sp", {"sp": "quarantine"}),
    ],
)
def test_the_tag_that_decides_goes_one_level_back(
    of: Callable[[str], Asked], name: str, changes: dict[str, str]
) -> None:
    assert set(breaks(of(name))) == {(FAILING, name.startswith("below"))}
    advice = of(name).advice()
    assert (advice["verdict"], advice["changes"]) == ("roll-back", changes)
