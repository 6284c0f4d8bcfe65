"""The browser is told at once which large parts of Streamlit's page each screen will need.

Without that it asks for the parts that draw charts and tables only when the first of them arrives,
and then reads two megabytes: half a second, once for each browser.
"""

from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Preloading"]

# Streamlit's names of what draws charts and tables; one that it has no more is left out.
PARTS = ("ArrowVegaLiteChart", "embed", "vega-interpreter", "DataFrame", "arrowFormatUtils")
SCRIPTS = Path(streamlit.__file__).parent / "static" / "static" / "js"


class Preloading:
    """An ASGI middleware: pages come with a Link header (RFC 8288) of modules to preload."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_links(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if headers.get("content-type", "").startswith("text/html") and (found := _links()):
                    headers["link"] = found
            await send(message)

        await self._app(scope, receive, send_with_links if scope["type"] == "http" else send)


@cache
def _links() -> str:
    """Relative to the page, as the page itself names its scripts."""
    found = (path.name for part in PARTS for path in sorted(SCRIPTS.glob(f"{part}.*.js")))
    return ", ".join(f'<./static/js/{name}>; rel="modulepreload"' for name in found)
