"""Services gathered in SQL are what the addresses, gathered one by one, come to."""

from collections import Counter
from datetime import timedelta

import pytest

from analytics.query.question import Question
from analytics.query.run import Row
from analytics.query.window import Window
from analytics.sources import drilldown
from analytics.sources.drilldown import Drilldown
from analytics.sources.services import (
    EVERY,
    service_counts,
    service_page,
    services,
    services_by_class,
)
from analytics.sources.summary import by_service, sources
from schemas.config.thresholds import Gates
from schemas.store.store import Store
from tests.conftest import DEMO_UNTIL, Demo

WINDOW = Window(DEMO_UNTIL - timedelta(days=34), DEMO_UNTIL, DEMO_UNTIL)


def test_services_are_the_same_as_addresses_gathered_one_by_one(demo: Demo) -> None:
    with Store(demo.store).read() as reader:
        q = Question(reader, WINDOW)
        one_by_one = by_service(sources(q), Gates())
        gathered = services(q)
    assert gathered == one_by_one
    assert len(gathered) > 100


def test_of_one_domain_they_are_that_domains(demo: Demo) -> None:
    with Store(demo.store).read() as reader:
        q = Question(reader, WINDOW)
        every = [row for row in services_by_class(q) if row["domain"] == "example.com"]
        assert services_by_class(q.about("example.com")) == every
    assert {row["class"] for row in every} > {"own"}
    assert all(row["header_froms"] == sorted(row["header_froms"]) for row in every)


COUNTS = ("messages", "aligned", "dkim_aligned", "spf_aligned", "indeterminate")
Choice = tuple[tuple[str, ...] | None, Drilldown]  # domains, and what of their mail
CHOICES: dict[str, Choice] = {
    "all": (None, Drilldown()),
    "two domains": (("example.com", "example.net"), Drilldown()),
    "what fails": (None, Drilldown(failing=True)),
    "of one reporter": (("example.com",), Drilldown(reporter="google.com")),
}


def one_by_one(q: Question, to: Drilldown) -> list[Row]:
    """Services of the mail that `to` names, from each address by itself."""
    counted = {(row["domain"], row["source_ip"]): row for row in drilldown.addresses(q, to)}
    kept = [
        row | {key: counted[place][key] for key in COUNTS}
        for row in sources(q.about())
        if (place := (row["domain"], row["source_ip"])) in counted
    ]
    loudest_first = sorted(kept, key=lambda row: (-row["messages"], row["source_ip"]))
    return by_service(loudest_first, Gates())


@pytest.mark.parametrize("wanted", CHOICES.values(), ids=CHOICES)
def test_pages_are_cut_from_the_same_list(demo: Demo, wanted: Choice) -> None:
    domains, to = wanted
    with Store(demo.store).read() as reader:
        q = Question(reader, WINDOW, domains)
        whole = one_by_one(q, to)
        page = service_page(q, to, most=EVERY)
        assert page == whole
        assert len(whole) > 20
        again = [
            row
            for skip in range(0, len(whole), 7)
            for row in service_page(q, to, most=7, skip=skip)
        ]
    assert again == whole


@pytest.mark.parametrize("wanted", CHOICES.values(), ids=CHOICES)
def test_each_class_has_a_list_and_a_count_of_its_own(demo: Demo, wanted: Choice) -> None:
    domains, to = wanted
    with Store(demo.store).read() as reader:
        q = Question(reader, WINDOW, domains)
        whole = service_page(q, to, most=EVERY)
        counts = service_counts(q, to)
        for name in counts:
            listed = service_page(q, to, of_class=name, most=EVERY)
            assert listed == [row for row in whole if row["class"] == name]
    assert counts == Counter(row["class"] for row in whole)


def test_a_page_is_of_the_window_that_is_asked_for_last(demo: Demo) -> None:
    short = Window(DEMO_UNTIL - timedelta(days=2), DEMO_UNTIL, DEMO_UNTIL)
    with Store(demo.store).read() as reader:
        q = Question(reader, WINDOW)
        long_first = [
            service_page(q.over(each), Drilldown(), most=9) for each in (WINDOW, short, WINDOW)
        ]
    with Store(demo.store).read() as reader:
        short_alone = service_page(Question(reader, short), Drilldown(), most=9)
    assert long_first[0] == long_first[2]
    assert long_first[1] == short_alone != long_first[0]
