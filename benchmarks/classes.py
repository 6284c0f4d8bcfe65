"""How long it takes to tell the sources of ten million records apart, and to ask again.

    python -m benchmarks.classes [--records 10000000]

The records are those of the demo, each copy under other policy domains every fifth time, so that
there are hundreds of domains and hundreds of thousands of sources. Each figure is of a connection
of its own, opening the store included; the answer that was kept is removed before the first.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analytics.query.question import Question
from analytics.query.run import prepare
from analytics.query.window import Window
from analytics.sources.classification import source_class
from analytics.sources.summary import domains, sources
from benchmarks.mails import run_rua
from ingest.demo import write_demo
from schemas.store.store import Connection, Reader, Store

COPIES_OF_A_DOMAIN = 5
FAR = 1_000_000_000  # between the numbers of two copies: documents that are read in later fit


def multiply(store: Store, records: int) -> int:
    """Copy every DMARC report until there are so many records; returns how many there are."""
    with store.write() as con:
        count, last = con.execute(
            "select (select count(*) from dmarc_record), (select max(document_id) from document)"
        ).fetchall()[0]
        for copy in range(1, -(-records // count)):
            _copy(con, copy, last)
        con.execute("checkpoint")
        return int(con.execute("select count(*) from dmarc_record").fetchall()[0][0])


def _copy(con: Connection, copy: int, last: int) -> None:
    con.execute("begin")
    con.execute(
        "insert into dmarc_report select * replace (document_id + $1 as document_id,"
        " identity || $2 as identity, policy_domain || $3 as policy_domain)"
        " from dmarc_report where document_id <= $4",
        [copy * FAR, f"-{copy}", f".{copy // COPIES_OF_A_DOMAIN}.test", last],
    )
    con.execute(
        "insert into dmarc_record select * replace (document_id + $1 as document_id)"
        " from dmarc_record where document_id <= $2",
        [copy * FAR, last],
    )
    con.execute("commit")


def timed(store: Store, act: Callable[[Reader], object]) -> float:
    began = time.monotonic()
    with store.read() as reader:
        act(reader)
    return time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classes")
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    until = datetime.now(UTC).date()
    window = Window(until - timedelta(days=Window.DAYS - 1), until, until)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_demo(folder / "demo", until=until)
        path = run_rua(folder, folder / "demo" / "mails")
        store = Store(path)
        records = multiply(store, words.records)

        def classify(reader: Reader) -> None:
            prepare(reader, source_class(Question(reader, window)))

        asked: dict[str, Callable[[Reader], object]] = {
            "classify, first time": classify,
            "classify, asked again": classify,
            "rua domains": lambda reader: domains(Question(reader, window)),
            "rua sources of one domain": lambda reader: sources(
                Question(reader, window, ("example.com",))
            ),
        }
        figures: dict[str, list[float]] = {what: [] for what in asked}
        for _ in range(words.rounds):
            shutil.rmtree(f"{path}.kept", ignore_errors=True)
            for what, act in asked.items():
                figures[what].append(timed(store, act))
    sys.stdout.write(f"{records:,} records, {words.rounds} rounds, seconds: least, middle, most\n")
    for what, seconds in figures.items():
        least, *between, most = sorted(seconds)
        middle = between[len(between) // 2] if between else most
        sys.stdout.write(f"  {what:28}{least:8.2f}{middle:8.2f}{most:8.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
