"""Pages of strangers are kept out, which a browser on the same machine may have open.

Without a login whoever reaches the address may look, so it must be asked for by its own name: the
page of a stranger whose name he lets lead to 127.0.0.1 for a moment (DNS rebinding) would be of the
same origin as the dashboard. And only the dashboard's own page may talk to it: Streamlit would ask
a server in the internet what its own address is, to tell whether another page may.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

__all__ = ["LOOPBACK", "Guarding"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HARMLESS = ("GET", "HEAD", "OPTIONS")
POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1


class Guarding:
    """An ASGI middleware; `hosts` are the names to be asked for by, None for any."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or (why := self._refusal(scope)) is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(f"rua: {why}.\n", 403)(scope, receive, send)
        else:
            await WebSocketClose(POLICY_VIOLATION, why)(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._hosts is not None and _name(f"//{host}") not in self._hosts:
            return "the dashboard does not go by that name; see docs/access.md"
        if scope["type"] == "http" and scope["method"] in HARMLESS:
            return None
        if origin is not None and origin.lower().partition("://")[2] != host.lower():
            return "another site's page may not talk to the dashboard"
        return None


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
