"""A real OpenID Connect provider on a loopback port: discovery, authorization, tokens, keys.

    with oidc_provider({"sub": "ann", "email": "ann@client.example", …}) as url: ...

Anyone it knows logs in by naming himself. It signs with RS256 and insists on a nonce.
"""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.screens.browser import free_port

__all__ = ["oidc_provider"]

PROVIDER = Path(sys.executable).with_name("oidc-provider-mock")
PATIENCE = 30  # seconds


@contextlib.contextmanager
def oidc_provider(*users: Mapping[str, Any]) -> Iterator[str]:
    """Its URL; `users` are claims, each with its `sub`."""
    port = free_port()
    words = [str(PROVIDER), "--port", str(port), "--require-nonce", "true"]
    for claims in users:
        words += ["--user-claims", json.dumps(claims)]
    process = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"},  # it is on this machine
    )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if _answers(port):
                return
        time.sleep(0.1)
    pytest.fail(f"no provider on port {port}")


def _answers(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
        asked.request("GET", "/.well-known/openid-configuration")
        return asked.getresponse().status == http.HTTPStatus.OK
