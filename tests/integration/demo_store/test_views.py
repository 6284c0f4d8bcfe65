"""The public views: what stands in quarantine, and reports spread over days."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Demo, Rua
from tests.support.paths import GOLDEN
from tests.support.stores.read_here import read_here

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = datetime(2026, 3, 10, tzinfo=UTC)
AGGREGATE = GOLDEN / "dmarc"


def report(begin: datetime, end: datetime, *counts: int, org: str = "receiver.example") -> str:
    records = "".join(
        f"""<record><row><source_ip>192.0.2.{n}</source_ip><count>{count}</count>
        <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>
        </policy_evaluated></row>
        <identifiers><header_from>example.com</header_from></identifiers></record>"""
        for n, count in enumerate(counts, start=1)
    )
    return f"""<feedback><report_metadata><org_name>{org}</org_name><report_id>1</report_id>
    <date_range><begin>{int(begin.timestamp())}</begin><end>{int(end.timestamp())}</end>
    </date_range></report_metadata>
    <policy_published><domain>example.com</domain><p>none</p></policy_published>
    {records}</feedback>"""


def asked(store: Path, question: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(store), read_only=True) as con:
        return con.execute(question).fetchall()


@pytest.fixture
def spread(rua: Rua) -> Any:
    """A report's rows of report_day: [{day: messages}] by record; read in by a process that starts
    for it, with `by_process`."""

    def days_of(
        begin: datetime, end: datetime, *counts: int, by_process: bool = False
    ) -> list[dict[date, int]]:
        file = rua.folder / "r.xml"
        file.write_text(report(begin, end, *counts))
        if by_process:
            assert rua.json("ingest", file)["stored"] == 1
        else:
            assert read_here(rua.folder / "rua.duckdb", file).stored == 1
        question = "select ordinal, day, message_count from report_day order by all"
        found: list[dict[date, int]] = [{} for _ in counts]
        for ordinal, day, messages in asked(rua.folder / "rua.duckdb", question):
            found[ordinal][day] = messages
        return found

    return days_of


def day(n: int) -> date:
    return (DAY + timedelta(days=n)).date()


@pytest.mark.parametrize(
    ("begin", "seconds"),
    [(0, 86399), (0, 86400), (0, 86401), (-1, 86400), (1, 86399), (0, 0), (86399, 0), (86399, 1)],
)
def test_one_day_is_one_row_with_a_second_of_tolerance(
    spread: Any, begin: int, seconds: int
) -> None:
    """D24: end at 23:59:59 or at midnight; D25: begin = end."""
    start = DAY + timedelta(seconds=begin)
    assert spread(start, start + timedelta(seconds=seconds), 7) == [{day(0): 7}]


def test_hours_weigh_as_many_seconds_as_they_have(spread: Any) -> None:
    assert spread(NOON, NOON + timedelta(days=2), 100, 3, 1) == [
        {day(0): 25, day(1): 50, day(2): 25},
        {day(0): 1, day(1): 1, day(2): 1},
        {day(0): 0, day(1): 1, day(2): 0},
    ]


def test_a_report_of_24_days_is_spread_evenly_and_adds_up(spread: Any) -> None:
    """D26: Trustwave's are as long."""
    even, few, many = spread(DAY, DAY + timedelta(days=24, seconds=-1), 240, 5, 1_000_003)
    assert even == {day(n): 10 for n in range(24)}
    assert sum(few.values()) == 5
    assert [few[day(n)] for n in range(24)] == [1] * 5 + [0] * 19
    assert sum(many.values()) == 1_000_003
    assert set(many.values()) == {41_666, 41_667}


@pytest.fixture
def summer_time() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


@pytest.mark.usefixtures("summer_time")
def test_days_are_of_utc_where_clocks_change(spread: Any) -> None:
    change = datetime(2026, 3, 28, tzinfo=UTC)  # the clocks of Berlin change on the 29th
    (found,) = spread(change, change + timedelta(days=3), 30, by_process=True)
    assert found == {date(2026, 3, 28): 10, date(2026, 3, 29): 10, date(2026, 3, 30): 10}


def test_over_the_whole_demo_the_sums_are_those_of_the_messages(demo: Demo) -> None:
    apart = """
        select message.document_id, message.ordinal
        from dmarc_message as message
        full join (
            select document_id, ordinal, sum(message_count) as message_count, count(*) as days
            from report_day
            group by document_id, ordinal
        ) as spread using (document_id, ordinal)
        where message.message_count is distinct from spread.message_count or days > 101
    """
    assert asked(demo.store, "select count(*) > 1000 from dmarc_message") == [(True,)]
    assert asked(demo.store, apart) == []


def test_a_refused_record_stands_in_quarantine_with_its_report(rua: Rua) -> None:
    rua.json("ingest", AGGREGATE / "record-refused-among-good-ones.xml")
    rows = rua.json("quarantine", "list")
    assert [(row["id"], row["status"], row["ordinal"]) for row in rows] == [
        (1, "record", n) for n in (1, 2, 3, 4)
    ]
    assert rows[0]["reason"] == "count is no number: 'many'"
    assert rows[0]["path"] == "record-refused-among-good-ones.xml"
    status = rua.json("status")
    assert status["quarantined"] == 4
    assert status["quarantined_bytes"] == sum(row["size"] for row in rows)
    (listed,) = rua.json("reports", "--as-of", "2023-11-20")
    assert (listed["records"], listed["refused_records"]) == (2, 4)


def test_quarantine_show_adds_the_records_that_could_not_be_read(rua: Rua) -> None:
    rua.json("ingest", AGGREGATE / "record-refused-among-good-ones.xml")
    shown = rua.json("quarantine", "show", "1")
    assert len(shown["contents"]) == 2
    assert [row["ordinal"] for row in shown["refused"]] == [1, 2, 3, 4]
    assert "<count>many</count>" in shown["refused"][0]["xml"]
    sizes = [row["size"] for row in rua.json("quarantine", "list")]
    assert sizes == [len(row["xml"].encode()) for row in shown["refused"]]
    table = rua("quarantine", "show", "1").stdout
    assert "receiver.example" in table
    assert "<count>many</count>" in table
    as_csv = rua("quarantine", "show", "1", "--format", "csv").stdout.splitlines()
    assert as_csv[0] == "ordinal,reason,xml"
    assert len(as_csv) == 5
    assert "<feedback>" in rua("quarantine", "show", "1", "--raw").stdout


def test_quarantine_tells_documents_from_records(rua: Rua) -> None:
    for name, text in (
        ("a.xml", report(DAY, DAY + timedelta(days=1), 1)),
        ("b.xml", report(DAY, DAY + timedelta(days=1), 2)),
        ("c.xml", "<feedback/>"),
    ):
        (rua.folder / name).write_text(text)
    rua.json("ingest", "a.xml", "b.xml", "c.xml")
    rows = rua.json("quarantine", "list")
    assert [(row["id"], row["status"], row["ordinal"]) for row in rows] == [
        (3, "refused", None),
        (2, "conflict", None),
    ]
    assert [row["of_id"] for row in rows] == [None, 1]
    assert rua("quarantine", "show", "3").returncode == 0
    assert rua("quarantine", "show", "9").returncode == 2
