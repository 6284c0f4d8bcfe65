"""The server while mail comes in: what is seen meanwhile, and that it follows by itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.sessions import reloading
from schemas.store.store import Store
from tests.conftest import Demo, Rua
from tests.support.mails.report_documents import Report, store_of
from tests.support.moments import today
from tests.support.screens.browser import (
    PATIENCE,
    needs_chromium,
    page_at,
    running,
    wait_until_drawn,
)

TODAY = today()
BEHIND = "this page updates itself"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return store_of([Report(TODAY, "example.com", count=7)], tmp_path / "s")


@contextmanager
def copied(path: Path) -> Iterator[str]:
    """The URL of a dashboard that shows a copy of the store."""
    with running(("--store", str(path)), path.parent) as url:
        end = time.monotonic() + PATIENCE
        while not list(path.parent.glob(f".{path.name}-copy-*/*.duckdb")):
            assert time.monotonic() < end
            time.sleep(0.1)
        time.sleep(2)  # until what it is asked for first is ready
        yield url


def test_a_page_is_shown_while_the_store_is_held_says_so_and_follows(path: Path) -> None:
    needs_chromium()
    with copied(path) as url, page_at(url) as page:
        with Store(path).write() as con:
            con.execute("update dmarc_record set message_count = 4321")
            con.execute("checkpoint")
            page.reload()
            wait_until_drawn(page)
            assert page.get_by_text(BEHIND).count() == 1
            assert page.get_by_text("4,321").count() == 0
        page.get_by_text("4,321").first.wait_for(timeout=PATIENCE * 1000)
        page.get_by_text(BEHIND).wait_for(state="hidden", timeout=PATIENCE * 1000)
    assert not list(path.parent.glob(".*-copy-*"))


def test_eight_sessions_beside_an_ingest_see_no_error(path: Path, demo: Demo, rua: Rua) -> None:
    with copied(path) as url:
        with reloading(url, "", 8, 0.2) as found:
            counts = rua.json("--store", path, "ingest", "--offline", demo.folder / "mails")
        assert counts["stored"] == demo.counts["stored"]
        assert found.troubles == []
        assert len(found.seconds) >= 8
