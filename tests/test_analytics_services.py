"""Services gathered in SQL are what the addresses, gathered one by one, come to."""

from datetime import timedelta

from analytics.mail import by_service, sources
from analytics.services import by_class, services
from analytics.window import Window
from schemas.store import Store
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
