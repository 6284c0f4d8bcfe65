"""Others use the store while a rebuild or a retry reads: each sees a whole one, and all is kept."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.run.quarantine_retry import retry
from ingest.run.rebuild import rebuild
from ingest.workers.read import read_batch, unread
from schemas.errors import ReaderFailed, StoreError
from schemas.store.store import Connection, Store
from tests.integration.ingest.test_quarantine_retry import COUNTED, MESSAGES, Box, mail
from tests.support.mails.mails import make_broken_mail

pytestmark = pytest.mark.usefixtures("read_in_this_process")


class Shared(Store):
    """A store that somebody else uses just before each of the first writes."""

    def __init__(self, path: Path, *acts: Callable[[], object]) -> None:
        super().__init__(path, lock_timeout=5)
        self._acts = list(acts)

    @contextlib.contextmanager
    def write(
        self, about: str | None = None, *, changes_reports: bool = True
    ) -> Iterator[Connection]:
        if self._acts:
            self._acts.pop(0)()
        with super().write(about, changes_reports=changes_reports) as con:
            yield con


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def left(box: Box) -> list[str]:
    return [each.name for each in box.store.path.parent.glob(".*")]


def test_reports_that_arrive_meanwhile_are_read_too(box: Box) -> None:
    box.read(mail(number=1))
    acts = [lambda: box.read(mail(number=2)), lambda: box.read(mail(number=3), mail(number=1))]
    assert rebuild(Shared(box.store.path, *acts), box.writer, 1) == 3
    assert box.ask("select count(*) from outcome where status = 'stored'") == [(3,)]
    box.check(box.ask(COUNTED)[0][0])
    assert left(box) == []


def test_proof_that_arrives_meanwhile_counts(box: Box) -> None:
    """The later one proves its sender, and the first does not."""
    box.read(mail(number=1))
    other = mail("pass", 1)
    changed = read_batch([other]).readings[0]
    assert changed.identity
    rebuild(Shared(box.store.path, lambda: box.read(other)), box.writer, 1)
    box.check(MESSAGES)
    assert box.ask("select authenticity from dmarc_report") == box.ask(
        "select max(authenticity) from delivery"
    )


def test_a_reader_sees_the_old_tables_until_it_sees_the_new(box: Box) -> None:
    box.read(mail(number=1), mail(number=2))
    seen: list[Any] = []
    rebuild(Shared(box.store.path, lambda: seen.append(box.derived())), box.writer, 1)
    assert seen == [box.derived()]


def test_a_retry_meanwhile_is_not_undone(box: Box) -> None:
    """The rebuild has the container as refused; the retry, meanwhile, opened it."""
    box.fail(mail())
    acts = [lambda: retry(box.store, box.writer, 1)]
    assert rebuild(Shared(box.store.path, *acts), box.writer, 1) == 2
    box.check(MESSAGES)


def test_a_store_that_changes_at_each_try_is_left_as_it_is(box: Box) -> None:
    box.fail(mail())

    def change() -> None:
        with box.store.write() as con:
            con.execute("update delivery set refusal_reason = refusal_reason || '.'")

    before = box.derived()
    with pytest.raises(StoreError, match="rebuild again"):
        rebuild(Shared(box.store.path, *[change] * 9), box.writer, 1)
    assert box.derived() == before
    assert left(box) == []


def test_two_retries_at_once_read_each_document_once(box: Box) -> None:
    batch = read_batch([mail()])
    reading = batch.readings[0]
    refused = type(reading)(reading.sha256, reading.kind, reading.data, "", code="malformed")
    box.write(type(batch)(batch.carriers, [refused]))
    box.write(unread(mail(number=2), ReaderFailed("the reading process ended with 1")))
    other = Shared(box.store.path, lambda: retry(box.store, box.writer, 1))
    assert retry(other, box.writer, 1) == {"tried": 2, "read": 0, "refused": 2}
    box.check(box.ask(COUNTED)[0][0])
    assert box.ask("select count(*) from dmarc_report") == [(2,)]


def test_what_stays_refused_takes_no_lock(box: Box) -> None:
    letter = make_broken_mail(1)
    box.read(type(mail())("1", letter.raw))

    def fail() -> None:
        pytest.fail("nothing is to be written")

    counts = retry(Shared(box.store.path, fail), box.writer, 1)
    assert counts == {"tried": 1, "read": 0, "refused": 1}
