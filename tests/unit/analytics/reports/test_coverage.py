"""Which reports were expected and did not come."""

from collections import Counter
from datetime import date, timedelta

import pytest

from analytics.query.question import Question
from analytics.query.run import Row
from analytics.query.window import Window
from analytics.reports.coverage import Arrival, arrivals
from schemas.store.store import Store
from tests.support.mails.report_documents import Report, store_of

LAST = date(2026, 11, 30)  # a Monday
WINDOW = Window(LAST - timedelta(days=13), LAST, LAST)


def day(ago: int) -> date:
    return LAST - timedelta(days=ago)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    sent = {
        "daily.example": [day(n) for n in range(1, 42) if n != 9],
        "office.example": [day(n) for n in range(3, 42) if day(n).weekday() < 5],
        "silent.example": [day(n) for n in range(12, 42, 2)],
        "rare.example": [day(n) for n in (4, 17, 23, 36, 38)],
        "new.example": [day(n) for n in (3, 4)],
    }
    reports = [Report(each, reporter=name) for name, days in sent.items() for each in days]
    reports.append(Report(day(5), "other.example", reporter="other.example"))
    with Store(store_of(reports, tmp_path_factory.mktemp("arrivals"))).read() as reader:
        return arrivals(Question(reader, WINDOW, ("example.com",)), most=4)


def of(rows: list[Row], reporter: str | None, state: Arrival) -> set[date]:
    return {row["day"] for row in rows if (row["reporter"], row["state"]) == (reporter, state)}


def test_every_day_of_the_window_has_a_row_for_all_and_for_each_of_the_largest(
    rows: list[Row],
) -> None:
    counts = Counter(row["reporter"] for row in rows)
    largest = (None, "daily.example", "office.example", "silent.example", "rare.example")
    assert counts == dict.fromkeys(largest, 14)


def test_one_day_that_a_daily_reporter_leaves_out_is_a_gap(rows: list[Row]) -> None:
    assert of(rows, "daily.example", Arrival.GAP) == {day(9)}


def test_the_last_days_may_still_come(rows: list[Row]) -> None:
    assert of(rows, "daily.example", Arrival.DUE) == {day(0)}
    assert of(rows, "office.example", Arrival.DUE) == {day(0)}


def test_a_quiet_weekend_is_no_gap(rows: list[Row]) -> None:
    assert of(rows, "office.example", Arrival.GAP) == set()
    weekend = {day(n) for n in (1, 2, 8, 9)}
    assert of(rows, "office.example", Arrival.NONE) == weekend


def test_who_fell_silent_is_missed_every_day_since(rows: list[Row]) -> None:
    assert of(rows, "silent.example", Arrival.GAP) == {day(n) for n in range(3, 12)}


def test_who_reports_now_and_then_is_not_expected(rows: list[Row]) -> None:
    assert of(rows, "rare.example", Arrival.GAP) == set()


def test_a_day_is_a_gap_of_all_only_where_nobody_reported(rows: list[Row]) -> None:
    assert of(rows, None, Arrival.GAP) == {day(9)}
    came = of(rows, None, Arrival.CAME)
    assert came == {row["day"] for row in rows if row["reporter"] and row["reports"]}
