"""What the first visitor would wait for, asked before: what the screens show at first, when the
server starts, and again once the store has changed.

It is asked of a copy of the store, which is shown when its answers are ready: until then visitors
see the one before. So nobody waits for an ingest or for a question of minutes, and an ingest for
nobody but who copies the file. Answers are kept as those of a visitor are; whoever comes meanwhile
waits for the same answer, not for a second one.
"""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from streamlit.runtime import exists as is_running

from analytics.query.window import Window
from analytics.reports.browse import Wanted
from analytics.sources.unclassified import Unknown
from dashboards.web.components.table import PAGE
from dashboards.web.screens.domain.data import habits
from dashboards.web.screens.monday.data import monday
from dashboards.web.screens.pipeline.data import pipeline, runs
from dashboards.web.screens.reports.data import browsed, reporter_names
from dashboards.web.screens.senders.data import sender_page, senders
from dashboards.web.screens.sources.data import Narrowed, reporters, service_page, services, strips
from dashboards.web.screens.tls.data import failure_days, tls_screen
from dashboards.web.session import auth, query_cache
from dashboards.web.session.filters import all_domains, window_of
from dashboards.web.session.query_cache import Chosen
from dashboards.web.session.replica import SHOWN
from schemas.errors import RuaError, StoreLocked
from schemas.store.replica import Copies
from schemas.store.store import State

__all__ = ["prepared"]

START_SECONDS, JOIN_SECONDS = 0.05, 0.2
FIRST_SECONDS = 3.0  # for a browser that opens the page at once: it asks for itself
POLL_SECONDS = 1.0
IDLE_SECONDS = 5.0  # without a visitor's question
BUSY_SECONDS = 15.0  # that all of it gives way to visitors; longer they would see old numbers
REST_SECONDS = 3.0  # an ingest commits every second, and each commit makes answers old
LATEST_SECONDS = 30.0  # that a change which does not come to rest waits
LOG = logging.getLogger(__name__)
WARNINGS = "streamlit.runtime.scriptrunner_utils.script_run_context"  # of threads of no session


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """Within, a thread keeps the answers ready."""
    ended = threading.Event()
    thread = threading.Thread(target=_keep_ready, args=(ended,), name="rua-ahead", daemon=True)
    logging.getLogger(WARNINGS).addFilter(lambda record: threading.current_thread() is not thread)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        while thread.is_alive():  # it may just be about to ask
            query_cache.interrupt()
            thread.join(JOIN_SECONDS)


def _keep_ready(ended: threading.Event) -> None:
    while not is_running() and not ended.wait(START_SECONDS):
        pass  # answers are kept in it
    ended.wait(FIRST_SECONDS)
    copies, changing = Copies(), _Changing()
    try:
        while not ended.is_set():
            if changing.is_due(_state()):
                began = time.monotonic()
                changing.tried(_make_ready(copies, ended), time.monotonic() - began)
            ended.wait(POLL_SECONDS)
    finally:
        SHOWN.show(None, SHOWN.changes)
        copies.close()


Ready = tuple[State, date]  # what the answers hang on: the store and the day


@dataclass(slots=True)
class _Changing:
    """Whether it is time to make answers anew."""

    ready: Ready | None = None
    seen: Ready | None = None
    began: float = 0.0  # when the first change was seen that the answers have not
    moved: float = 0.0  # when the last one was
    took: float = 0.0

    def is_due(self, now: Ready | None) -> bool:
        """At the start all is at rest; later a change has to come to rest, or to last long: longer
        where the answers take long, or nothing else would be done."""
        moment = time.monotonic()
        if now in (None, self.ready):
            self.seen = now
            return False
        if now != self.seen:
            self.began = moment if self.seen in (None, self.ready) else self.began
            self.seen, self.moved = now, moment
        is_resting = moment - self.moved >= REST_SECONDS
        is_late = moment - self.began >= max(LATEST_SECONDS, 3 * self.took)
        return self.ready is None or is_resting or is_late

    def tried(self, ready: Ready | None, seconds: float) -> None:
        """They are made, of this; None where they could not be, which is tried again."""
        self.took, self.moved = seconds, time.monotonic()
        if ready is not None:  # what has come since then is the first change anew
            self.ready = self.seen = ready


def _state() -> Ready | None:
    """None where there is no store to read."""
    try:
        state = query_cache.live().state()
    except RuaError:  # of the settings; a visitor is told
        return None
    return (state, datetime.now(UTC).date()) if state else None


def _make_ready(copies: Copies, ended: threading.Event) -> Ready | None:
    """A copy, its answers, and then it is shown; without room for one, answers of the store itself.
    None where neither can be had: visitors are told why, or see the copy before while the store is
    busy."""
    changes, today = SHOWN.changes, datetime.now(UTC).date()
    try:
        live = query_cache.live().until(lambda: -math.inf if ended.is_set() else math.inf)
        state, copied = live.state(), copies.make(live)
    except StoreLocked:
        return None
    except RuaError:
        SHOWN.show(None, changes)
        return None
    # Of the settings, which may be changed just now; a visitor is told.
    with contextlib.suppress(RuaError), auth.unattended(), SHOWN.reading(copied):
        _ask_all(ended, changes)
    if not SHOWN.show(copied, changes):
        return None
    return (state if copied is None else copied.state), today


def _ask_all(ended: threading.Event, changes: int) -> None:
    """One question after the other, and as long as may be none while somebody looks at a screen.
    What cannot be asked now is asked by who wants to see it, and he is told why."""
    end = time.monotonic() + BUSY_SECONDS
    for ask in _starting_views():
        if not _may_ask(ended, end) or SHOWN.changes != changes:
            return
        try:
            ask()
        except RuaError:
            continue
        except Exception:  # the thread's top: one question must not end all others
            LOG.exception("a question that was asked ahead failed")


def _may_ask(ended: threading.Event, end: float) -> bool:
    """Wait until nobody looks, at the latest until `end`; False where the server stops."""
    while query_cache.idle_seconds() < IDLE_SECONDS and time.monotonic() < end:
        if ended.wait(min(IDLE_SECONDS, BUSY_SECONDS) / 10):
            break
    return not ended.is_set()


def _starting_views() -> Iterator[Callable[[], object]]:
    """What each screen shows of all domains, in the order of the screens: a question a step."""
    today = datetime.now(UTC).date()
    window = window_of(Window.DAYS, None, today)
    yield query_cache.known_domains
    chosen = Chosen(window, None, None, all_domains(query_cache.settings().groups))
    yield partial(monday, chosen)
    yield partial(habits, chosen)
    yield partial(services, chosen, Narrowed())
    yield partial(_sources, chosen)
    yield partial(reporters, chosen)
    unknown = Unknown()
    yield partial(senders, chosen, unknown)
    yield partial(sender_page, chosen, unknown, most=PAGE, skip=0)
    yield partial(tls_screen, chosen)
    yield partial(failure_days, chosen, "result")
    yield partial(reporter_names, chosen)
    yield partial(browsed, chosen, Wanted(), PAGE)
    yield partial(pipeline, window)
    yield partial(runs, window, PAGE)


def _sources(chosen: Chosen) -> object:
    everything = Narrowed()
    page = service_page(chosen, everything, most=PAGE, skip=0)
    return strips(chosen, everything, page)
