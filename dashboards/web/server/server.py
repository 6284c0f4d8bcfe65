"""The screens, served by Streamlit in this process until it is told to end."""

import asyncio
import contextlib
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from streamlit.web import bootstrap

from dashboards.common.palette import OPTIONS
from dashboards.web.server import prefetch
from dashboards.web.server.origin_guard import Guarding
from dashboards.web.server.preload_headers import Preloading
from dashboards.web.server.warmup import loaded
from schemas.errors import ConfigError

__all__ = ["APP", "serve"]

APP = Path(__file__).parents[1] / "app.py"
PING_SECONDS = 30.0  # a browser that is gone is noticed after two of them
GOODBYE_SECONDS = 2  # for answers on their way when the server ends
Life = Callable[[st.App], AbstractAsyncContextManager[None]]


def serve(
    listening: socket.socket,
    options: Mapping[str, object],
    secrets: Mapping[str, Any] | None,
    *,
    hosts: Collection[str] | None,
    opened: str | None,
) -> None:
    """Serve the screens on a bound socket until SIGINT or SIGTERM: the ordinary ends of a server.

    `options` are Streamlit's, `secrets` what its login needs, handed over in memory; `hosts` the
    names that it may be asked for by, None meaning any; `opened` is the URL that a browser is to
    open. Raises ConfigError where it cannot start.
    """
    address, port = listening.getsockname()[:2]
    flags = {**OPTIONS, "server.address": address, "server.port": port, **options}
    bootstrap.load_config_options(flag_options=flags)
    around = [Middleware(Guarding, hosts=hosts), Middleware(Preloading)]
    life = _life(listening, opened)
    server = _server(st.App(APP, secrets=secrets, lifespan=life, middleware=around))
    signal.signal(signal.SIGTERM, _interrupt)  # it raises what ended it once more
    # Streamlit talks on stdout.
    with (
        contextlib.redirect_stdout(sys.stderr),
        contextlib.suppress(KeyboardInterrupt),
        loaded(),
        prefetch.prepared(),
    ):
        server.run(sockets=[listening])
        if not server.started:
            raise ConfigError(
                "the dashboard could not start",
                where=f"{address}, port {port}",
                todo="the lines above say why",
            )


def _life(listening: socket.socket, opened: str | None) -> Life:
    """What happens around the serving: a browser is opened once somebody listens."""

    @contextlib.asynccontextmanager
    async def life(_: st.App) -> AsyncIterator[None]:
        listening.listen()
        if opened:
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, opened)
        yield

    return life


def _server(app: st.App) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            ws="websockets-sansio",  # as Streamlit's own command chooses
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PING_SECONDS,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
