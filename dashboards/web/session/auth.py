"""Who looks at the dashboard, and what he may see: asked on every run, of the settings as they are
now, so that whoever is taken out of them sees nothing more with his next click.

Without [access] in the settings there is no login: the dashboard listens on loopback alone, or was
told --no-login. `rua dashboard` says in RUA_LOGIN that there was one, so that a table that vanishes
while it runs opens nothing to anybody.
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
PROBLEM = "The settings of rua cannot be read now. Whoever runs it sees why on its terminal."


@dataclass(frozen=True, slots=True)
class Viewer:
    """`name` and `email` are as the provider says, for showing; both empty without a login."""

    name: str
    email: str
    scope: Scope
    logged_in: bool

    @property
    def domains(self) -> frozenset[str] | None:
        """The policy domains he may see; None is every one."""
        return self.scope.visible

    @property
    def is_editor(self) -> bool:
        """Whether he may change labels, of some domains at least."""
        return self.scope.editable is None or bool(self.scope.editable)


def viewer() -> Viewer:
    """Raises AccessDenied for whoever is not logged in, or no more, or named by no rule; and
    ConfigError."""
    return _viewer(_settings())


def visible_settings() -> tuple[Settings, Scope]:
    """The settings without the domains that the viewer may not see. Raises the same."""
    told = _settings()
    scope = _viewer(told).scope
    if scope.visible is None:
        return told, scope
    domains = {name: each for name, each in told.domains.items() if _sees(scope, name)}
    return told.model_copy(update={"domains": domains, "mailbox": (), "access": None}), scope


def _sees(scope: Scope, name: str) -> bool:
    return scope.sees(normal_domain(name) or name)


def _settings() -> Settings:
    found: Settings = _loaded(settings_stamp())
    return found


@lru_cache(maxsize=1)
def _loaded(_stamp: tuple[object, ...]) -> Settings:
    """Read once for all questions of a run, and of all runs until the file is another."""
    return load_settings(None, store=None, lock_timeout=None)


@contextmanager
def unattended() -> Iterator[None]:
    """Within, in this thread alone, everything is seen: nobody looks. Answers are kept under what
    their reader may see, so those made here are for those alone who may see everything."""
    before = _UNATTENDED.set(True)
    try:
        yield
    finally:
        _UNATTENDED.reset(before)


def is_unattended() -> bool:
    """Whether nobody looks: within `unattended`."""
    return _UNATTENDED.get()


def _viewer(told: Settings) -> Viewer:
    if is_unattended():
        return Viewer("", "", EVERYTHING, logged_in=False)
    if told.access is None:
        if os.environ.get(LOGIN) == "required":
            raise AccessDenied("the settings have no table [access] any more")
        return Viewer("", "", EVERYTHING, logged_in=False)
    claims = _claims()
    if not claims.get("is_logged_in"):
        raise AccessDenied("nobody is logged in")
    if told.access.is_over(claims, datetime.now(UTC)):
        raise AccessDenied("the login is over")
    scope = told.access.granted(claims, told.groups)
    if scope is None:
        raise AccessDenied(f"{_name(claims)} may not look")
    return Viewer(_name(claims), _text(claims, "email"), scope, logged_in=True)


def _claims() -> Mapping[str, Any]:
    """What the provider signed and this dashboard's cookie holds; empty for nobody."""
    return st.user.to_dict()


def _text(claims: Mapping[str, Any], key: str) -> str:
    value = claims.get(key)
    return value if isinstance(value, str) else ""


def _name(claims: Mapping[str, Any]) -> str:
    return next((text for key in NAMES if (text := _text(claims, key))), "somebody")


def admitted() -> bool:
    """Whether whoever looks may see anything; else the page says calmly what to do."""
    try:
        told = _settings()
        if told.access is not None or os.environ.get(LOGIN) == "required":
            _viewer(told)
    except AccessDenied:
        _say_who_and_what(told.access)
        return False
    except ConfigError as error:
        if os.environ.get(LOGIN) != "required":
            raise
        _log(error)
        st.warning(PROBLEM)
        return False
    return True


def _say_who_and_what(access: Access | None) -> None:
    claims = _claims()
    st.title("rua")
    if access is None:
        st.warning(PROBLEM)
    elif not claims.get("is_logged_in"):
        st.markdown("Log in to see the reports on your domains.")
        st.button("Log in", type="primary", on_click=st.login)
    elif access.is_over(claims, datetime.now(UTC)):
        st.info("**Your login is over.** Log in again to go on.")
        st.button("Log in again", type="primary", on_click=st.login)
    else:
        _say_stranger(access, claims)


def _say_stranger(access: Access, claims: Mapping[str, Any]) -> None:
    email = _text(claims, "email")
    who = quoted(email or _name(claims))
    st.info(f"**You are logged in as {who}, and may not look at this dashboard.**")
    if email and not access.addresses(claims):
        st.markdown("The provider does not say that this e-mail address was verified.")
    whom = f"ask {quoted(access.contact)}" if access.contact else "ask whoever runs rua here"
    st.markdown(f"If you should, {whom} to name you in its settings; then reload this page.")
    st.button("Log out", on_click=st.logout)


def account() -> None:
    """Who is logged in, and the way out; nothing where there is no login."""
    found = viewer()
    if not found.logged_in:
        return
    role = "editor" if found.is_editor else "viewer"
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        who = quoted(found.email or found.name)
        st.caption(f"{who}, {role}", width="content")
        st.button("Log out", on_click=st.logout, type="tertiary")


def _log(error: RuaError) -> None:
    from dashboards.cli.output import say  # noqa: PLC0415 - the command line is not needed else

    say(f"rua: {error}")
