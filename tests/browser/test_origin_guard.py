"""Which pages a browser may have open beside the dashboard: none of them reads it."""

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.screens.browser import free_port, started

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
STREAM = "/_stcore/stream"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    found = free_port()
    with started(["--store", "none.duckdb"], tmp_path_factory.mktemp("guarded"), found):
        yield found


def status(port: int, path: str, host: str, origin: str | None = None, method: str = "GET") -> int:
    """Of a request that names this host and comes from a page of this origin."""
    headers = {"Host": host.format(port=port)} | (UPGRADE if path == STREAM else {})
    if origin is not None:
        headers["Origin"] = origin.format(port=port)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as asked:
        asked.request(method, path, headers=headers)
        with asked.getresponse() as answer:
            return answer.status


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LocalHost", 200),
        ("[::1]:{port}", 200),
        ("rebound.example:{port}", 403),
        ("localhost.rebound.example", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_without_a_login_it_answers_to_its_own_name_alone(
    port: int, host: str, expected: int
) -> None:
    assert status(port, "/", host) == expected


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", 101),
        ("localhost:{port}", "http://localhost:{port}", 101),
        ("127.0.0.1:{port}", None, 101),  # a program, no browser
        ("rebound.example:{port}", "http://rebound.example:{port}", 403),
        ("127.0.0.1:{port}", "http://evil.example", 403),
        ("127.0.0.1:{port}", "http://127.0.0.1:1", 403),  # somebody else's page on this machine
        ("127.0.0.1:{port}", "http://localhost:{port}", 403),
        ("127.0.0.1:{port}", "null", 403),  # a file, a frame in a sandbox
        ("127.0.0.1:{port}", "http://[", 403),
    ],
)
def test_only_its_own_page_may_talk_to_it(
    port: int, host: str, origin: str | None, expected: int
) -> None:
    assert status(port, STREAM, host, origin) == expected


def test_another_page_may_not_send_anything(port: int) -> None:
    path, host = "/_stcore/upload_file/a/b", "127.0.0.1:{port}"
    assert status(port, path, host, "http://evil.example", "PUT") == http.HTTPStatus.FORBIDDEN
    assert status(port, path, host, "http://evil.example", "DELETE") == http.HTTPStatus.FORBIDDEN


def test_behind_a_proxy_of_ones_own_it_goes_by_any_name(tmp_path: Path) -> None:
    port = free_port()
    with started(["--store", "none.duckdb"], tmp_path, port, ["--no-login"]):
        assert status(port, "/", "rua.example") == http.HTTPStatus.OK
        assert status(port, STREAM, "rua.example", "https://rua.example") == 101
        assert status(port, STREAM, "rua.example", "https://evil.example") == 403
