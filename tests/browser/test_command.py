"""`rua dashboard` as a command, and what it shows in a real browser."""

import asyncio
import contextlib
import http.client
import importlib
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from dashboards.cli.commands import dashboard
from dashboards.common import palette
from dashboards.web.server import preload_headers
from dashboards.web.server.server import APP
from schemas.errors import ExitCode
from tests.conftest import DEMO_UNTIL, Rua
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.browser import (
    PATIENCE,
    free_port,
    needs_chromium,
    page_at,
    running,
    started,
)

HOSTILE = "<img src=x onerror=alert(1)> [go](https://evil.example) www.evil.example :smile: $x$"


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_any_address_but_loopback_is_refused(rua: Rua, address: str) -> None:
    done = rua("dashboard", "--address", address)
    assert done.returncode == ExitCode.USAGE
    assert done.stdout == ""
    assert "no login" in done.stderr
    assert "ssh -L 8501:127.0.0.1:8501" in done.stderr


def test_a_port_in_use_is_one_clear_line(rua: Rua) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        done = rua("dashboard", "--no-browser", "--port", str(port))
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.count("\n") == 1
    assert f"port {port}: cannot listen on it: address already in use" in done.stderr


def test_bad_settings_end_it_before_it_serves(rua: Rua) -> None:
    (rua.folder / "rua.toml").write_text("stor = 1")
    done = rua("dashboard", "--no-browser", "--port", str(free_port()))
    assert done.returncode == ExitCode.USAGE
    assert "did you mean store?" in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_says_its_url_and_ends_in_peace(tmp_path: Path, ending: signal.Signals) -> None:
    port = free_port()
    with started(["--store", "none.duckdb"], tmp_path, port) as process:
        process.send_signal(ending)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == ExitCode.DONE
    assert stdout == ""
    first, *rest = stderr.splitlines()
    assert first == f"the dashboard is at http://127.0.0.1:{port} (Ctrl-C ends it)"
    assert "".join(rest).strip() in ("", "Stopping...")


def test_a_browser_is_opened_where_there_is_a_screen(tmp_path: Path) -> None:
    port, seen = free_port(), tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}.half && mv {seen}.half {seen}\n')
    browser.chmod(0o700)
    screen = {"DISPLAY": ":9", "BROWSER": str(browser)}
    flags = ["--store", "none.duckdb"]
    with started(flags, tmp_path, port, screen=screen):
        deadline = time.monotonic() + PATIENCE
        while not seen.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    assert seen.read_text().strip() == f"http://127.0.0.1:{port}"


def test_small_packets_leave_at_once() -> None:
    """Else each file and message of a screen waits 40 ms for the browser's acknowledgement."""

    async def option() -> int:
        found: asyncio.Queue[int] = asyncio.Queue()

        async def answered(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.put_nowait(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()
            await writer.wait_closed()

        listening = dashboard.listen_on("127.0.0.1", 0)
        async with await asyncio.start_server(answered, sock=listening):
            with socket.create_connection(listening.getsockname()):
                return await asyncio.wait_for(found.get(), 10)

    assert asyncio.run(option()) == 1


def test_a_page_names_the_scripts_that_it_will_need(tmp_path: Path) -> None:
    port = free_port()
    with started(["--store", "none.duckdb"], tmp_path, port):
        links = fetched(port, "/").headers["link"].split(", ")
        assert len(links) == len(preload_headers.PARTS)
        for link in links:
            answer = fetched(port, link.partition("<.")[2].partition(">")[0])
            assert answer.status == http.HTTPStatus.OK
            assert answer.headers["content-type"] == "application/javascript"
            assert "link" not in answer.headers


def fetched(port: int, path: str) -> http.client.HTTPResponse:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as asked:
        asked.request("GET", path)
        with asked.getresponse() as answer:
            assert answer.read()
            return answer


def test_help_does_not_load_streamlit() -> None:
    code = (
        "import sys; from dashboards.cli.main import main; main(['dashboard', '--help']);"
        "sys.exit('streamlit' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0


def test_no_file_beside_the_app_hides_a_package() -> None:
    """`streamlit run` puts the app's folder first on sys.path."""
    folder = APP.parent
    names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not names & {"pages", "schemas", "ingest", "analytics", "dashboards", "tests"}
    assert not names & sys.stdlib_module_names
    third = {"streamlit", "altair", "pandas", "duckdb", "click", "rich", "pydantic", "pyarrow"}
    assert not names & third


def test_all_options_are_known_to_streamlit() -> None:
    config = importlib.import_module("streamlit.config")
    known = config.get_config_options()
    assert set(palette.OPTIONS) <= set(known)
    assert palette.OPTIONS["browser.gatherUsageStats"] is False


def test_hostile_names_in_a_browser(tmp_path: Path) -> None:
    needs_chromium()
    late = [DEMO_UNTIL - timedelta(days=10 + n) for n in range(6)]
    reports = [Report(day, reporter=HOSTILE) for day in late]
    store = store_of([*reports, Report(DEMO_UNTIL, reporter="fine.example")], tmp_path / "s")
    with (
        running(["--store", str(store)], tmp_path) as url,
        page_at(f"{url}/?until={DEMO_UNTIL.isoformat()}") as page,
    ):
        line = page.get_by_text("Silent reporters:")
        assert HOSTILE in line.inner_text()
        assert line.locator("a, img").count() == 0
        hosts = page.eval_on_selector_all("a[href]", "links => links.map(each => each.hostname)")
        assert set(hosts) <= {"127.0.0.1", "ipinfo.io"}
