"""Reading in supervised processes: what kills one costs one document and not the run."""

import contextlib
import io
import os
import signal
import subprocess
import time
import zipfile
from collections.abc import Sequence

import pytest

from ingest.model.batch import Batch
from ingest.model.source import Arrival
from ingest.workers import backpressure, pool
from ingest.workers.pool import Readers, Worker
from ingest.workers.read import merged, read_batch
from tests.support.process.patience import eventually

GOOD = b"""<feedback><report_metadata><org_name>r.example</org_name><report_id>%d</report_id>
<date_range><begin>1793000000</begin><end>1793086400</end></date_range></report_metadata>
<policy_published><domain>example.com</domain><p>none</p></policy_published>%s</feedback>"""
RECORD = b"""<record><row><source_ip>192.0.2.1</source_ip><count>1</count></row>
<identifiers><header_from>example.com</header_from></identifiers></record>"""


def report(number: int, records: int = 1) -> bytes:
    return GOOD % (number, RECORD * records)


def arrivals(*documents: bytes) -> list[Arrival]:
    return [Arrival(f"/{n}.xml", each, is_mail=False) for n, each in enumerate(documents)]


def read(readers: Readers, items: Sequence[Arrival]) -> Batch:
    return merged([part.result(timeout=60) for part in readers.submit(items)])


def test_the_answer_is_that_of_reading_here_in_the_same_order() -> None:
    items = arrivals(*(report(n, n % 7) for n in range(120)), b"<broken", b"no report")
    with Readers(2) as readers:
        there = read(readers, items)
    here = read_batch(items)
    assert there.carriers == here.carriers
    assert there.readings == here.readings
    assert {name: t.to_pydict() for name, t in there.tables.items()} == {
        name: t.to_pydict() for name, t in here.tables.items()
    }


def test_a_document_that_takes_too_long_is_refused_and_the_others_are_read() -> None:
    slow = report(1, records=95_000)
    items = arrivals(report(2), slow, report(3))
    with Readers(1, cpu_seconds=0.3) as readers:
        batch = read(readers, items)
    assert [reading.code for reading in batch.readings] == [None, "limit", None]
    assert "0.3 s of CPU" in (batch.readings[1].reason or "")
    assert batch.readings[1].content() == slow


def test_only_the_deadly_document_of_a_mail_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first.xml", report(1))
        archive.writestr("slow.xml", report(2, records=95_000))
        archive.writestr("last.xml", report(3))
    with Readers(1, cpu_seconds=0.3) as readers:
        batch = read(readers, [Arrival("/a.zip", packed.getvalue(), is_mail=False)])
    assert [reading.code for reading in batch.readings] == [None, "limit", None]


def children() -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, command in lines if "ingest.workers.pool" in command]


def test_a_process_killed_from_outside_is_replaced() -> None:
    worker = Worker()
    try:
        assert len(worker.read(arrivals(report(1))).readings) == 1
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        batch = worker.read(arrivals(report(2), report(3)))
    finally:
        worker.stop()
    assert [reading.code for reading in batch.readings] == [None, None]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_for_us_all_ends_no_reading_process(number: int) -> None:
    """Ctrl-C goes to all of a terminal, and a service manager's SIGTERM to all of a service."""
    with Readers(1) as readers:
        readers.submit(arrivals(report(1)))
        while not (before := children()):
            time.sleep(0.001)
        os.kill(before[0], number)  # while it starts
        assert len(read(readers, arrivals(report(2))).readings) == 1
        os.kill(before[0], number)
        assert len(read(readers, arrivals(report(3))).readings) == 1
        assert children() == before


def test_an_interrupt_waits_for_no_document() -> None:
    stopped: list[int] = []
    with contextlib.suppress(KeyboardInterrupt), Readers(1) as readers:
        read(readers, arrivals(report(1)))
        stopped = children()
        os.kill(stopped[0], signal.SIGSTOP)
        readers.submit(arrivals(report(2)))
        raise KeyboardInterrupt
    try:
        assert children() == stopped
    finally:
        os.kill(stopped[0], signal.SIGKILL)


def test_no_process_is_left_when_the_readers_end() -> None:
    with Readers(2) as readers:
        read(readers, arrivals(*(report(n) for n in range(200))))
        assert children()
    assert eventually(lambda: not children())


def test_a_fault_of_the_reader_costs_one_mail_and_keeps_its_bytes() -> None:
    # A key that is no text stands for a fault nobody foresaw: it raises wherever it is used.
    faulty = Arrival(None, report(1), is_mail=False)  # type: ignore[arg-type]
    worker = Worker()
    try:
        batch = worker.read([*arrivals(report(2)), faulty, *arrivals(report(3))])
    finally:
        worker.stop()
    assert [reading.code for reading in batch.readings] == [None, "reader-failed", None]
    assert "AttributeError" in (batch.readings[1].reason or "")
    assert batch.readings[1].content() == report(1)


def test_what_was_read_waits_in_bounded_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read ahead while there is no room, but for what is to be taken next."""
    monkeypatch.setattr(backpressure, "AHEAD_BYTES", 1)
    monkeypatch.setattr(pool, "CHUNK_BYTES", 1)
    with Readers(2) as readers:
        parts = readers.submit(arrivals(*(report(n) for n in range(4))))
        assert len(parts) == 4
        first = parts[0].result(timeout=60)
        parts[1].answer.result(timeout=60)  # it is there, and not taken
        time.sleep(1)
        # Who had room when it began may have read one more by then.
        assert not parts[3].answer.done()
        rest = [part.result(timeout=60) for part in parts[1:]]
    whole = merged([first, *rest])
    assert [carrier.key for carrier in whole.carriers] == [f"/{n}.xml" for n in range(4)]


def test_an_end_does_not_wait_for_what_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backpressure, "AHEAD_BYTES", 1)
    monkeypatch.setattr(pool, "CHUNK_BYTES", 1)
    with Readers(1) as readers:
        parts = readers.submit(arrivals(*(report(n) for n in range(3))))
        parts[0].answer.result(timeout=60)
    assert all(part.answer.done() for part in parts)


def test_what_is_dropped_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backpressure, "AHEAD_BYTES", 1)
    monkeypatch.setattr(pool, "CHUNK_BYTES", 1)
    with Readers(1) as readers:
        dropped = readers.submit(arrivals(*(report(n) for n in range(3))))
        dropped[0].answer.result(timeout=60)
        for part in dropped:
            part.drop()
        assert len(read(readers, arrivals(report(4), report(5))).readings) == 2
    assert not dropped[2].answer.done()
