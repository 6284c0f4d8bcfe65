"""What the first visitor would wait for, asked before: what the screens show at first, when the
server starts, and again once the store has changed and come to rest. Answers are kept as those of
a visitor are; whoever comes meanwhile waits for the same answer, not for a second one.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from streamlit.runtime import exists as is_running

from analytics.browse import Wanted
from analytics.unknown import Unknown
from analytics.window import Window
from dashboards import data
from dashboards.data import Chosen
from dashboards.data.monday import monday
from dashboards.data.pipeline import pipeline, runs
from dashboards.data.reports import browsed
from dashboards.data.senders import sender_page, senders
from dashboards.data.sources import Narrowed, reporters, service_page, services, strips
from dashboards.data.tls import failure_days, tls_screen
from dashboards.frame import viewer
from dashboards.frame.filters import all_domains, window_of
from dashboards.panels import source_tables
from dashboards.parts import lists
from schemas.errors import RuaError

__all__ = ["prepared"]

START_SECONDS, JOIN_SECONDS = 0.05, 0.2
FIRST_SECONDS = 3.0  # for a browser that opens the page at once: it asks for itself
POLL_SECONDS = 2.0
IDLE_SECONDS = 5.0
REST_SECONDS = 10.0  # an ingest commits every few seconds, and each commit makes answers old
WARNINGS = "streamlit.runtime.scriptrunner_utils.script_run_context"  # of threads of no session


@contextmanager
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
            data.interrupt()
            thread.join(JOIN_SECONDS)


def _keep_ready(ended: threading.Event) -> None:
    while not is_running() and not ended.wait(START_SECONDS):
        pass  # answers are kept in it
    ended.wait(FIRST_SECONDS)
    done: object = None
    seen: object = None
    while not ended.is_set():
        now = _state()
        # At the start all is at rest; later a change has to last.
        if now not in (None, done) and (done is None or now == seen):
            _ask_all(ended)
            done = now
        seen = now
        ended.wait(POLL_SECONDS if now == done else REST_SECONDS)


def _state() -> object:
    """What the answers hang on: the store and the day; None where there is no store to read."""
    try:
        state = data.state()
    except RuaError:  # of the settings; a visitor is told
        return None
    return state and (state, datetime.now(UTC).date())


def _ask_all(ended: threading.Event) -> None:
    """One question after the other, and none while somebody looks at a screen. What cannot be
    asked now is asked by who wants to see it, and he is told why."""
    try:
        with viewer.unattended():
            views = _starting_views()
            while _may_ask(ended) and next(views, ended) is not ended:
                pass
    except RuaError:
        return


def _may_ask(ended: threading.Event) -> bool:
    """Wait until nobody looks; False where the server stops."""
    while data.idle_seconds() < IDLE_SECONDS and not ended.wait(IDLE_SECONDS / 10):
        pass
    return not ended.is_set()


def _starting_views() -> Iterator[object]:
    """What each screen shows of all domains, in the order of the screens: a question a step."""
    today = datetime.now(UTC).date()
    window = window_of(Window.DAYS, None, today)
    chosen = Chosen(window, None, None, all_domains(data.settings().groups))
    yield data.known_domains()
    yield monday(chosen)
    yield services(chosen, Narrowed())
    yield _sources(chosen)
    yield reporters(chosen)
    unknown = Unknown(chosen.domains)
    yield senders(chosen, unknown)
    yield sender_page(chosen, unknown, most=source_tables.PAGE, skip=0)
    yield tls_screen(chosen)
    yield failure_days(chosen, "result")
    yield browsed(chosen, Wanted(), lists.PAGE)
    yield pipeline(window)
    yield runs(window, lists.PAGE)


def _sources(chosen: Chosen) -> object:
    everything = Narrowed()
    page = service_page(chosen, everything, most=source_tables.PAGE, skip=0)
    return strips(chosen, everything, page)
