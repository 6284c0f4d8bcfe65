"""What the first visitor would wait for is there before he comes."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from analytics.labels import add, labels
from dashboards import ahead, data
from dashboards.data import Chosen
from dashboards.data.monday import monday
from dashboards.data.shown import SHOWN
from dashboards.frame.filters import window_of
from schemas.access import LOGIN
from schemas.copies import Copies
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
    monkeypatch.setattr(ahead, "BUSY_SECONDS", 0.5)
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
    """One item for each time that all was asked, which is one question here."""
    return counting(monkeypatch, lambda: iter([data.known_domains()]))


@pytest.fixture
def whole_rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The same of all that is asked in earnest."""
    return counting(monkeypatch, ahead._starting_views)


def counting(monkeypatch: pytest.MonkeyPatch, views: Callable[[], Iterator[object]]) -> list[int]:
    found: list[int] = []

    def counted() -> Iterator[object]:
        yield from views()
        found.append(len(found))  # what was asked is shown next

    monkeypatch.setattr(ahead, "_starting_views", counted)
    return found


def test_a_visitor_finds_the_answer_ready(
    store: Store, asked: list[str], whole_rounds: list[int]
) -> None:
    with ahead.prepared():
        assert within(lambda: len(whole_rounds) == 1)
        assert [row["messages"] for row in landing().domains] == [7]
    assert set(asked) == {"rua-ahead"}


def test_a_change_of_the_store_makes_it_anew(
    store: Store, asked: list[str], whole_rounds: list[int]
) -> None:
    with ahead.prepared():
        assert within(lambda: len(whole_rounds) == 1)
        add(store, "example.com", "192.0.2.1", "own", None)
        assert within(lambda: len(whole_rounds) == 2)
        before = len(asked)
        landing()
        assert len(asked) == before


def test_it_asks_nothing_while_somebody_looks_but_not_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    landing()
    monkeypatch.setattr(ahead, "IDLE_SECONDS", 1000)
    monkeypatch.setattr(ahead, "BUSY_SECONDS", 1000)
    with ahead.prepared():
        time.sleep(2)
        assert not rounds
        assert SHOWN.copied(data.live()) is None
    monkeypatch.setattr(ahead, "BUSY_SECONDS", 0.5)
    with ahead.prepared():
        assert within(lambda: len(rounds) == 1)


def test_visitors_see_the_state_before_until_the_new_one_is_ready(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    with ahead.prepared():
        assert within(lambda: len(rounds) == 1 and data.shown_copy() is not None)
        assert not data.is_behind()
        monkeypatch.setattr(ahead, "_starting_views", _one_for_ever)
        add(store, "example.com", "192.0.2.1", "own", None)  # as `rua label` does beside it
        assert BEGUN.wait(PATIENCE)
        assert data.is_behind()
        with store.write():  # an ingest may hold it as long as it likes
            assert [row["messages"] for row in landing().domains] == [7]
            assert data.answer(_labels) == 0
        monkeypatch.setattr(ahead, "_starting_views", lambda: iter(()))
        data.interrupt()
        assert within(lambda: not data.is_behind())
        assert data.answer(_labels) == 1


def _labels(con: Any, told: object) -> int:
    return len(labels(con))


def test_who_changes_something_here_sees_it_at_once(store: Store, rounds: list[int]) -> None:
    with ahead.prepared():
        assert within(lambda: data.shown_copy() is not None)
        data.change(add, "example.com", "192.0.2.1", "own", None)
        assert data.shown_copy() is None
        assert data.answer(_labels) == 1
        assert within(lambda: data.shown_copy() is not None)
        assert data.answer(_labels) == 1


def test_a_copy_that_lacks_what_was_changed_meanwhile_is_not_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def label() -> Iterator[None]:
        monkeypatch.setattr(ahead, "_starting_views", lambda: iter(()))
        data.change(add, "example.com", "192.0.2.1", "own", None)
        yield

    monkeypatch.setattr(ahead, "_starting_views", label)
    shown: list[bool] = []
    show = SHOWN.show

    def noted(*what: Any) -> bool:
        shown.append(show(*what))
        return shown[-1]

    monkeypatch.setattr(SHOWN, "show", noted)
    with ahead.prepared():
        assert within(lambda: data.shown_copy() is not None)
        assert data.answer(_labels) == 1
    assert shown[:2] == [False, True]


def test_without_room_for_a_copy_the_store_itself_is_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    monkeypatch.setattr(Copies, "make", lambda *_: None)
    with ahead.prepared():
        assert within(lambda: len(rounds) == 1)
        add(store, "example.com", "192.0.2.1", "own", None)
        assert data.answer(_labels) == 1
        assert within(lambda: len(rounds) == 2)
        assert data.shown_copy() is None


def test_a_store_that_is_busy_is_tried_again_and_shown_as_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    monkeypatch.setenv("RUA_LOCK_TIMEOUT", "0.1")
    with ahead.prepared():
        assert within(lambda: data.shown_copy() is not None)
        add(store, "example.com", "192.0.2.1", "own", None)
        with store.write() as con:
            con.execute("insert into label select * replace ('x' as match) from label")
            time.sleep(1)  # it tries, and finds the store locked
            assert data.is_behind()
            assert data.answer(_labels) == 0
        assert within(lambda: not data.is_behind())
        assert data.answer(_labels) == 2


def test_a_change_that_does_not_end_is_shown_now_and_then() -> None:
    moments = iter(range(100))
    now = ahead._Changing()
    now.ready = now.seen = ((0,), TODAY)
    due = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: float(next(moments)))
        for second in range(100):
            if now.is_due(((second,), TODAY)):
                due.append(second)
                now.ready = ((second,), TODAY)
    assert due == [31, 62, 93]


def test_nothing_is_left_when_it_ends(store: Store) -> None:
    with ahead.prepared():
        assert within(lambda: data.shown_copy() is not None)
    assert data.shown_copy() is None
    assert not list(store.path.parent.glob(".*-copy-*"))


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
