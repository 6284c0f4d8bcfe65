"""A retry, a rebuild and an ingest with today's readers come to the same."""

from pathlib import Path
from typing import Any

import pytest

from ingest.load.quarantine import drop, within_budget
from ingest.load.writer import Writer
from ingest.model.batch import Batch
from ingest.model.proof import Trust
from ingest.model.run import Run
from ingest.model.source import Arrival
from ingest.run.quarantine_retry import retry
from ingest.run.rebuild import DERIVED, rebuild
from ingest.verify.authenticity import prove
from ingest.workers.read import read_batch, unread
from schemas.errors import LimitExceeded, ReaderFailed
from schemas.store.store import Store
from tests.support.mails.mails import make_report_mail
from tests.support.moments import utc

pytestmark = pytest.mark.usefixtures("read_in_this_process")

COUNTED = "select sum(message_count)::bigint from dmarc_message"
UNREACHED = """
    select document_id
    from document
    where document_id not in (select document_id from delivery)
        or document_id not in (select document_id from outcome)
"""
OURS = Trust("mx.example.org")


class Box:
    """A store, and what is done to it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "s.duckdb")
        self.writer = Writer(self.store)

    def write(self, batch: Batch) -> None:
        self.writer.write(batch, Run("test", utc(2026, 5, 2)), None)

    def read(self, *arrivals: Arrival) -> None:
        self.write(read_batch(arrivals, prover=lambda head, raw: prove(head, raw, OURS, None)))

    def fail(self, arrival: Arrival) -> None:
        """As when every reader dies over a mail."""
        self.write(unread(arrival, ReaderFailed("the reading process ended with 1")))

    def ask(self, question: str) -> Any:
        with self.store.read() as con:
            return con.execute(question).fetchall()

    def derived(self) -> list[Any]:
        return [sorted(self.ask(f"select * from {table}"), key=repr) for table in DERIVED]

    def check(self, counted: int | None) -> None:
        """What counts; that a rebuild changes nothing, and that every document leads back."""
        assert self.ask(COUNTED) == [(counted,)]
        assert self.ask(UNREACHED) == []
        before = self.derived()
        rebuild(self.store, self.writer, workers=1)
        assert self.derived() == before


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def mail(said: str = "none", number: int = 1) -> Arrival:
    head = f"Authentication-Results: mx.example.org; dmarc={said}\r\n".encode()
    return Arrival(f"{number}", head + make_report_mail(number).raw)


MESSAGES = make_report_mail(1).messages


def test_a_mail_whose_reader_died_is_read_by_a_retry(box: Box) -> None:
    box.fail(mail())
    box.check(None)
    assert retry(box.store, box.writer, 1) == {"tried": 1, "read": 1, "refused": 0}
    box.check(MESSAGES)
    brought = box.ask(
        "select distinct source, message_id is null from delivery join carrier using (carrier_id)"
    )
    assert brought == [("test", True)]


def test_the_same_mail_again_is_read_and_its_documents_lead_back_to_it(box: Box) -> None:
    box.fail(mail())
    box.read(mail())
    box.check(MESSAGES)


def test_a_document_refused_before_is_read_when_it_comes_again(box: Box) -> None:
    batch = read_batch([mail()])
    reading = batch.readings[0]
    refused = Batch(
        batch.carriers,
        [type(reading)(reading.sha256, reading.kind, reading.data, reading.path, code="malformed")],
    )
    box.write(refused)
    assert box.ask(COUNTED) == [(None,)]
    box.read(mail())
    box.check(MESSAGES)


@pytest.mark.parametrize("rebuilds", [False, True])
def test_an_older_refused_twin_does_not_uncount_the_report(box: Box, rebuilds: bool) -> None:
    batch = read_batch([mail()])
    reading = batch.readings[0]
    bad = type(reading)("another-sha", "xml", reading.data + b"\n", "", code="malformed")
    box.write(Batch(batch.carriers, [bad]))
    box.read(mail(number=1))
    assert box.ask(COUNTED) == [(MESSAGES,)]
    if rebuilds:
        rebuild(box.store, box.writer, workers=1)
    retry(box.store, box.writer, 1)
    box.check(MESSAGES)


def test_a_retry_does_not_launder_what_was_proven_false(box: Box) -> None:
    box.read(mail("fail"))
    assert box.ask(COUNTED) == [(None,)]
    retry(box.store, box.writer, 1)
    box.check(None)


def test_an_overrun_is_retried_and_a_mail_not_fetched_is_not(box: Box) -> None:
    box.write(unread(mail(), LimitExceeded("reading took more than 10 s of CPU")))
    box.read(Arrival("9", b"Subject: huge\r\n\r\n", too_large=99_000_000))
    assert retry(box.store, box.writer, 1) == {"tried": 2, "read": 1, "refused": 1}
    box.check(MESSAGES)


def test_a_dropped_document_that_can_be_read_when_it_comes_again_is_kept_again(box: Box) -> None:
    batch = read_batch([mail()])
    reading = batch.readings[0]
    again = type(reading)(
        reading.sha256, reading.kind, reading.data, reading.path, code="malformed"
    )
    box.write(Batch(batch.carriers, [again]))
    (size,) = box.ask("select size from document")[0]
    assert drop(box.store, [1, 99]) == {"dropped": 1, "bytes": size}
    box.check(None)
    assert box.ask("select code, reason from outcome") == [
        ("dropped", "dropped by its owner; it was malformed")
    ]
    box.read(mail())
    box.check(MESSAGES)
    assert box.ask("select octet_length(bytes), size from document") == [(size, size)]


def test_what_stays_in_a_batch_keeps_its_rows(box: Box) -> None:
    """A mail that is put off from between two reports takes none of theirs with it."""
    bad = Arrival("bad", b"From: a@example.net\r\nSubject: x\r\n\r\n<feedback><a>")
    batch = read_batch([mail(number=1), bad, mail(number=2)])
    assert within_budget(box.store, batch, 2**20) == (batch, [])
    rest, put_off = within_budget(box.store, batch, 3)
    assert [each.key for each in put_off] == ["bad"]
    assert [each.key for each in rest.carriers] == ["1", "2"]
    box.write(rest)
    box.check(MESSAGES + make_report_mail(2).messages)
    question = "select report_id from dmarc_report order by document_id"
    named = box.ask(question)
    (box.store.path.parent / "other").mkdir()
    other = Box(box.store.path.parent / "other")
    other.read(mail(number=1), mail(number=2))
    assert named == other.ask(question)
    rows = "select document_id, count(*) from dmarc_record group by all order by all"
    assert box.ask(rows) == other.ask(rows)
