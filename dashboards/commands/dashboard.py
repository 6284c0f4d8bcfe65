"""rua dashboard"""

import contextlib
import ipaddress
import os
import socket
import sys
from pathlib import Path

import click

from dashboards.console import Globals, say
from dashboards.theme import OPTIONS
from schemas.errors import ConfigError
from schemas.settings import find_config

__all__ = ["dashboard"]

APP = Path(__file__).parent.parent / "app.py"
PATIENCE = 5.0  # seconds that a page waits for a busy store before it says so


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--address", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--no-browser", is_flag=True, help="Only print the URL.")
@click.pass_obj
def dashboard(context: Globals, port: int, address: str, no_browser: bool) -> None:
    """Open the dashboard in the browser; Ctrl-C ends it.

    It listens on this machine only: there is no login yet that could protect it elsewhere.

    \b
    rua dashboard
    rua --store demo/rua.duckdb dashboard --port 8600 --no-browser
    """
    _refuse_open_address(address, port)
    _refuse_taken_port(address, port)
    _hand_over(context)
    say(f"the dashboard is at {_url(address, port)} (Ctrl-C ends it)")
    _serve(address, port, opens_browser=not no_browser and _has_screen())


def _refuse_open_address(address: str, port: int) -> None:
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = address.lower() == "localhost"
    if not is_loopback:
        raise ConfigError(
            "the dashboard has no login, so that anyone who can reach this address could read it",
            where=f"--address {address}",
            todo="leave --address out and use a tunnel from your own machine: "
            f"ssh -L {port}:127.0.0.1:{port} THIS-MACHINE",
        )


def _refuse_taken_port(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen there: {(error.strerror or str(error)).lower()}",
                where=f"{address}, port {port}",
                todo=f"choose another port: rua dashboard --port {port % 65535 + 1}",
            ) from None


def _hand_over(context: Globals) -> None:
    """The flags as the variables that all settings are read from; dashboards/data.py does."""
    settings, config = context.settings, find_config(context.config)
    patience = context.lock_timeout
    if patience is None:
        patience = min(settings.lock_timeout, PATIENCE)
    os.environ["RUA_STORE"] = str(settings.store.absolute())
    os.environ["RUA_LOCK_TIMEOUT"] = str(patience)
    if config is not None:
        os.environ["RUA_CONFIG"] = str(config.absolute())


def _url(address: str, port: int) -> str:
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _has_screen() -> bool:
    """Whether a browser would have a window; else a text browser would take the terminal."""
    return sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def _serve(address: str, port: int, *, opens_browser: bool) -> None:
    """Streamlit in this process, until SIGINT or SIGTERM: the ordinary ends of a server."""
    from streamlit.web import bootstrap  # noqa: PLC0415 - a second, which a refusal can spare

    options = OPTIONS | {
        "server.address": address,
        "server.port": port,
        "server.headless": not opens_browser,
    }
    bootstrap.load_config_options(flag_options=options)
    # Streamlit talks on stdout, and takes signals only once it runs.
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(KeyboardInterrupt):
        bootstrap.run(str(APP), False, [], options)
