"""The reports themselves, in a store made by hand: who sends them, how regularly, and whether they
are to be believed."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.asked import Asked, asked
from tests.support.stores.hand_made import DOMAIN, LAST, Record, Report, ago, daily, stored

OWN = "192.0.2.10"
ONE = Record(OWN, 1)
BROKEN: dict[str, Any] = {"dkim": "fail", "spf": "fail"}
# What its own results say of these is another thing: the signature of the domain itself passes.
AGAINST = Record(OWN, 1, dkim="fail", spf="fail", signatures=[(DOMAIN, "pass")])
Named = Callable[[str], Any]

REPORTS = [
    # The last week begins 6 days ago; the four weeks before it are those of 7 to 34 days ago.
    *daily([7, 8, 9, 10, 34], "stopped.example", ONE),
    *daily([7, 8, 9, 10, 35], "rare.example", ONE),
    *daily([6, 7, 8, 9, 10, 11], "goes-on.example", ONE),
    # It is believed, so what nothing proves does not count.
    *daily([3], "proven.example", Record(OWN, 10)),
    Report(ago(2), "proven.example", [Record(OWN, 90)], verified=False),
    *daily([2], "unproven.example", Record(OWN, 5), verified=False),
    # 1 of 100 messages, and 2 of 100.
    *daily([1], "just.example", Record(OWN, 99), AGAINST),
    *daily([1], "doubtful.example", Record(OWN, 98), AGAINST, AGAINST),
    *daily([36], "before.example", Record(OWN, 7)),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asked(stored(REPORTS, tmp_path_factory.mktemp("reports")), LAST) as given:
        yield given


def part(row: Any, *keys: str) -> tuple[Any, ...]:
    return tuple(row[key] for key in keys)


def test_who_sends_regularly(found: Asked) -> None:
    rows = found.reporters()
    keys = ("reports", "days", "recent_days", "first_day", "last_day", "is_missing")
    assert {name: part(row, *keys) for name, row in rows.items()} == {
        "stopped.example": (5, 5, 5, ago(34), ago(7), True),
        # Four days of the four weeks; the fifth lies before them.
        "rare.example": (5, 5, 4, ago(35), ago(7), False),
        "goes-on.example": (6, 6, 6, ago(11), ago(6), False),
        "proven.example": (1, 1, 1, ago(3), ago(3), False),
        "unproven.example": (1, 1, 1, ago(2), ago(2), False),
        "just.example": (1, 1, 1, ago(1), ago(1), False),
        "doubtful.example": (1, 1, 1, ago(1), ago(1), False),
        "before.example": (1, 1, 0, ago(36), ago(36), False),
    }
    # From the end of the day to three in the morning.
    assert rows["stopped.example"]["delay_hours"] == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize(("days", "is_missing"), [(0, True), (-28, False), (1, False)])
def test_missing_is_of_the_last_five_weeks(found: Asked, days: int, is_missing: bool) -> None:
    """A day earlier its last report is one of the last week; four weeks later nothing is missed."""
    assert found.but(last=ago(days)).reporters()["stopped.example"]["is_missing"] is is_missing


def test_mail_of_each_reporter(found: Asked) -> None:
    rows = found.reporter_mail()
    keys = ("reports", "days", "messages", "unverified")
    assert {name: part(row, *keys) for name, row in rows.items()} == {
        "doubtful.example": (1, 1, 100, 0),
        "just.example": (1, 1, 100, 0),
        "proven.example": (1, 1, 10, 0),
        "goes-on.example": (6, 6, 6, 0),
        "stopped.example": (5, 5, 5, 0),
        "unproven.example": (1, 1, 5, 5),
        "rare.example": (4, 4, 4, 0),  # one of its reports is of the day before the window
    }


def test_who_contradicts_himself(found: Asked) -> None:
    """More than 1 % of the messages that can be compared."""
    rows = found.disagreement()
    keys = ("messages", "disagreeing", "is_flagged")
    assert part(rows["just.example"], *keys) == (100, 1, False)
    assert part(rows["doubtful.example"], *keys) == (100, 2, True)
    assert part(rows["proven.example"], *keys) == (10, 0, False)


def test_what_is_to_be_believed(found: Asked) -> None:
    rows = found.genuine()
    keys = ("reports", "verified", "unverified", "failed", "counted")
    assert part(rows["proven.example"], *keys) == (2, 1, 1, 0, 1)
    assert part(rows["unproven.example"], *keys) == (1, 0, 1, 0, 1)
    assert part(rows["rare.example"], *keys) == (4, 4, 0, 0, 4)


def test_reports_by_state(found: Asked) -> None:
    # 5 + 4 + 6 + 2 + 1 + 1 + 1 of the window
    every = found.reports()
    assert (len(every), every[0]["total"]) == (20, 20)
    (left,) = found.reports(state="unproven")
    assert part(left, "reporter", "day", "messages") == ("proven.example", ago(2), 90)
    assert {row["reporter"] for row in found.reports(authenticity="unverified")} == {
        "proven.example",
        "unproven.example",
    }
    assert len(found.reports(state="counted")) == 19
    assert len(found.reports(reporter="goes-on.example")) == 6
    assert found.reports(most=7, skip=14) == every[14:]


@pytest.mark.parametrize(
    ("days", "state"), [(0, "alive"), (-1, "alive"), (-2, "late"), (-5, "late"), (-6, "silent")]
)
def test_the_feed_is_late_after_three_days_and_silent_after_seven(
    found: Asked, days: int, state: str
) -> None:
    """The newest report is of the day before the last one."""
    row = found.but(last=ago(days)).feed()
    assert (row["state"], row["days_since_report"]) == (state, 1 - days)


# On which days a report was expected.


def test_days_without_an_expected_report(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It reports every day of ten weeks, but for one day within and the last three: one day is a
    gap, and reports of the newest days may still come."""
    steady = [day for day in range(3, 70) if day != 12]
    others = daily(range(70), "other.example", ONE)
    reports = [*daily(steady, "steady.example", ONE), *others]
    with asked(stored(reports, tmp_path_factory.mktemp("days")), LAST) as given:
        rows = given.arrivals()
    states = {
        day: str(row["state"]) for (name, day), row in rows.items() if name == "steady.example"
    }
    assert states[ago(12)] == "gap"
    assert states[ago(13)] == states[ago(11)] == states[ago(3)] == "came"
    assert [day for day, state in states.items() if state == "gap"] == [ago(12)]
    assert states[ago(0)] == states[ago(1)] == "due"


