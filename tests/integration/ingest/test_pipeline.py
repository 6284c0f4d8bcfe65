"""One ingest of several sources, on real stores and in real reading processes."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ingest.load.writer import Writer
from ingest.model.batch import Batch
from ingest.model.source import Arrival
from ingest.run import pipeline
from ingest.run.pipeline import Ingested, Planned, ingest
from ingest.workers import backpressure
from schemas.errors import Unreachable
from schemas.store.store import Store
from tests.support.mails.mails import make_report_mail


class Mails:
    """A source of report mails; one that `breaks` is lost after them."""

    ledger_name: str | None = None

    def __init__(self, name: str, numbers: Sequence[int], *, breaks: bool) -> None:
        self.name, self._numbers, self._breaks = name, numbers, breaks
        self.problems: list[str] = []

    def arrivals(self) -> Iterator[Sequence[Arrival]]:
        for number in self._numbers:
            yield [Arrival(str(number), make_report_mail(number).raw)]
        if self._breaks:
            raise Unreachable("the connection broke")

    def settle(self, keys: Sequence[str]) -> None:
        pass

    def defer(self, keys: Sequence[str]) -> None:
        pass

    def close(self) -> None:
        pass


def test_what_a_lost_source_left_does_not_hold_up_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backpressure, "AHEAD_BYTES", 1)
    sources = [
        Planned(lambda: Mails("lost", range(3), breaks=True)),
        Planned(lambda: Mails("sound", range(3, 6), breaks=False)),
    ]
    ended: list[Ingested] = []

    def run() -> None:
        ended.append(ingest(sources, Writer(Store(tmp_path / "s.duckdb")), 1, lambda *_: None))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)
    assert [each.counts.stored for each in ended] == [3]
    assert [str(problem) for problem in ended[0].problems] == ["the connection broke"]


@pytest.mark.parametrize(
    ("group", "mails", "held", "following"),
    [
        (500, 500, pipeline.LOCKED_SECONDS, 500),
        (500, 500, 2 * pipeline.LOCKED_SECONDS, 250),  # readers waited too long
        (500, 10, 2 * pipeline.LOCKED_SECONDS, pipeline.FEWEST_MAILS),
        (20, 20, 2 * pipeline.LOCKED_SECONDS, 20),
        (500, 500, pipeline.LOCKED_SECONDS / 1.25, 625),
        (200, 200, 0.001, 400),  # no leap
        (900, 900, 0.001, pipeline.GROUP_MAILS),
        (500, 10, 0.001, 500),  # a mail that comes alone
        (500, 500, 0.0, pipeline.GROUP_MAILS),
    ],
)
def test_as_many_mails_are_committed_as_readers_wait_for(
    group: int, mails: int, held: float, following: int
) -> None:
    assert pipeline.next_group(group, mails, held) == pytest.approx(following, abs=1)


def test_a_slow_store_is_written_in_smaller_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each commit seems to take long, so the next one holds fewer mails."""
    monkeypatch.setattr(pipeline, "GROUP_MAILS", 40)
    monkeypatch.setattr(pipeline, "FEWEST_MAILS", 5)
    monkeypatch.setattr(pipeline, "LOCKED_SECONDS", 1e-9)
    sizes: list[int] = []
    write = Writer.write

    def counting(writer: Writer, batch: Batch, *rest: Any) -> Any:
        sizes.append(len(batch.carriers))
        return write(writer, batch, *rest)

    monkeypatch.setattr(Writer, "write", counting)
    plan = [Planned(lambda: Mails("a", range(50), breaks=False))]
    done = ingest(plan, Writer(Store(tmp_path / "s.duckdb")), 1, lambda *_: None)
    assert (sum(sizes), done.counts.stored) == (50, 50)
    assert sizes[0] == 20
    assert set(sizes[1:-1]) == {5}
