"""rua dashboard"""

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

__all__ = ["bound", "dashboard"]

PATIENCE = 5.0  # seconds that a page waits for a busy store before it says so


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--no-browser", is_flag=True, help="Only print the URL.")
@click.option("--no-login", is_flag=True, help="Let anyone who reaches the address see everything.")
@click.pass_obj
def dashboard(context: Globals, port: int, address: str, no_browser: bool, no_login: bool) -> None:
    """Open the dashboard in the browser; Ctrl-C ends it.

    It listens on this machine only. On any other address it needs a login, which the table
    [access] of the settings describes (docs/access.md), or --no-login.

    \b
    rua dashboard
    rua --store demo/rua.duckdb dashboard --port 8600 --no-browser
    """
    access = context.settings.access
    is_open = not _is_loopback(address)
    _refuse_contradiction(access, no_login)
    if is_open and access is None:
        _refuse_open_address(address, port, no_login)
    options: dict[str, object] = {} if access is None else _login_options(access)
    secrets = None if access is None else _secrets(access)
    listening = bound(address, port)
    _hand_over(context)
    if is_open and access is not None:
        say("rua: it speaks plain HTTP there: let a TLS proxy alone reach it (docs/access.md)")
    url = _url(address, port, access)
    say(f"the dashboard is at {url} (Ctrl-C ends it)")
    # Seconds, which a refusal can spare.
    from dashboards.web.server.origin_guard import LOOPBACK  # noqa: PLC0415
    from dashboards.web.server.server import serve  # noqa: PLC0415

    serve(
        listening,
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
            "the settings ask for a login",
            where="--no-login",
            todo="leave the flag out, or take the table [access] out of the settings",
        )


def _refuse_open_address(address: str, port: int, no_login: bool) -> None:
    if not no_login:
        raise ConfigError(
            "there is no login, so that anyone who can reach this address could read everything",
            where=f"--address {address}",
            todo="describe one in [access] of the settings (docs/access.md); or leave --address out"
            f" and use a tunnel: ssh -L {port}:127.0.0.1:{port} THIS-MACHINE; or say --no-login",
        )
    say(
        f"rua: --no-login: anyone who can reach {address}, port {port}, reads every report and"
        " every document, and can change labels"
    )


def _login_options(access: Access) -> dict[str, object]:
    """What Streamlit must know of where the dashboard is seen."""
    seen = urlsplit(access.redirect_uri)
    return {
        "browser.serverAddress": seen.hostname,
        "server.baseUrlPath": seen.path.removesuffix(CALLBACK).strip("/"),
    }


def _secrets(access: Access) -> dict[str, Any]:
    """The table that st.login reads. It is handed over in memory: no file holds it."""
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


def bound(address: str, port: int) -> socket.socket:
    """A socket of that address. Raises ConfigError where there can be none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With its protocol named asyncio sends small packets at once (TCP_NODELAY); else each of a
    # screen's hundred files and messages waits 40 ms for the client's delayed acknowledgement.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
    except OSError as error:
        found.close()
        raise ConfigError(
            f"cannot listen there: {(error.strerror or str(error)).lower()}",
            where=f"{address}, port {port}",
            todo=f"choose another port: rua dashboard --port {port % 65535 + 1}",
        ) from None
    return found


def _hand_over(context: Globals) -> None:
    """The flags as the variables that all settings are read from (auth.py)."""
    settings, config = context.settings, find_config(context.config)
    patience = context.lock_timeout
    if patience is None:
        patience = min(settings.lock_timeout, PATIENCE)
    os.environ["RUA_STORE"] = str(settings.store.absolute())
    os.environ["RUA_LOCK_TIMEOUT"] = str(patience)
    if config is not None:
        os.environ["RUA_CONFIG"] = str(config.absolute())
    os.environ[LOGIN] = "none" if settings.access is None else "required"


def _url(address: str, port: int, access: Access | None) -> str:
    """Where a browser finds it: with a login only there, since the provider sends it back there."""
    if access is not None:
        return access.redirect_uri.removesuffix(CALLBACK)
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _has_screen() -> bool:
    """Whether a browser would have a window; else a text browser would take the terminal."""
    return sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
