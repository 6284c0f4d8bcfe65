"""The Pipeline screen: runs, speed, backlog and problems, over real runs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.reports.ingest_runs import (
    backlog,
    run_days,
    run_page,
    run_problems,
    run_sources,
    waiting,
)
from dashboards.common.formatting import day
from schemas.store.store import Store
from tests.conftest import Demo, Rua
from tests.support.mails.report_documents import Report, store_of
from tests.support.moments import utc
from tests.support.screens.browser import free_port, needs_chromium, page_at, running
from tests.support.screens.screens import Opened, opener, tables_of, words
from tests.support.stores.hostile_store import HOSTILE

DAY = date(2026, 11, 19)
ADD = """
    insert into run (
        run_id, started_at, finished_at, pid, source, messages, documents, stored, duplicate,
        conflict, refused, ignored, records, put_off, problem
    )
    values ($1, $2, $3, 1, $4, $5, 10, 6, 1, 1, 2, 0, 60, $6, $7)
"""


def at(hour: int, minute: int = 0, *, back: int = 0) -> datetime:
    return utc(2026, 11, DAY.day - back, hour, minute)


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    return opener(monkeypatch, tmp_path, DAY.isoformat())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As after two days of a mailbox that failed for a while, and one that still does."""
    path = tmp_path_factory.mktemp("runs") / "rua.duckdb"
    runs = [
        (1, at(8, back=1), at(8, 1, back=1), "imap:a", 6000, 0, None),
        (2, at(9, back=1), at(9, back=1), "imap:a", 0, 0, "no route to mx.example.net"),
        (3, at(10, back=1), at(10, back=1), "imap:a", 0, 0, "no route to mx.example.net"),
        (4, at(8), at(8, 2), "imap:a", 12000, 3, None),
        (5, at(9), at(9), "imap:b", 0, 0, HOSTILE[0]),
        (6, at(10), None, "files", 50, 0, None),
    ]
    with Store(path).write() as con:
        for run in runs:
            con.execute(ADD, list(run))
    return path


def test_the_days_in_numbers_tables_and_charts(store: Path, opened: Opened) -> None:
    app = opened(store, "pipeline", days="7")
    found = {each.label: (each.value, each.delta) for each in app.metric}
    assert found["Last run started"] == ("10:00", f"{day(DAY)}, UTC")
    assert found["Runs"] == ("6", "3 with problems")
    assert found["Mails read"] == ("18,050", "36 documents stored")
    assert found["Speed"][0] == "100"  # 18,000 mails in 180 s: the run that goes on says nothing
    tables = tables_of(app)
    states = {
        row["source"]: row["state"] for row in tables["Mailboxes and folders"].to_dict("records")
    }
    assert states == {
        "imap:a": "succeeded",
        "imap:b": "problem",
        "files": "running or interrupted",
    }
    runs = tables["Runs"].to_dict("records")
    assert [row["run_id"] for row in runs] == [6, 5, 4, 3, 2, 1]
    assert runs[2]["speed"] == 100
    assert len(app.get("vega_lite_chart")) == 2
    said = words(app)
    assert "3 mails deferred" in said
    assert "unknown until a run asks the server" in said


def test_what_goes_on_is_a_warning_and_what_passed_is_not(store: Path, opened: Opened) -> None:
    app = opened(store, "pipeline", days="7")
    (warning,) = [each.value for each in app.warning]
    assert warning.startswith("**`imap:b`:**")
    assert "No run has succeeded since" in warning
    assert "1 past problem" in [each.label for each in app.expander]
    assert "(2 times, 18 Nov 2026 09:00 UTC to 18 Nov 2026 10:00 UTC)" in words(app)


def test_a_day_without_runs_offers_the_last_ones(store: Path, opened: Opened) -> None:
    app = opened(store, "pipeline", days="7", until="2026-10-01")
    assert "No run in this period" in words(app)
    (offer,) = [each for each in app.button if each.label == f"Show the days up to {day(DAY)}"]
    offer.click().run()
    assert {each.label: each.value for each in app.metric}["Runs"] == "6"


def test_an_empty_store_says_how_runs_begin(tmp_path: Path, opened: Opened) -> None:
    empty = tmp_path / "rua.duckdb"
    with Store(empty).write():
        pass
    app = opened(empty, "pipeline")
    assert "No runs." in words(app)
    assert not app.dataframe


def test_a_run_of_the_command_is_told(
    demo: Demo, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(demo.store, "pipeline", until=datetime.now(UTC).date().isoformat())
    (row,) = tables_of(app)["Runs"].to_dict("records")
    assert row["source"] == "files"
    for key in ("messages", "stored", "duplicate", "refused", "records"):
        assert row[key] == demo.counts[key]
    assert "no reverse DNS for" in words(app)
    monkeypatch.setenv("RUA_DNS__OFFLINE", "false")
    app = opened(demo.store, "pipeline", until=datetime.now(UTC).date().isoformat())
    assert "addresses await reverse DNS" in words(app)


def test_a_mailbox_out_of_reach_is_named(tmp_path: Path, opened: Opened) -> None:
    config, store = tmp_path / "rua.toml", tmp_path / "rua.duckdb"
    config.write_text(
        f'store = "{store}"\n[[mailbox]]\nname = "reports"\nhost = "127.0.0.1"\n'
        f'port = {free_port()}\nusername = "u"\npassword_env = "RUA_TEST_PASSWORD"\n'
    )
    done = Rua(tmp_path)("--config", config, "ingest", env={"RUA_TEST_PASSWORD": "p"})
    assert done.returncode == 3
    app = opened(store, "pipeline", until=datetime.now(UTC).date().isoformat())
    (warning,) = [each.value for each in app.warning]
    assert "127.0.0.1" in warning


def test_many_runs_go_on_for_pages(tmp_path: Path, opened: Opened) -> None:
    store = store_of([Report(DAY)], tmp_path / "s")
    with Store(store).write() as con:
        for n in range(2, 130):
            con.execute(ADD, [n, at(n % 24), at(n % 24, 1), "imap:a", 1, 0, None])
    app = opened(store, "pipeline", days="7")
    assert "1 – 25 of 128 runs" in words(app)
    app.pagination[0].set_value(6).run()
    assert len(tables_of(app)["Runs"]) == 3


def test_the_questions_agree(store: Path) -> None:
    window = Window(date(2026, 11, 18), DAY, DAY)
    with Store(store).read() as reader:
        q = Question(reader, window)
        days, page = run_days(q), run_page(q, most=100)
        assert [row["run_id"] for row in run_page(q, most=2, skip=2)] == [4, 3]
        assert [row["is_over"] for row in run_problems(q)] == [False, True]
        assert run_sources(reader)[0]["source"] == "imap:b"
        assert (waiting(q), backlog(reader)["addresses"]) == ([], 0)
    for key in ("messages", "stored", "refused", "records"):
        assert sum(row[key] for row in days) == sum(row[key] for row in page)
    assert all(row["total"] == len(page) == 6 for row in page)


@pytest.fixture(scope="module")
def url(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    needs_chromium()
    with running(["--store", str(store)], tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.mark.parametrize(("width", "dark"), [(1440, True)])
def test_it_is_drawn_in_a_browser_and_nothing_runs(url: str, width: int, dark: bool) -> None:
    with page_at(f"{url}/pipeline?until={DAY}", width=width, dark=dark) as page:
        assert page.get_by_role("heading", name="Pipeline", exact=True).is_visible()
        assert page.evaluate("window.pwned") is None
        assert page.locator("#injected").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
