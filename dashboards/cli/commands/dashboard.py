"""rua dashboard: serve the dashboard and open it in the browser."""

import ipaddress
import os
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

import click

from dashboards.cli.output import Globals
from dashboards.common.stderr import say
from schemas.config.access import CALLBACK, LOGIN, Access
from schemas.config.secret_permissions import exposed_to_others
from schemas.config.settings import find_config
from schemas.errors import ConfigError

__all__ = ["dashboard", "listen_on"]

PAGE_LOCK_TIMEOUT = 5.0  # seconds a page waits for a store in use before it says so


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--no-browser", is_flag=True, help="Print the URL and open no browser.")
@click.option(
    "--no-login", is_flag=True, help="Give everyone who reaches the address access to everything."
)
@click.pass_obj
def dashboard(context: Globals, port: int, address: str, no_browser: bool, no_login: bool) -> None:
    """Open the dashboard in the browser; Ctrl-C ends it.

    \b
    rua dashboard
    rua --store demo/rua.duckdb dashboard --port 8600 --no-browser

    It listens on this machine only. Any other address needs a login, described in the table
    [access] of the settings (docs/access.md), or --no-login.
    """
    access = context.settings.access
    is_open = not _is_loopback(address)
    _refuse_contradiction(access, no_login)
    if is_open and access is None:
        _refuse_open_address(address, port, no_login)
    options: dict[str, object] = {} if access is None else _login_options(access)
    secrets = None if access is None else _secrets(access)
    listener = listen_on(address, port)
    _export_settings(context)
    if is_open and access is not None:
        say("rua: it serves plain HTTP; only a TLS proxy should reach it (docs/access.md)")
    url = _url(address, port, access)
    say(f"the dashboard is at {url} (Ctrl-C ends it)")
    # Takes seconds to import, so only after every check.
    from dashboards.web.server.origin_guard import LOOPBACK  # noqa: PLC0415
    from dashboards.web.server.server import serve  # noqa: PLC0415

    serve(
        listener,
        options,
        secrets,
        hosts=LOOPBACK | {address.lower()} if access is None and not no_login else None,
        opened=None if no_browser or not _has_screen() else url,
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"


def _refuse_contradiction(access: Access | None, no_login: bool) -> None:
    if access is not None and no_login:
        raise ConfigError(
            "the settings require a login",
            where="--no-login",
            todo="omit the flag, or remove the table [access] from the settings",
        )


def _refuse_open_address(address: str, port: int, no_login: bool) -> None:
    if not no_login:
        raise ConfigError(
            "there is no login: anyone who can reach this address could read everything",
            where=f"--address {address}",
            todo="add [access] to the settings (docs/access.md); or omit --address and tunnel:"
            f" ssh -L {port}:127.0.0.1:{port} THIS-MACHINE; or use --no-login",
        )
    say(
        f"rua: --no-login: anyone who can reach {address}, port {port}, can read every report and"
        " document and change labels"
    )


def _login_options(access: Access) -> dict[str, object]:
    """Streamlit's options for the public address of the dashboard."""
    public = urlsplit(access.redirect_uri)
    return {
        "browser.serverAddress": public.hostname,
        "server.baseUrlPath": public.path.removesuffix(CALLBACK).strip("/"),
    }


def _secrets(access: Access) -> dict[str, Any]:
    """The table that st.login reads. It is passed in memory: no file holds it."""
    for line in exposed_to_others(
        "the login", access.client_secret_file, access.cookie_secret_file
    ):
        say(f"rua: {line}")
    return {
        "auth": {
            "redirect_uri": access.redirect_uri,
            "cookie_secret": access.cookie_secret().get_secret_value(),
            "client_id": access.client_id,
            "client_secret": access.client_secret().get_secret_value(),
            "server_metadata_url": access.server_metadata_url,
            "client_kwargs": {"scope": " ".join(access.scopes), "prompt": "select_account"},
        }
    }


def listen_on(address: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises ConfigError if it cannot be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With IPPROTO_TCP, asyncio sets TCP_NODELAY; without it each of a screen's hundred files and
    # messages waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on it: {(error.strerror or str(error)).lower()}",
            where=f"{address}, port {port}",
            todo=f"choose another port: rua dashboard --port {port % 65535 + 1}",
        ) from None
    return listener


def _export_settings(context: Globals) -> None:
    """Pass the flags on as the environment variables that the screens read (auth.py)."""
    settings, config = context.settings, find_config(context.config)
    lock_timeout = context.lock_timeout
    if lock_timeout is None:
        lock_timeout = min(settings.lock_timeout, PAGE_LOCK_TIMEOUT)
    os.environ["RUA_STORE"] = str(settings.store.absolute())
    os.environ["RUA_LOCK_TIMEOUT"] = str(lock_timeout)
    if config is not None:
        os.environ["RUA_CONFIG"] = str(config.absolute())
    os.environ[LOGIN] = "none" if settings.access is None else "required"


def _url(address: str, port: int, access: Access | None) -> str:
    """The URL for a browser: with a login, the one that the provider redirects to."""
    if access is not None:
        return access.redirect_uri.removesuffix(CALLBACK)
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _has_screen() -> bool:
    """Whether a browser has a display; without one, a text browser would take the terminal."""
    return sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
