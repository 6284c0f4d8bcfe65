"""What tests of these folders share."""

import pytest

from tests.support.stores.read_here import ReadersHere


@pytest.fixture
def read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries and rebuilds start no process: that is tested by `rua quarantine retry` and
    `rua rebuild`, which do."""
    for module in ("ingest.run.quarantine_retry", "ingest.run.rebuild"):
        monkeypatch.setattr(f"{module}.Readers", ReadersHere)
