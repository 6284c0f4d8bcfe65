"""Reports page by page, and what each of them is worth."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.reports.browse import (
    STATES,
    Wanted,
    browse,
    conflicts,
    genuine,
    genuine_days,
    head,
    records,
    reporter_days,
)
from analytics.reports.quarantine import codes, quarantine_page, quarantined
from schemas.store.store import Store
from tests.support.mails.report_documents import Report, store_of
from tests.support.mails.tls_documents import Said
from tests.support.mails.tls_documents import policy as tls_policy
from tests.support.stores.read_here import read_here

DAY = date(2026, 11, 19)
WINDOW = Window(DAY - timedelta(days=6), DAY, DAY)
# One report of each state, by its domain; how they come to it is told in docs/genuine.md.
FORGED = "update dmarc_report set authenticity = 'failed', counted = false where policy_domain = $1"
SENSELESS = "update dmarc_report set flags = ['the period makes no sense'] where policy_domain = $1"
PROVEN = "update dmarc_report set authenticity = 'verified' where policy_domain = $1"


@pytest.fixture(scope="module")
def q(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Question]:
    names = ("failed.example", "flagged.example", "verified.example", "unproven.example")
    reports = [Report(DAY, name, reporter=f"of.{name}") for name in names]
    reports += [Report(DAY, "verified.example", reporter="of.unproven.example", source_ip="::1")]
    reports += [Report(DAY, "twice.example", count=2), Report(DAY, "twice.example", count=3)]
    folder = tmp_path_factory.mktemp("browse") / "s"
    path = store_of(reports, folder)
    Said(DAY, [tls_policy(), tls_policy(domain="second.example")]).write(folder / "tls.json")
    assert read_here(path, folder / "tls.json").stored == 1
    with Store(path).write() as writing:
        for statement, domain in (
            (FORGED, "failed.example"),
            (SENSELESS, "flagged.example"),
            (PROVEN, "verified.example"),
        ):
            writing.execute(statement, [domain])
    with Store(path).read() as reader:
        yield Question(reader, WINDOW)


def test_each_report_has_one_state(q: Question) -> None:
    rows = browse(q, most=100)
    states = {
        (row["domain"], row["reporter"]): row["state"] for row in rows if row["messages"] != 3
    }
    assert states["failed.example", "of.failed.example"] == "failed"
    assert states["flagged.example", "of.flagged.example"] == "flagged"
    assert states["verified.example", "of.verified.example"] == "counted"
    # Its reporter proves itself on another domain, so here it must, too (RFC 9990 §8.2).
    assert states["unproven.example", "of.unproven.example"] == "unproven"
    assert states["twice.example", "receiver.example"] == "counted"
    (second,) = [row for row in rows if row["messages"] == 3]
    assert second["state"] == "conflict"
    for state in STATES:
        found = browse(q, Wanted(state=state), most=100)
        assert [row["id"] for row in found] == [r["id"] for r in rows if r["state"] == state]
        assert {row["total"] for row in found} == {len(found)}


def test_pages_hold_each_report_once(q: Question) -> None:
    every = [row["id"] for row in browse(q, most=100)]
    paged = [row["id"] for skip in range(0, len(every), 3) for row in browse(q, most=3, skip=skip)]
    assert paged == every == sorted(every, reverse=True)
    assert browse(q, most=3, skip=100) == []


def test_a_report_of_several_domains_is_found_under_each(q: Question) -> None:
    for domain in ("example.com", "second.example"):
        (row,) = browse(q.about(domain), most=10)
        assert (row["kind"], row["domains"]) == ("tls", ["example.com", "second.example"])
    assert browse(q.within([]), most=10) == []


def test_a_conflict_names_both_and_the_one_that_counts(q: Question) -> None:
    (row,) = conflicts(q)
    assert (row["messages"], row["of_messages"]) == (3, 2)
    assert row["counts"] == row["of_id"]
    assert conflicts(q.about("example.com")) == []


def test_what_is_genuine_adds_up(q: Question) -> None:
    rows, days = genuine(q), genuine_days(q)
    everything = browse(q, most=100)
    for key in ("verified", "unverified", "failed"):
        count = sum(row[key] for row in rows)
        assert count == sum(row["authenticity"] == key for row in everything)
        assert count == sum(row["reports"] for row in days if row["authenticity"] == key)
    counted = sum(row["state"] == "counted" for row in everything)
    assert counted == sum(row["counted"] for row in rows)
    covered = reporter_days(q)
    assert counted == sum(row["dmarc_reports"] + row["tls_reports"] for row in covered)


def test_records_come_in_pages(q: Question) -> None:
    number = browse(q.about("failed.example"), most=1)[0]["id"]
    (row,) = records(q.reader, number, most=5)
    assert (row["source_ip"], row["total"]) == ("192.0.2.1", 1)
    assert row["dkim_results"] == ["pass failed.example s"]
    assert records(q.reader, number, most=5, skip=5) == []


def test_one_document_is_told_with_its_mails(q: Question) -> None:
    tls = browse(q.about("second.example"), most=1)[0]["id"]
    found = head(q.reader, tls)
    assert found is not None
    assert [row["policy_domain"] for row in found["policies"]] == ["example.com", "second.example"]
    assert len(found["deliveries"]) == 1
    assert head(q.reader, 10**9) is None


def test_quarantine_in_pages_is_all_of_it_but_conflicts(q: Question) -> None:
    rows = quarantine_page(q.reader, most=100)
    others = [row for row in quarantined(q.reader) if row["status"] != "conflict"]
    assert [row["id"] for row in rows] == [row["id"] for row in others]
    assert sum(row["things"] for row in codes(q.reader)) == len(rows)
