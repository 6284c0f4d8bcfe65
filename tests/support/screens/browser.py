"""The real dashboard in the real Chromium of the system, watched for everything it should not do.

    with running(Path("rua.duckdb"), folder) as url, page_at(url) as page: ...

`page_at` fails on errors in the page or its console, and on any request that leaves 127.0.0.1.
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.conftest import RUA, clean_environment

__all__ = [
    "CHROMIUM",
    "PATIENCE",
    "QUIET",
    "Windows",
    "free_port",
    "needs_chromium",
    "page_at",
    "running",
    "started",
    "wait_until_drawn",
    "whole_page",
    "windows",
]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 60  # seconds, on a machine that does other things as well


def needs_chromium() -> None:
    """Skips a test where there is no Chromium; with CI=true that is a failure."""
    if CHROMIUM is None:
        message = "no Chromium: the dashboard was NOT looked at; see deploy/system-packages.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(
    flags: Sequence[str],
    folder: Path,
    port: int,
    more: Sequence[str] = (),
    *,
    below: str = "",
    command: Sequence[str] = (str(RUA),),
    screen: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """`rua dashboard` as a process that answers (below a path); stopped at the end.

    It opens a browser where `screen`, variables of the environment, tells of one.
    """
    quietly = () if screen else ("--no-browser",)
    process = subprocess.Popen(
        [*command, *flags, "dashboard", *quietly, "--port", str(port), *more],
        cwd=folder,
        env={**clean_environment(folder), **(screen or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_it_answers(process, port, below)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@contextlib.contextmanager
def running(flags: Sequence[str], folder: Path) -> Iterator[str]:
    """The URL of a dashboard that answers."""
    port = free_port()
    with started(flags, folder, port):
        yield f"http://127.0.0.1:{port}"


def _wait_until_it_answers(process: subprocess.Popen[str], port: int, below: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the dashboard ended at once: {process.communicate()[1]}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            if _is_healthy(port, below):
                return
        time.sleep(0.1)
    pytest.fail(f"nothing answers on port {port} after {PATIENCE} s")


def _is_healthy(port: int, below: str) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
        asked.request("GET", f"{below}/_stcore/health")
        with asked.getresponse() as answer:
            return bool(answer.status == http.HTTPStatus.OK)


class Windows:
    """One Chromium, for tests of one module: pages of the same size and colours share a context,
    so that Streamlit's scripts are fetched once."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: dict[tuple[object, ...], BrowserContext] = {}

    @contextlib.contextmanager
    def page_at(
        self,
        url: str,
        *,
        width: int = 1440,
        height: int = 1000,
        dark: bool = False,
        scale: float = 1,
    ) -> Iterator[Page]:
        """The page when it is drawn to its last line, in a browser far from UTC."""
        complaints: list[str] = []
        page = self._context(width, height, dark, scale).new_page()
        _listen(page, complaints)
        page.goto(url)
        wait_until_drawn(page)
        yield page
        assert page.get_by_test_id("stException").count() == 0
        page.close()
        assert complaints == []

    def _context(self, width: int, height: int, dark: bool, scale: float) -> BrowserContext:
        key = (width, height, dark, scale)
        if key not in self._contexts:
            self._contexts[key] = self._browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                timezone_id="America/Los_Angeles",
                device_scale_factor=scale,
            )
        return self._contexts[key]


@contextlib.contextmanager
def windows() -> Iterator[Windows]:
    """A Chromium. While it is there nothing else in this thread can use asyncio."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield Windows(browser)
        browser.close()


@contextlib.contextmanager
def page_at(
    url: str, *, width: int = 1440, height: int = 1000, dark: bool = False, scale: float = 1
) -> Iterator[Page]:
    """The page when it is drawn to its last line, in a browser of its own far from UTC."""
    with (
        windows() as found,
        found.page_at(url, width=width, height=height, dark=dark, scale=scale) as page,
    ):
        yield page


def _listen(page: Page, complaints: list[str]) -> None:
    page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
    page.on(
        "console",
        lambda line: (
            complaints.append(f"console: {line.text} {line.location['url']}")
            if line.type == "error" and not _is_looking_for_the_root(line.location["url"])
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if urlsplit(request.url).hostname in ("127.0.0.1", None)
            else complaints.append(f"request: {request.url}")
        ),
    )


def _is_looking_for_the_root(url: str) -> bool:
    """Streamlit's page at /tls asks for /tls/_stcore/… first, to learn where its root is."""
    return "/_stcore/" in url and urlsplit(url).path.count("/") > 2


# Tables and charts are drawn some frames after they are there, and a click takes some to reach the
# script: what nothing moves in any more is drawn.
DRAWN = """([token, pause]) => {
    const now = performance.now()
    if (window.restSince?.token !== token) {
        window.restSince?.observer.disconnect()
        const observer = new MutationObserver(() => { window.restSince.at = performance.now() })
        observer.observe(document, {
            subtree: true, childList: true, attributes: true, characterData: true
        })
        window.restSince = {token, observer, at: now}
    }
    const isDrawn = document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]')
        && !document.querySelector('[data-testid=stSkeleton]')
        && [...document.querySelectorAll('.stVegaLiteChart')]
            .every(chart => chart.querySelector('canvas, svg'))
    if (!isDrawn) window.restSince.at = now
    return now - window.restSince.at >= pause
}"""


def wait_until_drawn(page: Page, *, pause: int = 500) -> None:
    """Until the run is over, each chart has its picture, and for `pause` milliseconds nothing has
    changed."""
    token = f"{time.monotonic()}"
    looks: float | Literal["raf"] = 50 if pause else "raf"
    page.wait_for_function(DRAWN, arg=[token, pause], polling=looks, timeout=PATIENCE * 1000)


def whole_page(page: Page, path: Path, *, most: int = 6000) -> Path:
    """A picture of all of the page, which scrolls inside itself."""
    width = page.viewport_size["width"] if page.viewport_size else 1440
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(height, most)})
    wait_until_drawn(page)
    page.screenshot(path=path)
    return path
