"""Who views the dashboard, and what they may see.

Checked on every run against the present settings, so whoever is removed from them sees nothing more
from the next click on. Without [access] in the settings there is no login: the dashboard listens on
loopback only, or was started with --no-login. `rua dashboard` sets RUA_LOGIN where there was one,
so removing the table while it runs opens nothing.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import streamlit as st

from dashboards.common.formatting import quoted
from dashboards.common.stderr import say
from schemas.config.access import LOGIN, Access
from schemas.config.settings import Settings, load_settings, settings_stamp
from schemas.domain_names import normal_domain
from schemas.errors import AccessDenied, ConfigError, RuaError
from schemas.store.row_access import EVERYTHING, Scope

__all__ = [
    "Viewer",
    "account",
    "admitted",
    "is_unattended",
    "unattended",
    "viewer",
    "visible_settings",
]

NAMES = ("name", "preferred_username", "email", "sub")
_UNATTENDED = ContextVar("unattended", default=False)  # a new thread, as a session's is, has none
PROBLEM = "The settings of rua cannot be read. The terminal of `rua dashboard` says why."


@dataclass(frozen=True, slots=True)
class Viewer:
    """`name` and `email` are the provider's, for display; both empty without a login."""

    name: str
    email: str
    scope: Scope
    logged_in: bool

    @property
    def domains(self) -> frozenset[str] | None:
        """The visible policy domains; None is all."""
        return self.scope.visible

    @property
    def is_editor(self) -> bool:
        """Whether labels of some domains may be changed."""
        return self.scope.editable is None or bool(self.scope.editable)


def viewer() -> Viewer:
    """Raises AccessDenied without a login, with an expired one, or without a rule for it; and
    ConfigError."""
    return _viewer(_settings())


def visible_settings() -> tuple[Settings, Scope]:
    """The settings without the domains that the viewer may not see. Raises the same."""
    every = _settings()
    scope = _viewer(every).scope
    if scope.visible is None:
        return every, scope
    domains = {name: each for name, each in every.domains.items() if _sees(scope, name)}
    return every.model_copy(update={"domains": domains, "mailbox": (), "access": None}), scope


def _sees(scope: Scope, name: str) -> bool:
    return scope.sees(normal_domain(name) or name)


def _settings() -> Settings:
    found: Settings = _loaded(settings_stamp())
    return found


@lru_cache(maxsize=1)
def _loaded(_stamp: tuple[object, ...]) -> Settings:
    """Read once, until the file changes."""
    return load_settings(None, store=None, lock_timeout=None)


@contextmanager
def unattended() -> Iterator[None]:
    """Within, this thread sees everything, for no viewer. Answers are cached by what is visible, so
    these serve only viewers who may see everything."""
    before = _UNATTENDED.set(True)
    try:
        yield
    finally:
        _UNATTENDED.reset(before)


def is_unattended() -> bool:
    """Whether there is no viewer: within `unattended`."""
    return _UNATTENDED.get()


def _viewer(every: Settings) -> Viewer:
    if is_unattended():
        return Viewer("", "", EVERYTHING, logged_in=False)
    if every.access is None:
        if os.environ.get(LOGIN) == "required":
            raise AccessDenied("the settings no longer have a table [access]")
        return Viewer("", "", EVERYTHING, logged_in=False)
    claims = _claims()
    if not claims.get("is_logged_in"):
        raise AccessDenied("not logged in")
    if every.access.is_over(claims, datetime.now(UTC)):
        raise AccessDenied("the login has expired")
    scope = every.access.granted(claims, every.groups)
    if scope is None:
        raise AccessDenied(f"{_name(claims)} has no access")
    return Viewer(_name(claims), _text(claims, "email"), scope, logged_in=True)


def _claims() -> Mapping[str, Any]:
    """What the provider signed and the cookie holds; empty without a login."""
    return st.user.to_dict()


def _text(claims: Mapping[str, Any], key: str) -> str:
    value = claims.get(key)
    return value if isinstance(value, str) else ""


def _name(claims: Mapping[str, Any]) -> str:
    return next((text for key in NAMES if (text := _text(claims, key))), "somebody")


def admitted() -> bool:
    """Whether the viewer may see anything; else the page says what to do."""
    try:
        every = _settings()
        if every.access is not None or os.environ.get(LOGIN) == "required":
            _viewer(every)
    except AccessDenied:
        _say_how_to_log_in(every.access)
        return False
    except ConfigError as error:
        if os.environ.get(LOGIN) != "required":
            raise
        _log(error)
        st.warning(PROBLEM)
        return False
    return True


def _say_how_to_log_in(access: Access | None) -> None:
    claims = _claims()
    st.title("rua")
    if access is None:
        st.warning(PROBLEM)
    elif not claims.get("is_logged_in"):
        st.markdown("Log in to see the reports on your domains.")
        st.button("Log in", type="primary", on_click=st.login)
    elif access.is_over(claims, datetime.now(UTC)):
        st.info("**Your login has expired.** Log in again.")
        st.button("Log in again", type="primary", on_click=st.login)
    else:
        _say_no_access(access, claims)


def _say_no_access(access: Access, claims: Mapping[str, Any]) -> None:
    email = _text(claims, "email")
    who = quoted(email or _name(claims))
    st.info(f"**You are logged in as {who}, who has no access to this dashboard.**")
    if email and not access.addresses(claims):
        st.markdown("The provider has not verified this e-mail address.")
    whom = f"ask {quoted(access.contact)}" if access.contact else "ask the operator of rua"
    st.markdown(f"For access, {whom} to add you to the settings; then reload this page.")
    st.button("Log out", on_click=st.logout)


def account() -> None:
    """Who is logged in, and the log-out button; nothing without a login."""
    found = viewer()
    if not found.logged_in:
        return
    role = "editor" if found.is_editor else "viewer"
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        who = quoted(found.email or found.name)
        st.caption(f"{who}, {role}", width="content")
        st.button("Log out", on_click=st.logout, type="tertiary")


def _log(error: RuaError) -> None:
    say(f"rua: {error}")
