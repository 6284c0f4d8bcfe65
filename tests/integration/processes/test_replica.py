"""A copy of a store whose writer was killed."""

import contextlib
import subprocess
import sys
from datetime import date
from pathlib import Path

from analytics.sources.labels import labels
from schemas.store.replica import Copies
from schemas.store.store import Store
from tests.support.mails.report_documents import Report, store_of

KILLED = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[1])
con.execute("set checkpoint_threshold = '1GB'")
con.execute("insert into label values ('example.com', 'left.example', 'own', null, '2026-11-01')")
os._exit(0)
"""


def test_the_log_of_a_writer_that_was_killed_is_copied_with_it(tmp_path: Path) -> None:
    store = Store(store_of([Report(date(2026, 11, 20))], tmp_path / "s"))
    subprocess.run([sys.executable, "-c", KILLED, store.path], check=True)
    assert store.path.with_name(f"{store.path.name}.wal").stat().st_size > 0
    with contextlib.closing(Copies()) as copies:
        copied = copies.make(store)
        assert copied is not None
        with store.as_copied(copied).read() as con:
            assert [row["match"] for row in labels(con)] == ["left.example"]
