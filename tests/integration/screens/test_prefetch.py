"""What the first visitor would wait for is there before he comes."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from analytics.sources.labels import add, labels
from dashboards.web.screens.monday.data import monday
from dashboards.web.screens.report.data import original
from dashboards.web.server import prefetch
from dashboards.web.session import query_cache
from dashboards.web.session.filters import window_of
from dashboards.web.session.query_cache import Chosen
from dashboards.web.session.replica import SHOWN
from schemas.config.access import LOGIN
from schemas.errors import AccessDenied, ConfigError, StoreError
from schemas.store.replica import Copies
from schemas.store.store import Store
from tests.support.mails.report_documents import Report, store_of
from tests.support.moments import today

TODAY, PATIENCE = today(), 60
Asking = Callable[[], object]
BEGUN = threading.Event()  # a question that would last for ever


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    path = store_of([Report(TODAY, "example.com", count=7)], tmp_path / "s")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUA_STORE", str(path))
    monkeypatch.setattr(prefetch, "is_running", lambda: True)
    BEGUN.clear()
    for name, value in {"FIRST": 0, "IDLE": 0.5, "POLL": 0.05, "REST": 0.1, "BUSY": 0.5}.items():
        monkeypatch.setattr(prefetch, f"{name}_SECONDS", value)
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
    return counting(monkeypatch, lambda: iter([query_cache.known_domains]))


@pytest.fixture
def whole_rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The same of all that is asked in earnest."""
    return counting(monkeypatch, prefetch._starting_views)


def counting(monkeypatch: pytest.MonkeyPatch, views: Callable[[], Iterator[Asking]]) -> list[int]:
    found: list[int] = []

    def counted() -> Iterator[Asking]:
        yield from views()
        found.append(len(found))  # what was asked is shown next

    monkeypatch.setattr(prefetch, "_starting_views", counted)
    return found


def test_a_visitor_finds_the_answer_ready(
    store: Store, asked: list[str], whole_rounds: list[int]
) -> None:
    with prefetch.prepared():
        assert within(lambda: len(whole_rounds) == 1)
        assert [row["messages"] for row in landing().domains] == [7]
    assert set(asked) == {"rua-ahead"}


def test_a_change_of_the_store_makes_it_anew(
    store: Store, asked: list[str], whole_rounds: list[int]
) -> None:
    with prefetch.prepared():
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
    monkeypatch.setattr(prefetch, "IDLE_SECONDS", 1000)
    monkeypatch.setattr(prefetch, "BUSY_SECONDS", 1000)
    with prefetch.prepared():
        time.sleep(2)
        assert not rounds
        assert SHOWN.copied(query_cache.live()) is None
    monkeypatch.setattr(prefetch, "BUSY_SECONDS", 0.5)
    with prefetch.prepared():
        assert within(lambda: len(rounds) == 1)


