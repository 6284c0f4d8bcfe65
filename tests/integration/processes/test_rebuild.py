"""`rua rebuild`, killed at its commit."""

import signal
import subprocess
import sys
from pathlib import Path

from ingest.run.rebuild import rebuild
from tests.integration.ingest.test_quarantine_retry import Box, mail
from tests.integration.ingest.test_rebuild import left

STOPPED = """
import sys, time
from pathlib import Path
from ingest.run.rebuild import rebuild
from ingest.load.writer import Writer
from schemas.store.store import Store
class Stopping(Store):
    def write(self):
        print("read", flush=True)
        time.sleep(600)
store = Stopping(Path(sys.argv[1]))
rebuild(store, Writer(store), 1)
"""


def test_a_killed_rebuild_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.read(mail(number=1), mail(number=2))
    before = box.derived()
    command = [sys.executable, "-c", STOPPED, str(box.store.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "read\n"
        rebuild(box.store, box.writer, 1)
        still_there = left(box)  # what another one works on is no leftover
        process.send_signal(signal.SIGKILL)
    assert len(still_there) == 1
    assert box.derived() == before
    assert len(left(box)) == 1
    rebuild(box.store, box.writer, 1)
    assert left(box) == []
    assert box.derived() == before