# From a report to its records.

SIGNED = ("a.example", "b.example", "c.example")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Two reports of three records, each with results and reasons of its own."""
    records = [
        Record(
            f"192.0.2.{n}",
            n,
            **BROKEN,
            signatures=[(name, "pass"), (f"second.{name}", "fail")][:n],
            envelope=(f"spf.{name}", "softfail"),
            reasons=[("other", f"because of {name}"), ("local_policy", f"and {name}")][:n],
        )
        for n, name in enumerate(SIGNED)
    ]
    reports = [
        Report(ago(3), "one.example", records),
        Report(ago(2), "two.example", [*reversed(records), Record(OWN, 9)]),
    ]
    with asked(stored(reports, tmp_path_factory.mktemp("told")), LAST) as given:
        yield given


def names(texts: list[str] | None) -> list[str]:
    """The domains in results that are told in words."""
    return [re.findall(r"[a-z.]+\.(?:example|com)", each)[0] for each in texts or ()]


def of_record(row: Any) -> tuple[Any, ...]:
    results = (names(row[key]) for key in ("dkim_results", "spf_results", "reasons"))
    return row["source_ip"], row["messages"], *results


WRITTEN = [
    ("192.0.2.0", 0, [], ["spf.a.example"], []),
    ("192.0.2.1", 1, ["b.example"], ["spf.b.example"], ["b.example"]),
    (
        "192.0.2.2",
        2,
        ["c.example", "second.c.example"],
        ["spf.c.example"],
        ["c.example", "c.example"],
    ),
]


def test_each_record_has_its_own_results(told: Asked) -> None:
    newest, oldest = (row["id"] for row in told.reports())
    page = told.record_page(oldest)
    assert [of_record(row) for row in page] == WRITTEN
    assert [row["ordinal"] for row in page] == [0, 1, 2]
    assert {row["total"] for row in page} == {3}
    last = told.record_page(newest, most=2, skip=2)
    assert [of_record(row) for row in last][:1] == WRITTEN[:1]
    assert (len(last), last[1]["total"], last[1]["messages"]) == (2, 4, 9)


def test_a_document_has_its_records_and_the_mail_that_brought_it(told: Asked) -> None:
    newest, oldest = (row["id"] for row in told.reports())
    found = told.document(oldest)
    assert [of_record(row)[:2] for row in found["contents"]] == [
        (address, count) for address, count, *_ in WRITTEN
    ]
    assert part(found, "id", "reporter", "status", "authenticity") == (
        oldest,
        "one.example",
        "stored",
        "verified",
    )
    (delivery,) = found["deliveries"]
    assert delivery["from_address"] == "dmarc@one.example"
    assert told.document(newest)["deliveries"][0]["from_address"] == "dmarc@two.example"


def test_reports_that_hold_records_of_an_address(told: Asked) -> None:
    keys = ("reporter", "records", "messages")
    assert [part(row, *keys) for row in told.reports_with(source_ip="192.0.2.2")] == [
        ("two.example", 4, 12),
        ("one.example", 3, 3),
    ]
    assert [part(row, *keys) for row in told.reports_with(source_ip=OWN)] == [
        ("two.example", 4, 12)
    ]
    assert told.reports_with(source_ip="192.0.2.99") == []
    assert len(told.reports_with(reporter="one.example")) == 1


def test_records_down_from_a_source_have_their_own_results(told: Asked) -> None:
    rows = told.records(source_ip="192.0.2.2")
    assert [row["messages"] for row in rows] == [2, 2]
    for row in rows:
        assert names(row["dkim_results"]) == WRITTEN[2][2]
        assert names(row["reasons"]) == WRITTEN[2][4]
