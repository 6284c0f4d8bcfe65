"""When a change of policy is believed (docs/advice.md, "Policy changes"): within a week more
reporters turned than held on, and two of them did, or the only one there is, on two days or with
proof."""

from collections.abc import Iterator

import pytest

from analytics.policy.history import policy_changes
from analytics.query.question import Question
from analytics.query.window import Window
from schemas.store.reader import Reader
from schemas.store.store import Store
from tests.support.stores.hand_made import LAST, Record, Report, ago, moved, stored

SENT = [Record("192.0.2.10", 1)]


def seen(p: str, *days: int, by: str = "a.example", verified: bool = False) -> list[Report]:
    return [Report(ago(day), by, SENT, {"p": p}, verified) for day in days]


def three(p: str, *days: int) -> list[Report]:
    return [each for name in ("a", "b", "c") for each in seen(p, *days, by=f"{name}.example")]


ALONE = "alone.example"
CASES = {
    "one verified reporter's one day": [
        *seen("none", 9, 8, by=ALONE, verified=True),
        *seen("reject", 7, by=ALONE, verified=True),
        *seen("none", 6, 5, by=ALONE, verified=True),
    ],
    "one verified reporter's last day": [
        *seen("none", 9, 8, by=ALONE, verified=True),
        *seen("reject", 7, by=ALONE, verified=True),
    ],
    "one unproven reporter's one day": [
        *seen("none", 9, 8),
        *seen("reject", 7),
        *seen("none", 6, 5),
    ],
    "one unproven reporter's two days": [*seen("none", 9, 8), *seen("reject", 7, 6)],
    "all three on one day": [*three("none", 9, 8), *three("reject", 7)],
    "one of three": [*three("none", 9, 8), *seen("reject", 7, 6), *three("none", 5)[1:]],
    "two of three": [
        *three("none", 9, 8),
        *seen("reject", 7, 6),
        *seen("reject", 6, by="b.example"),
        *seen("none", 6, by="c.example"),
    ],
}
EXPECTED = {
    "one verified reporter's one day": [("none", 9)],  # it went back: no change
    "one verified reporter's last day": [("none", 9), ("reject", 7)],
    "one unproven reporter's one day": [("none", 9)],
    "one unproven reporter's two days": [("none", 9), ("reject", 7)],
    "all three on one day": [("none", 9), ("reject", 7)],
    "one of three": [("none", 9)],
    "two of three": [("none", 9), ("reject", 7)],
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    reports = [
        each for number, name in enumerate(CASES) for each in moved(CASES[name], domain(number))
    ]
    with Store(stored(reports, tmp_path_factory.mktemp("turns"))).read() as found:
        yield found


def domain(number: int) -> str:
    return f"case{number}.example"


@pytest.mark.parametrize("name", CASES)
def test_what_changed_and_when(reader: Reader, name: str) -> None:
    about = domain(list(CASES).index(name))
    changes = policy_changes(Question(reader, Window.up_to(LAST), (about,)))
    assert [(each.after["p"], each.day) for each in changes] == [
        (p, ago(day)) for p, day in EXPECTED[name]
    ]