def test_visitors_see_the_state_before_until_the_new_one_is_ready(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    with prefetch.prepared():
        assert within(lambda: len(rounds) == 1 and query_cache.shown_copy() is not None)
        assert not query_cache.is_behind()
        monkeypatch.setattr(prefetch, "_starting_views", _one_for_ever)
        add(store, "example.com", "192.0.2.1", "own", None)  # as `rua label` does beside it
        assert BEGUN.wait(PATIENCE)
        assert query_cache.is_behind()
        with store.write():  # an ingest may hold it as long as it likes
            assert [row["messages"] for row in landing().domains] == [7]
            assert query_cache.answer(_labels) == 0
        monkeypatch.setattr(prefetch, "_starting_views", lambda: iter(()))
        query_cache.interrupt()
        assert within(lambda: not query_cache.is_behind())
        assert query_cache.answer(_labels) == 1


def _labels(con: Any, told: object) -> int:
    return len(labels(con))


def test_who_changes_something_here_sees_it_at_once(store: Store, rounds: list[int]) -> None:
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
        query_cache.change(add, "example.com", "192.0.2.1", "own", None)
        assert query_cache.shown_copy() is None
        assert query_cache.answer(_labels) == 1
        assert within(lambda: query_cache.shown_copy() is not None)
        assert query_cache.answer(_labels) == 1


def test_a_copy_that_lacks_what_was_changed_meanwhile_is_not_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def label() -> Iterator[Asking]:
        monkeypatch.setattr(prefetch, "_starting_views", lambda: iter(()))
        yield partial(query_cache.change, add, "example.com", "192.0.2.1", "own", None)

    monkeypatch.setattr(prefetch, "_starting_views", label)
    shown: list[bool] = []
    show = SHOWN.show

    def noted(*what: Any) -> bool:
        shown.append(show(*what))
        return shown[-1]

    monkeypatch.setattr(SHOWN, "show", noted)
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
        assert query_cache.answer(_labels) == 1
    assert shown[:2] == [False, True]


def test_without_room_for_a_copy_the_store_itself_is_asked(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    monkeypatch.setattr(Copies, "make", lambda *_: None)
    with prefetch.prepared():
        assert within(lambda: len(rounds) == 1)
        add(store, "example.com", "192.0.2.1", "own", None)
        assert query_cache.answer(_labels) == 1
        assert within(lambda: len(rounds) == 2)
        assert query_cache.shown_copy() is None


def test_a_store_that_is_busy_is_tried_again_and_shown_as_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    monkeypatch.setenv("RUA_LOCK_TIMEOUT", "0.1")
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
        add(store, "example.com", "192.0.2.1", "own", None)
        with store.write() as con:
            con.execute("insert into label select * replace ('x' as match) from label")
            time.sleep(1)  # it tries, and finds the store locked
            assert query_cache.is_behind()
            assert query_cache.answer(_labels) == 0
        assert within(lambda: not query_cache.is_behind())
        assert query_cache.answer(_labels) == 2


@pytest.mark.parametrize(("took", "due"), [(1, [31, 63, 95, 127]), (20, [61, 142])])
def test_a_change_that_does_not_end_is_shown_now_and_then(
    took: int, due: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit each second, and one more before it is copied; and no more often than its answers
    allow."""
    now, found = prefetch._Changing(), []
    clock = [0]
    monkeypatch.setattr(time, "monotonic", lambda: float(clock[0]))
    monkeypatch.setattr(prefetch, "REST_SECONDS", 3)
    now.tried(((0,), TODAY), took)
    while clock[0] < 150:
        clock[0] += 1
        if now.is_due(((clock[0],), TODAY)):
            found.append(clock[0])
            clock[0] += took
            now.tried(((clock[0],), TODAY), took)
    assert found == due


def test_one_question_that_fails_does_not_end_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise KeyError("nobody foresaw it")

    later: list[bool] = []
    monkeypatch.setattr(
        prefetch, "_starting_views", lambda: iter([fail, lambda: later.append(True)])
    )
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
    assert later
    assert "nobody foresaw it" in caplog.text


def test_settings_that_cannot_be_read_now_do_not_end_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def views() -> Iterator[Asking]:
        raise ConfigError("no such key")
        yield query_cache.known_domains

    monkeypatch.setattr(prefetch, "_starting_views", views)
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
        add(store, "example.com", "192.0.2.1", "own", None)
        assert within(lambda: not query_cache.is_behind())
        assert query_cache.answer(_labels) == 1


@pytest.mark.parametrize("way", ["a large document", "a change that is refused"])
def test_what_changes_nothing_takes_no_copy_away(store: Store, rounds: list[int], way: str) -> None:
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
        copied = query_cache.shown_copy()
        if way == "a large document":
            assert original(1, is_large=True)
        else:
            with pytest.raises(StoreError):
                query_cache.change(_refuse)
        assert query_cache.shown_copy() == copied


def _refuse(store: Store) -> None:
    raise StoreError("no")


def test_a_screen_shows_one_state_to_its_end(store: Store, rounds: list[int]) -> None:
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
        with query_cache.one_state():
            add(store, "example.com", "192.0.2.1", "own", None)
            assert within(lambda: len(rounds) == 2)
            time.sleep(0.5)
            assert query_cache.answer(_labels) == 0
        assert query_cache.answer(_labels) == 1
        with query_cache.one_state():
            query_cache.change(add, "example.com", "192.0.2.2", "own", None)
            assert query_cache.answer(_labels) == 2


def test_an_answer_is_never_kept_for_a_state_that_it_is_not_of(store: Store) -> None:
    """A visitor of the store itself who waits behind a writer reads what that one wrote."""
    asked: list[object] = []
    thread = threading.Thread(target=lambda: asked.append(query_cache.answer(_labels)))
    with store.write() as con:
        before = store.state()
        thread.start()
        time.sleep(1)
        con.execute("insert into label values ('a.example', 'x', 'own', null, now()::timestamp)")
    thread.join()
    assert asked == [1]
    copy = store.path.read_bytes()
    assert store.state() != before
    assert query_cache.answer(_labels) == 1
    assert copy == store.path.read_bytes()


def test_who_waited_for_a_copy_that_is_gone_reads_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
        exists, times = Store.exists, iter([False])
        monkeypatch.setattr(Store, "exists", lambda self: next(times, exists(self)))
        assert query_cache.answer(_labels) == 0


def test_the_end_does_not_wait_for_the_lock(
    store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    """Nobody else lets it go: an end that waited for it would come with the lock's timeout."""
    monkeypatch.setenv("RUA_LOCK_TIMEOUT", "600")
    ended = threading.Event()

    def stand_by() -> None:
        with prefetch.prepared():
            time.sleep(1)
        ended.set()

    with store.write():
        threading.Thread(target=stand_by, daemon=True).start()
        assert ended.wait(PATIENCE)


def test_nothing_is_left_when_it_ends(store: Store) -> None:
    with prefetch.prepared():
        assert within(lambda: query_cache.shown_copy() is not None)
    assert query_cache.shown_copy() is None
    assert not list(store.path.parent.glob(".*-copy-*"))


def test_it_ends_at_once_while_it_asks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetch, "_starting_views", _one_for_ever)
    with prefetch.prepared():
        assert BEGUN.wait(PATIENCE)
    assert "rua-ahead" not in {thread.name for thread in threading.enumerate()}


def _one_for_ever() -> Iterator[Asking]:
    yield partial(query_cache.answer, _for_ever)


def _for_ever(con: Any, told: object) -> int:
    BEGUN.set()
    question = "select count(*) from range(1000000) a, range(1000000) b where hash(a, b) = 1"
    return int(con.execute(question).fetchall()[0][0])


def test_without_a_store_it_waits_for_one(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, rounds: list[int]
) -> None:
    monkeypatch.setenv("RUA_STORE", str(tmp_path / "later.duckdb"))
    with prefetch.prepared():
        time.sleep(0.5)
        assert not rounds
        store.path.rename(tmp_path / "later.duckdb")
        assert within(lambda: len(rounds) == 1)


def test_nobody_else_sees_everything_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a login, what the thread may see is not what a visitor may."""
    monkeypatch.setenv(LOGIN, "required")
    monkeypatch.setattr(prefetch, "_starting_views", _one_for_ever)
    with prefetch.prepared():
        assert BEGUN.wait(PATIENCE)
        with pytest.raises(AccessDenied):
            landing()


def test_an_interrupted_question_is_an_error_of_ours(store: Store) -> None:
    def stop() -> None:
        BEGUN.wait()
        time.sleep(0.2)  # until it computes
        query_cache.interrupt()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(StoreError):
        query_cache.answer(_for_ever)
    thread.join()
