"""A token endpoint (RFC 6749) and the introspection that Dovecot asks, on loopback.

`/token` is served over TLS, `/introspect` without: Dovecot sends the token as a bearer header
and is told whose it is. Everything that a test may want to be different is an attribute.
"""

import base64
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.support.servers.certificates import Certificates, make_certificates
from tests.support.servers.dovecot import Dovecot, User

__all__ = ["Answer", "TokenEndpoint", "TokenUser", "oauth_dovecot", "token_endpoint", "token_user"]

PASSDB = """passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf
}}
"""
INTROSPECTION = """introspection_url = {url}
introspection_mode = auth
username_attribute = username
active_attribute = active
active_value = true
timeout_msecs = 5000
"""
CLIENT, SECRET = "rua-client", "client-s3cret%+/ =&"


@dataclass(frozen=True)
class Answer:
    """What the endpoint says instead of a token."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def refusal(cls, code: str, description: str = "") -> "Answer":
        words = {"error": code, "error_description": description}
        return cls(400, json.dumps(words).encode())


@dataclass
class TokenEndpoint:
    """Grants to CLIENT with SECRET; `granted` and `refreshing` say whom a token is for."""

    certificates: Certificates
    token_port: int = 0
    introspection_port: int = 0
    lifetime: object = 3600
    rotates: bool = False
    answer: Callable[[dict[str, str]], Answer | None] = lambda form: None
    user: str = ""
    granted: dict[str, str] = field(default_factory=dict)
    refreshing: dict[str, str] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.token_port}/oauth/token"

    @property
    def introspection_url(self) -> str:
        return f"http://127.0.0.1:{self.introspection_port}/introspect"

    def give_refresh_token(self, user: str) -> str:
        token = f"refresh-{secrets.token_hex(8)}"
        self.refreshing[token] = user
        return token

    def revoke(self) -> None:
        """No access token of before is good any more."""
        self.granted.clear()

    def respond(self, form: dict[str, str]) -> Answer:
        self.requests.append(form)
        prepared = self.answer(form)
        if prepared is not None:
            return prepared
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return Answer.refusal("invalid_client")
        user = self.user
        if form.get("grant_type") == "refresh_token":
            given = form.get("refresh_token", "")
            if given not in self.refreshing:
                return Answer.refusal("invalid_grant", "Token has been expired or revoked.")
            user = self.refreshing[given]
        return Answer(body=json.dumps(self._grant(user, form)).encode())

    def _grant(self, user: str, form: dict[str, str]) -> dict[str, object]:
        token = f"access-{secrets.token_hex(24)}"
        self.granted[token] = user
        told = {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}
        if self.rotates:
            del self.refreshing[form["refresh_token"]]
            told["refresh_token"] = self.give_refresh_token(user)
        return told


@contextmanager
def serving(endpoint: TokenEndpoint) -> Iterator[None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(endpoint.certificates.server, endpoint.certificates.key)
    servers = [_Server(("127.0.0.1", 0), endpoint, tls) for tls in (context, None)]
    endpoint.token_port, endpoint.introspection_port = (s.server_port for s in servers)
    threads = [threading.Thread(target=s.serve_forever, args=(0.02,)) for s in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], endpoint: TokenEndpoint, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(address, _Handler)
        self.endpoint = endpoint
        self.tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the request's own thread: a client that stalls in its handshake stops nobody.
        with suppress(OSError):
            if self.tls is None:
                super().finish_request(request, client_address)
                return
            with self.tls.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        pairs = parse_qsl(self.rfile.read(length).decode(), strict_parsing=True)
        form = dict(pairs)
        assert len(form) == len(pairs), pairs  # RFC 6749 §3.2: nothing more than once
        basic = self.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            names = base64.b64decode(basic.removeprefix("Basic ")).decode().split(":", 1)
            form |= dict(zip(("client_id", "client_secret"), names, strict=True))
        self._send(self.server.endpoint.respond(form))

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        user = self.server.endpoint.granted.get(token)
        told = {"active": True, "username": user} if user else {"active": False}
        self._send(Answer(200 if user else 401, json.dumps(told).encode()))

    def _send(self, answer: Answer) -> None:
        with suppress(OSError):
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        pass


@dataclass
class TokenUser:
    """A user of the server whose mailbox takes tokens, and the settings to get them."""

    user: User
    endpoint: TokenEndpoint
    folder: Path
    refresh_token: str

    def settings(self, oauth2: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """The keys of [[mailbox]]; in `oauth2` None leaves a key out."""
        table = {
            "grant": "refresh_token",
            "token_url": self.endpoint.url,
            "client_id": CLIENT,
            "client_secret_file": str(self.folder / "client.secret"),
            "refresh_token_file": str(self.folder / "refresh.token"),
            "ca_file": str(self.endpoint.certificates.ca),
            "token_cache": str(self.folder / "cache"),
        } | (oauth2 or {})
        kept = {key: value for key, value in table.items() if value is not None}
        box = self.user.settings(oauth2=kept, **changes)
        return {key: value for key, value in box.items() if key != "password_file"}

    def toml(self, oauth2: dict[str, Any] | None = None, **changes: Any) -> str:
        box = self.settings(oauth2, **changes)
        inner = box.pop("oauth2")
        lines = [f"{key} = {json.dumps(value)}" for key, value in box.items()]
        more = [f"{key} = {json.dumps(value)}" for key, value in inner.items()]
        return "\n".join(("[[mailbox]]", *lines, "[mailbox.oauth2]", *more, ""))

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def kept(self) -> dict[str, Any]:
        """What the one file of the cache holds."""
        (file,) = self.cache.glob("*.json")
        found: dict[str, Any] = json.loads(file.read_text())
        return found

    def keep(self, **changes: Any) -> None:
        (file,) = self.cache.glob("*.json")
        file.write_text(json.dumps(self.kept() | changes))

    def secrets(self) -> list[str]:
        """Everything that nobody may ever see."""
        return [SECRET, self.refresh_token, *self.endpoint.granted, *self.endpoint.refreshing]


@pytest.fixture(scope="session")
def _endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenEndpoint]:
    folder = tmp_path_factory.mktemp("endpoint")
    endpoint = TokenEndpoint(make_certificates(folder, ("localhost",)))
    with serving(endpoint):
        yield endpoint


@pytest.fixture
def token_endpoint(_endpoint: TokenEndpoint) -> TokenEndpoint:
    """As new: the server is the same for all tests."""
    _endpoint.lifetime, _endpoint.rotates, _endpoint.user = 3600, False, ""
    _endpoint.answer = lambda form: None
    for store in (_endpoint.granted, _endpoint.refreshing, _endpoint.requests):
        store.clear()
    return _endpoint


class TokenDovecot(Dovecot):
    """A server that takes access tokens, and asks the endpoint whose they are."""

    mechanisms = " xoauth2 oauthbearer"

    def __init__(self, endpoint: TokenEndpoint) -> None:
        super().__init__()
        self.token_passdb = PASSDB.format(root=self.root)
        settings = INTROSPECTION.format(url=endpoint.introspection_url)
        (self.root / "oauth2.conf").write_text(settings)


@pytest.fixture(scope="session")
def oauth_dovecot(_endpoint: TokenEndpoint) -> Iterator[Dovecot]:
    server = TokenDovecot(_endpoint)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def token_user(oauth_dovecot: Dovecot, token_endpoint: TokenEndpoint, tmp_path: Path) -> TokenUser:
    user = oauth_dovecot.user()
    token = token_endpoint.give_refresh_token(user.name)
    (tmp_path / "refresh.token").write_text(f"{token}\n")
    (tmp_path / "client.secret").write_text(f"{SECRET}\n")
    for name in ("refresh.token", "client.secret"):
        (tmp_path / name).chmod(0o600)
    return TokenUser(user, token_endpoint, tmp_path, token)


def expired() -> float:
    """A moment at which a token is no longer to be begun with, though not yet expired."""
    return time.time() + 30
