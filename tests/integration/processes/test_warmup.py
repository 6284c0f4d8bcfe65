"""What is ready before the dashboard listens."""

import subprocess
import sys

LOADED = """
import gc, logging, pkgutil, sys
from dashboards.web import components, screens, session
from dashboards.web.server.warmup import loaded
with loaded():
    assert gc.get_freeze_count() > 100_000
    known = set(sys.modules)
    for package in (session, components, screens):
        found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        missing = {each.name for each in found if not each.name.endswith(".page")} - known
        assert not missing, missing
assert gc.get_freeze_count() == 0
assert logging.root.manager.disable == logging.NOTSET
"""


def test_all_screens_are_loaded_and_drawn_for_nobody_in_silence() -> None:
    command = [sys.executable, "-c", LOADED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
