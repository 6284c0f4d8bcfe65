"""Answers kept beside the store: never older than it, of no value, private."""

import ast
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import analytics.query.result_cache
import analytics.query.run
from analytics.query.question import Question
from analytics.query.result_cache import CachedAnswer
from analytics.query.run import question
from analytics.query.window import Window
from analytics.sources.labels import add
from analytics.sources.summary import domains
from ingest.load.writer import Writer
from ingest.model.run import Run
from schemas.store.store import Store
from tests.support.mails.report_documents import Report, store_of
from tests.support.moments import utc
from tests.support.paths import ROOT
from tests.support.stores.all_questions import Recorded

NOW = utc(2026, 11, 20)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(analytics.query.result_cache, "SLOW_SECONDS", 0)
    store = Store(tmp_path / "it's.duckdb")
    with store.write():
        pass
    return store


def files(store: Store) -> list[Path]:
    return sorted(Path(f"{store.path}.kept").glob("*"))


def keep(store: Store, asked: str, value: int) -> None:
    with store.read() as reader:
        reader.execute(f"create temp table answer as select {value} as value")
        CachedAnswer(reader, "answer", asked).store("answer")


def restored(store: Store, asked: str) -> int | None:
    with store.read() as reader:
        found = CachedAnswer(reader, "answer", asked).found()
        return None if found is None else int(reader.execute(found).fetchall()[0][0])


def test_what_is_kept_comes_back_for_the_same_question_alone(store: Store) -> None:
    keep(store, "one", 7)
    assert restored(store, "one") == 7
    assert restored(store, "other") is None


def test_it_stays_when_nothing_changes_what_reports_say(store: Store) -> None:
    """A label, an advice, an answer of DNS, a run that finds nothing."""
    keep(store, "one", 7)
    add(store, "example.com", "192.0.2.1", "own", None)
    Writer(store).finish(Run("files", NOW))
    assert restored(store, "one") == 7
    copy = store.path.read_bytes()
    change(store)
    keep(store, "one", 8)
    store.path.write_bytes(copy)  # as it is put back from a copy
    assert restored(store, "one") == 7


# Asked for rows of Python's (`Listed`), which kept answers rest on.
BENEATH = {
    *("sources/names_met", "sources/services_met", "sources/returning", "policy/whatif_names"),
}


def named_in_calls(*functions: str) -> set[str]:
    """The questions that are named where analytics calls one of these functions."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "analytics").rglob("*.py")]
    calls = [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in functions
    ]
    words = [each.value for call in calls for each in call.args if isinstance(each, ast.Constant)]
    return {word for word in words if isinstance(word, str) and "/" in word}


def test_what_is_kept_asks_nothing_that_may_change_meanwhile() -> None:
    names = named_in_calls("ask_cached", "by_domain", "made", "_ask") | BENEATH
    assert len(names) > 50
    others = re.compile(r"\b(?:from|join) (?:label|run|advice|dns_snapshot|ledger)\b")
    for name in names:
        assert not others.search(question(name)), name


def test_it_is_gone_when_the_store_changes(store: Store) -> None:
    keep(store, "one", 7)
    change(store)
    assert restored(store, "one") is None
    keep(store, "one", 8)
    assert restored(store, "one") == 8


def test_of_other_states_what_is_used_of_late_stays(store: Store) -> None:
    """By who reads a copy of the store."""
    for asked in ("one", "two", "three"):
        keep(store, asked, 7)
    old = time.time() - analytics.query.result_cache.OTHERS_SECONDS - 1
    for file in files(store):
        os.utime(file, (old, old))
    assert restored(store, "one") == 7
    change(store)
    keep(store, "one", 8)
    assert len(files(store)) == 2
    assert restored(store, "one") == 8


def test_many_may_keep_the_same_answer_at_once(store: Store) -> None:
    """As sessions of the dashboard do, which are threads of one process."""
    barrier = threading.Barrier(8)

    def ask(number: int) -> int | None:
        barrier.wait()
        keep(store, "one", 7)
        return restored(store, "one")

    for _ in range(5):
        change(store)
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(ask, range(8))) == [7] * 8
    assert not [file for file in files(store) if file.suffix != ".parquet"]


def test_what_cannot_be_written_is_no_fault_of_the_question(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(f"{store.path}.kept")
    with store.read() as reader:
        reader.execute("create temp table answer as select 7 as value")
        cached = CachedAnswer(reader, "answer", "one")
        write = cached._write
        monkeypatch.setattr(
            CachedAnswer, "_write", lambda _, folder, table: write(folder / "gone", table)
        )
        cached.store("answer")
        assert reader.execute("from answer").fetchall() == [(7,)]
    assert list(folder.iterdir()) == []


def change(store: Store) -> None:
    with store.write():
        pass


def test_it_differs_by_whether_proof_is_asked_for(store: Store) -> None:
    keep(store, "one", 7)
    assert restored(Store(store.path, require_verified=True), "one") is None


def test_it_is_for_its_owner_alone(store: Store) -> None:
    keep(store, "one", 7)
    assert files(store)[0].stat().st_mode & 0o777 == 0o600
    assert files(store)[0].parent.stat().st_mode & 0o777 == 0o700


def test_where_nothing_can_be_written_nothing_is_kept(store: Store) -> None:
    Path(f"{store.path}.kept").write_text("a file in the way")
    keep(store, "one", 7)
    assert restored(store, "one") is None


def test_what_is_quick_is_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analytics.query.result_cache, "SLOW_SECONDS", 60)
    keep(store, "one", 7)
    assert not files(store)


MOST = 40  # for hundreds the test would take ten times as long


def test_the_oldest_go_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analytics.query.result_cache, "MOST_FILES", MOST)
    for number in range(MOST + 3):
        keep(store, f"question {number}", number)
    assert len(files(store)) == MOST
    assert restored(store, f"question {MOST + 2}") is not None


def makes(reader: Recorded) -> bool:
    """Whether a question was answered anew, or a relation made for it."""
    return any(statement.startswith("create") for statement in reader.asked)


def test_a_question_comes_back_without_being_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analytics.query.run, "SLOW_ANSWER", 0)
    today = date(2026, 11, 20)
    window = Window(date(2026, 10, 17), today, today)
    store = Store(store_of([Report(today, "example.com", count=7)], tmp_path / "s"))
    with store.read() as reader:
        first = domains(Question(reader, window))
    with store.read() as reader:
        again = Recorded(reader)
        assert domains(Question(again, window)) == first
        assert not makes(again)
    assert [row["messages"] for row in first] == [7]
    with store.read() as reader:
        other = Recorded(reader)
        domains(Question(other, replace(window, first=today)))
        assert makes(other)
