"""What the first visitor would wait for is there before he comes."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from analytics.labels import add
from dashboards import ahead, data
from dashboards.data import Chosen
from dashboards.data.monday import monday
from dashboards.frame.filters import window_of
from schemas.access import LOGIN
from schemas.errors import AccessDenied, StoreError
from schemas.store import Store
from tests.report_documents import Report, store_of

TODAY = date.today()
PATIENCE = 60
BEGUN = threading.Event()  # a question that would last for ever


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    path = store_of([Report(TODAY, "example.com", count=7)], tmp_path / "s")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUA_STORE", str(path))
    monkeypatch.setattr(ahead, "is_running", lambda: True)
    BEGUN.clear()
    monkeypatch.setattr(ahead, "FIRST_SECONDS", 0)
    monkeypatch.setattr(ahead, "IDLE_SECONDS", 0.5)
    monkeypatch.setattr(ahead, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(ahead, "REST_SECONDS", 0.1)
    st.cache_data.clear()
    yield Store(path)
    st.cache_data.clear()


def within(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def landing() -> Any:
    """The landing page's answer, as a visitor asks for it."""
    return monday(Chosen(window_of(35, None, TODAY)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that opened the store, in order."""
    found: list[str] = []
    read = Store.read

    def counted(self: Store) -> Any:
        found.append(threading.current_thread().name)
        return read(self)

    monkeypatch.setattr(Store, "read", counted)
    return found


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each time that all was asked."""
    found: list[int] = []
    views = ahead._starting_views

    def counted() -> Iterator[object]:
        yield from views()
        found.append(len(found))

    monkeypatch.setattr(ahead, "_starting_views", counted)
    return found


def test_a_visitor_finds_the_answer_ready(
    store: Store, asked: list[str], rounds: list[int]
) -> None:
    with ahead.prepared():
        assert within(lambda: len(rounds) == 1)
        assert [row["messages"] for row in landing().domains] == [7]
    assert set(asked) == {"rua-ahead"}


def test_a_change_of_the_store_makes_it_anew(
    store: Store, asked: list[str], rounds: list[int]
) -> None:
    with ahead.prepared():
        assert within(lambda: len(rounds) == 1)
        add(store, "example.com", "192.0.2.1", "own", None)
        assert within(lambda: len(rounds) == 2)
        before = len(asked)
        landing()
        assert len(asked) == before


def test_it_asks_nothing_while_somebody_looks(
    store: Store, monkeypatch: pytest.MonkeyPatch, asked: list[str], rounds: list[int]
) -> None:
    landing()
    monkeypatch.setattr(ahead, "IDLE_SECONDS", 1000)
    with ahead.prepared():
        time.sleep(2)
        assert "rua-ahead" not in asked
    monkeypatch.setattr(ahead, "IDLE_SECONDS", 0.1)
    with ahead.prepared():
        assert within(lambda: len(rounds) == 1)


def test_it_ends_at_once_while_it_asks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_starting_views", _one_for_ever)
    with ahead.prepared():
        assert BEGUN.wait(PATIENCE)
    assert "rua-ahead" not in {thread.name for thread in threading.enumerate()}


def _one_for_ever() -> Iterator[int]:
    yield data.answer(_for_ever)


def _for_ever(con: Any, told: object) -> int:
    BEGUN.set()
    question = "select count(*) from range(1000000) a, range(1000000) b where hash(a, b) = 1"
    return int(con.execute(question).fetchall()[0][0])


def test_without_a_store_it_waits_for_one(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    monkeypatch.setenv("RUA_STORE", str(tmp_path / "later.duckdb"))
    with ahead.prepared():
        time.sleep(0.5)
        assert not rounds
        store.path.rename(tmp_path / "later.duckdb")
        assert within(lambda: len(rounds) == 1)


def test_nobody_else_sees_everything_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a login, what the thread may see is not what a visitor may."""
    monkeypatch.setenv(LOGIN, "required")
    monkeypatch.setattr(ahead, "_starting_views", _one_for_ever)
    with ahead.prepared():
        assert BEGUN.wait(PATIENCE)
        with pytest.raises(AccessDenied):
            landing()


def test_an_interrupted_question_is_an_error_of_ours(store: Store) -> None:
    def stop() -> None:
        BEGUN.wait()
        time.sleep(0.2)  # until it computes
        data.interrupt()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(StoreError):
        data.answer(_for_ever)
    thread.join()
