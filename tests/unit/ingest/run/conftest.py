"""Retries and rebuilds read in the process of the test: that of their own is not what is tested.

Reading processes have tests of their own, and the commands, which start them, too.
"""

import pytest

from tests.support.stores.read_here import ReadersHere


@pytest.fixture(autouse=True)
def read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ingest.run.quarantine_retry", "ingest.run.rebuild"):
        monkeypatch.setattr(f"{module}.Readers", ReadersHere)
