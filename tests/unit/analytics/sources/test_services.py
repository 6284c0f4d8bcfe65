"""Services gathered in SQL are what the addresses, gathered one by one, come to."""

from collections import Counter
from datetime import timedelta

import pytest

from analytics.query.run import Row
from analytics.query.window import Window
from analytics.sources import drilldown
from analytics.sources.drilldown import Sought
from analytics.sources.services import EVERY, by_class, service_counts, service_page, services
from analytics.sources.summary import by_service, sources
from schemas.store.store import Connection, Store
from tests.conftest import DEMO_UNTIL, Demo

WINDOW = Window(DEMO_UNTIL - timedelta(days=34), DEMO_UNTIL, DEMO_UNTIL)


def test_services_are_the_same_as_addresses_gathered_one_by_one(demo: Demo) -> None:
    with Store(demo.store).read() as con:
        one_by_one = by_service(sources(con, WINDOW))
        gathered = services(con, WINDOW)
    assert gathered == one_by_one
    assert len(gathered) > 100


def test_of_one_domain_they_are_that_domains(demo: Demo) -> None:
    with Store(demo.store).read() as con:
        every = [row for row in by_class(con, WINDOW) if row["domain"] == "example.com"]
        assert by_class(con, WINDOW, "example.com") == every
    assert {row["class"] for row in every} > {"own"}
    assert all(row["header_froms"] == sorted(row["header_froms"]) for row in every)


COUNTS = ("messages", "aligned", "dkim_aligned", "spf_aligned", "indeterminate")
CHOICES = {
    "all": Sought(),
    "two domains": Sought(domains=("example.com", "example.net")),
    "what fails": Sought(failing=True),
    "of one reporter": Sought(domains=("example.com",), reporter="google.com"),
}


def one_by_one(con: Connection, wanted: Sought) -> list[Row]:
    """Services of the mail that is sought, from each address by itself."""
    counted = {
        (row["domain"], row["source_ip"]): row for row in drilldown.addresses(con, WINDOW, wanted)
    }
    kept = [
        row | {key: counted[place][key] for key in COUNTS}
        for row in sources(con, WINDOW)
        if (place := (row["domain"], row["source_ip"])) in counted
    ]
    loudest_first = sorted(kept, key=lambda row: (-row["messages"], row["source_ip"]))
    return by_service(loudest_first)


@pytest.mark.parametrize("wanted", CHOICES.values(), ids=CHOICES)
def test_pages_are_cut_from_the_same_list(demo: Demo, wanted: Sought) -> None:
    with Store(demo.store).read() as con:
        whole = one_by_one(con, wanted)
        page = service_page(con, WINDOW, wanted, most=EVERY)
        assert page == whole
        assert len(whole) > 20
        again = [
            row
            for skip in range(0, len(whole), 7)
            for row in service_page(con, WINDOW, wanted, most=7, skip=skip)
        ]
    assert again == whole


@pytest.mark.parametrize("wanted", CHOICES.values(), ids=CHOICES)
def test_each_class_has_a_list_and_a_count_of_its_own(demo: Demo, wanted: Sought) -> None:
    with Store(demo.store).read() as con:
        whole = service_page(con, WINDOW, wanted, most=EVERY)
        counts = service_counts(con, WINDOW, wanted)
        for name in counts:
            listed = service_page(con, WINDOW, wanted, of_class=name, most=EVERY)
            assert listed == [row for row in whole if row["class"] == name]
    assert counts == Counter(row["class"] for row in whole)


def test_a_page_is_of_the_window_that_is_asked_for_last(demo: Demo) -> None:
    short = Window(DEMO_UNTIL - timedelta(days=2), DEMO_UNTIL, DEMO_UNTIL)
    with Store(demo.store).read() as con:
        long_first = [service_page(con, each, Sought(), most=9) for each in (WINDOW, short, WINDOW)]
    with Store(demo.store).read() as con:
        short_alone = service_page(con, short, Sought(), most=9)
    assert long_first[0] == long_first[2]
    assert long_first[1] == short_alone != long_first[0]
