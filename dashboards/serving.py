"""Streamlit, started in this process and served until it is told to end."""

import contextlib
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import streamlit
from streamlit.web import bootstrap
from streamlit.web.server.starlette import starlette_server

from dashboards import ahead
from dashboards.frame.theme import OPTIONS
from dashboards.loading import loaded

__all__ = ["serve"]

APP = Path(__file__).parent / "app.py"
BIND = "_bind_socket"


def serve(options: Mapping[str, object], secrets: Mapping[str, Any] | None) -> None:
    """Serve the screens until SIGINT or SIGTERM: the ordinary ends of a server.

    `options` are Streamlit's, `secrets` what its login needs, handed over in memory.
    """
    flags = {**OPTIONS, **options}
    bootstrap.load_config_options(flag_options=flags)
    if secrets is not None:
        streamlit.secrets.merge_programmatic_secrets(secrets)
    # Streamlit talks on stdout, and takes signals only once it runs.
    with (
        contextlib.redirect_stdout(sys.stderr),
        contextlib.suppress(KeyboardInterrupt),
        loaded(),
        ahead.prepared(),
        undelayed(),
    ):
        bootstrap.run(str(APP), False, [], flags)


@contextlib.contextmanager
def undelayed() -> Iterator[None]:
    """Within, Streamlit listens on a socket whose connections send at once (TCP_NODELAY).

    asyncio sees to that where a socket names its protocol, and Streamlit's does not. Each answer
    then waits 40 ms for the client's delayed acknowledgement (Nagle's algorithm), and a screen is
    some hundred small files and messages. Where Streamlit binds otherwise, nothing is changed.
    """
    bind: Callable[..., socket.socket] | None = getattr(starlette_server, BIND, None)
    if bind is None:
        yield
        return

    def bind_undelayed(*args: Any) -> socket.socket:
        listening = bind(*args)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # its connections inherit
        return listening

    setattr(starlette_server, BIND, bind_undelayed)
    try:
        yield
    finally:
        setattr(starlette_server, BIND, bind)
