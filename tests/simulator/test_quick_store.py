"""A quick store holds what `rua ingest` makes of the same demo's mails, whole or day by day."""

import hashlib
from collections import Counter
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.demo import write_demo
from ingest.demo.documents import write_aggregate
from ingest.demo.reporting import arrival, reports
from schemas.store.store import Reader, Store
from tests.conftest import DEMO_DAYS, DEMO_UNTIL, Demo, Rua
from tests.simulator.variants import VARIANTS, plan_of
from tests.support.stores.quick_store import Truth, growing_store, quick_store

CHILDREN = ("dmarc_record", "dmarc_reason", "dmarc_dkim", "dmarc_spf")
REPORTS = "select * exclude (document_id, content_hash, arrived_at) from dmarc_report"
ARRIVALS = """
    select
        report.identity,
        min(carrier.received_at) as received_at,
        any_value(delivery.authenticity) as authenticity,
        any_value(carrier.proof_result) as result,
        any_value(carrier.proof_domain) as domain,
        any_value(carrier.proof_method) as method
    from delivery
    join carrier using (carrier_id)
    join dmarc_report as report using (document_id)
    group by report.identity
"""


# Of every report of 12 days with seed 7: when it came, and the document. What classes and advice
# are measured on must stay what it was: no change to the simulator may move one drawn number.
FROZEN_UNTIL = date(2026, 11, 20)
FROZEN = {
    "default": "d55a55f57ffa8dc9dd0a7cf2f7ca3da6acfd64f82886727c29e1cdaf78e19b24",
    "inside-abuse": "cee1e325d64531757925fef02f2b7c20b97ec9d1b94dfd5f4625f21e6448194a",
    "no-overrides": "1a161eacd282dbfedd37fa79c1858090cac7b23371a4ff6ab5ce5b756d062d30",
    "other-vendors": "55c7def3300e346dba3f40b088a3405b8639cf8555b214d8532e3e431732f7b6",
}


def under_reports(table: str) -> str:
    """Rows of a child table, with their report's identity for the number of its document."""
    return f"""
        select report.identity, child.* exclude (document_id)
        from {table} as child
        join dmarc_report as report using (document_id)
    """


QUESTIONS = {
    "dmarc_report": REPORTS,
    **{table: under_reports(table) for table in CHILDREN},
    "address": "from address",
    "known_domain": "from known_domain",
    "arrivals": ARRIVALS,
}


def rows(reader: Reader, name: str) -> Counter[str]:
    return Counter(map(repr, reader.execute(QUESTIONS[name]).fetchall()))


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("quick")
    return quick_store(folder, seed=7, days=DEMO_DAYS, until=DEMO_UNTIL)


@pytest.mark.parametrize("name", QUESTIONS)
def test_rows_are_those_of_an_ingest(name: str, demo: Demo, quick: tuple[Path, Truth]) -> None:
    with Store(demo.store).read() as con:
        expected = rows(con, name)
    with Store(quick[0]).read() as con:
        found = rows(con, name)
    assert expected
    assert found == expected


def test_the_other_organisation_is_the_same_as_its_mails(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo", days=3, until=FROZEN_UNTIL, variant=VARIANTS["situations"])
    store = tmp_path / "demo" / "store.duckdb"
    done = Rua(tmp_path / "demo")("--store", store, "ingest", tmp_path / "demo" / "mails")
    assert done.returncode == 0, done.stderr
    other, _ = quick_store(tmp_path / "quick", "situations", days=3, until=FROZEN_UNTIL)
    with Store(store).read() as con, Store(other).read() as quick:
        for name in QUESTIONS:
            assert rows(quick, name) == rows(con, name), name


def test_the_truth_is_that_of_the_mails(demo: Demo, quick: tuple[Path, Truth]) -> None:
    wanted = {key: value for key, value in demo.truth.items() if key != "mails"}
    found = {key: value for key, value in deepcopy(quick[1]).items() if key != "mails"}
    wanted["totals"] = {**wanted["totals"], "mails": {}}
    for each in found["domains"].values():
        assert each.pop("allowed")  # told to tests alone
    assert found == wanted
    settings = quick[0].with_name("rua.toml")
    assert settings.read_text() == (demo.folder / "rua.toml").read_text()


def test_a_growing_store_holds_what_had_arrived(tmp_path: Path, quick: tuple[Path, Truth]) -> None:
    arrived = "select count(*) from carrier where received_at < $1"
    looks: list[Any] = []
    store, truth, growing = growing_store(tmp_path, seed=7, days=DEMO_DAYS, until=DEMO_UNTIL)
    with Store(quick[0]).read() as whole:
        for day, con in growing:
            looks.append(day)
            end = [day + timedelta(days=1)]
            there = con.execute("select count(*), count(distinct document_id) from dmarc_report")
            expected = whole.execute(arrived, end).fetchall()[0][0]
            assert there.fetchall() == [(expected, expected)]
    assert looks == [DEMO_UNTIL - timedelta(days=back) for back in range(DEMO_DAYS - 1, -1, -1)]
    assert truth == quick[1]
    with Store(store).read() as con, Store(quick[0]).read() as whole:
        for name in ("dmarc_report", "dmarc_record", "dmarc_dkim", "dmarc_reason", "address"):
            assert rows(con, name) == rows(whole, name), name


@pytest.mark.parametrize("variant", FROZEN)
def test_traffic_stays_what_it_was(variant: str) -> None:
    plan = plan_of(7, FROZEN_UNTIL, variant)
    digest = hashlib.sha256()
    for domain in plan.domains:
        for report in reports(plan, domain, 12):
            digest.update(arrival(plan, report)[0].isoformat().encode() + write_aggregate(report))
    assert digest.hexdigest() == FROZEN[variant]
