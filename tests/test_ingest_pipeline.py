"""One ingest of several sources, on real stores and in real reading processes."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ingest import room
from ingest.pipeline import Ingested, Planned, ingest
from ingest.sources import Arrival
from ingest.writer import Writer
from schemas.errors import Unreachable
from schemas.store import Store
from tests.mails import make_report_mail


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

    def put_off(self, keys: Sequence[str]) -> None:
        pass

    def close(self) -> None:
        pass


def test_what_a_lost_source_left_does_not_hold_up_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "AHEAD_BYTES", 1)
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
