"""What the screens show, asked once for each state of the store.

The one cache of the dashboard is here: `answer`. The file is opened late and closed early, only
when it has changed since the same question was asked, and a copy of it where there is one
(replica.py), so that open dashboards never hold up an ingest. A screen has a module
of its own beside this one, with questions (con, told, chosen) -> a dataclass of rows, which are
asked through `answer`; they know nothing of Streamlit.

The settings come as for every command (RUA_CONFIG, RUA_STORE, RUA_LOCK_TIMEOUT); `rua dashboard`
hands its flags over in these variables. Both settings and store are those that the viewer may see
(dashboards/web/session/auth.py): here is where they are opened, and nowhere else, so that no screen
can ask for more, and an answer is kept for those alone who may see the same.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import streamlit as st

from analytics.query.window import Window
from analytics.sources.totals import domain_names
from analytics.tls.sessions import tls_domain_names
from dashboards.web.session.auth import is_unattended, visible_settings
from dashboards.web.session.replica import SHOWN
from schemas.config.settings import Settings, load_settings, settings_stamp
from schemas.errors import StoreLocked
from schemas.store.reader import Reader
from schemas.store.row_access import EVERYTHING, Scope
from schemas.store.store import Copied, Store

__all__ = [
    "Chosen",
    "Row",
    "answer",
    "change",
    "idle_seconds",
    "interrupt",
    "is_behind",
    "known_domains",
    "live",
    "look",
    "one_state",
    "settings",
    "shown_copy",
]

Row = dict[str, Any]
Stamp = tuple[object, ...]
T = TypeVar("T")

_asked_at = [-math.inf]
_reading: list[Reader] = []
MOST_KEPT = 200  # answers; the oldest goes first
MOST_TRIES = 10  # of a question whose store changes before it can be asked


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person looks at: some days of one domain, of one group's domains, or of all.

    `domains` are the policy domains it comes down to, None meaning all that have reports.
    """

    window: Window
    domain: str | None = None
    group: str | None = None
    domains: tuple[str, ...] | None = None

    def holds(self, domain: str) -> bool:
        """Whether a policy domain is among those looked at."""
        return self.domains is None or domain in self.domains


Question = Callable[..., T]


def settings() -> Settings:
    """With the domains that the viewer may see. Raises ConfigError and AccessDenied."""
    return visible_settings()[0]


def answer(question: Question[T], *arguments: object) -> T:
    """`question(con, told, *arguments)`: a module's function, whose answer can be pickled.

    `con` is a connection of `Store.read`, `told` the settings. Arguments, such as a `Chosen`, are
    what the answer is kept under, beside the state of the store and of the settings. Raises
    StoreError (missing, locked, damaged), ConfigError and AccessDenied.
    """
    if not is_unattended():
        _asked_at[0] = time.monotonic()
    for _ in range(MOST_TRIES - 1):
        with contextlib.suppress(_Moved):
            return _answer_now(question, arguments)
    return _answer_now(question, arguments)


def _answer_now(question: Question[T], arguments: tuple[object, ...]) -> T:
    told, scope = visible_settings()
    store = SHOWN.of(_store(told, scope))
    stamp = (str(told.store), store.state(), settings_stamp(), _seen(scope))
    name = f"{question.__module__}.{question.__qualname__}"
    found: T = _answers()(question, store, told, name, stamp, arguments)
    return found


class _Moved(StoreLocked):
    """What was to be read has changed since its state was looked at: to be asked again."""


def look(question: Question[T], *arguments: object) -> T:
    """The same as `answer`, for what is too large to be kept."""
    told, scope = visible_settings()
    with SHOWN.of(_store(told, scope)).read() as con, _interruptible(con):
        return question(con, told, *arguments)


def change(action: Callable[..., T], *arguments: object) -> T:
    """`action(store, *arguments)`: what writes, as analytics/sources/labels.py does.

    The store refuses what the viewer may not change, whatever the screen offered him. Raises
    AccessDenied, StoreError and ConfigError.
    """
    told, scope = visible_settings()
    store = _store(told, scope)
    before = store.state()
    try:
        return action(store, *arguments)
    finally:
        if store.state() != before:
            SHOWN.changed()


def _store(told: Settings, scope: Scope) -> Store:
    return Store(
        told.store,
        lock_timeout=told.lock_timeout,
        require_verified=told.require_verified,
        scope=scope,
    )


def _seen(scope: Scope) -> Stamp | None:
    return None if scope.visible is None else tuple(sorted(scope.visible))


@cache
def _answers() -> Callable[..., Any]:
    """The cache, made once there is a server to keep it."""
    keep = st.cache_data(max_entries=MOST_KEPT, show_spinner="Reading the store …")
    kept: Callable[..., Any] = keep(_ask)
    return kept


def _ask(
    _question: Question[Any],
    _store: Store,
    _told: Settings,
    name: str,
    stamp: Stamp,
    arguments: tuple[object, ...],
) -> Any:
    state = stamp[1]
    if not _store.exists() and state:
        raise _Moved("the copy that was shown is gone")  # nobody but who waited long for his turn
    with _store.read() as con, _interruptible(con):
        # Nobody writes from here on; before, an ingest may have.
        if _store.state() != state:
            raise _Moved("the store changes all the time", todo="try again in a moment")
        return _question(con, _told, *arguments)


@contextlib.contextmanager
def _interruptible(con: Reader) -> Iterator[None]:
    _reading.append(con)
    try:
        yield
    finally:
        _reading.remove(con)


def interrupt() -> None:
    """End every question that is being asked, with an error: the server stops."""
    for con in tuple(_reading):
        con.interrupt()


def idle_seconds() -> float:
    """How long ago a visitor asked last."""
    return time.monotonic() - _asked_at[0]


def live() -> Store:
    """The store as it is now, for who sees everything. Raises ConfigError."""
    return _store(load_settings(None, store=None, lock_timeout=None), EVERYTHING)


@contextlib.contextmanager
def one_state() -> Iterator[None]:
    """Within, all that a screen shows is of one copy, should another one take its place meanwhile.
    Raises ConfigError and AccessDenied."""
    with SHOWN.reading(shown_copy()):
        yield


def shown_copy() -> Copied | None:
    """The copy that is shown; None where the store itself is. Raises ConfigError, AccessDenied."""
    return SHOWN.copied(_store(*visible_settings()))


def is_behind() -> bool:
    """Whether the store has changed since what is shown. Raises ConfigError and AccessDenied."""
    store = _store(*visible_settings())
    return SHOWN.of(store).state() != store.state()


def known_domains() -> list[str]:
    """The domains one can choose: those of the settings, and those with reports.

    Raises StoreError (missing, locked, damaged) and ConfigError.
    """
    return sorted({*settings().domains, *answer(_reported_domains)})


def _reported_domains(con: Reader, told: Settings) -> list[str]:
    return [*domain_names(con), *tls_domain_names(con)]
