"""A token endpoint that refuses, fails or lies: one clear line each, and no secret in it."""

import inspect
import pkgutil
import socket
import time
from pathlib import Path

import authlib.common.errors
import authlib.integrations.base_client.errors
import httpx2
import pytest

from ingest.sources import oauth
from schemas.errors import (
    CertificateUntrusted,
    ConfigError,
    LoginRefused,
    SourceError,
    Unreachable,
)
from tests.integration.mailbox.test_oauth import asked, opened, refused
from tests.support.servers.certificates import make_certificates
from tests.support.servers.token_endpoint import SECRET, Answer, TokenUser

HTML = b"<html><body>Sign in</body></html>"
ANSWERS: dict[str, tuple[Answer, type[SourceError], str]] = {
    "invalid_grant": (
        Answer.refusal("invalid_grant", "Token has been expired or revoked."),
        LoginRefused,
        "(invalid_grant): Token has been expired or revoked; authorise rua again",
    ),
    "invalid_client": (
        Answer.refusal("invalid_client", "AADSTS7000222: the secret is expired.\r\nTrace: 1"),
        LoginRefused,
        "(invalid_client): AADSTS7000222: the secret is expired.\\r\\nTrace: 1; check client_id",
    ),
    "invalid_scope": (Answer.refusal("invalid_scope"), LoginRefused, "check scope"),
    "other": (Answer.refusal("slow\x1b[2Jdown"), LoginRefused, "(slow\\x1b[2Jdown)"),
    "later": (Answer.refusal("temporarily_unavailable"), Unreachable, "cannot answer now"),
    "echo": (
        Answer.refusal("invalid_client", f"{SECRET} is wrong"),
        LoginRefused,
        "holds a secret and is not shown",
    ),
    "error 500": (Answer(500, HTML), Unreachable, "answers with HTTP 500"),
    "error 429": (Answer(429, HTML), Unreachable, "answers with HTTP 429"),
    "error 404": (Answer(404, HTML), Unreachable, "answers with HTTP 404; check token_url"),
    "a page": (Answer(200, HTML), Unreachable, "not a JSON object (HTTP 200); check token_url"),
    "a list": (Answer(200, b"[]"), Unreachable, "not a JSON object"),
    "nothing": (Answer(200, b"{}"), Unreachable, "no access token"),
    "number": (Answer(200, b'{"access_token": 5}'), Unreachable, "no access token"),
    "two fields": (Answer(200, b'{"access_token": "a\\u0001b"}'), Unreachable, "no access token"),
    "lifetime": (
        Answer(200, b'{"access_token": "a", "expires_in": "soon"}'),
        Unreachable,
        "cannot be read",
    ),
    "endless": (
        Answer(200, b'{"access_token": "a", "expires_in": Infinity}'),
        Unreachable,
        "cannot be read",
    ),
    "type": (Answer(200, b'{"access_token": "a", "token_type": "mac"}'), LoginRefused, "type mac"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_the_endpoint_says_is_one_clear_line(token_user: TokenUser, case: str) -> None:
    answer, kind, words = ANSWERS[case]
    token_user.endpoint.answer = lambda form: answer
    message = refused(token_user, kind)
    assert message.startswith('mailbox "reports" (token endpoint localhost/oauth/token): ')
    assert words in message
    assert list(token_user.cache.glob("*.json")) == []


def test_a_redirect_is_not_followed(token_user: TokenUser) -> None:
    away = Answer(307, b"", {"Location": token_user.endpoint.url + "?again"})
    token_user.endpoint.answer = lambda form: away
    assert "HTTP 307" in refused(token_user, Unreachable)
    assert asked(token_user) == 1


def test_an_endpoint_that_hangs(token_user: TokenUser) -> None:
    token_user.endpoint.answer = lambda form: time.sleep(1.5)
    assert "no answer within 0.5 seconds" in refused(token_user, Unreachable, timeout=0.5)


def test_an_endpoint_that_is_not_there(token_user: TokenUser) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"https://localhost:{free.getsockname()[1]}/token?tenant=private"
        message = refused(token_user, Unreachable, {"token_url": url})
    assert "Connection refused; check token_url" in message
    assert "private" not in message


def test_an_untrusted_endpoint_gets_no_secret(token_user: TokenUser, tmp_path: Path) -> None:
    other = make_certificates(tmp_path, ("localhost",)).ca
    for ca_file in (str(other), None):
        message = refused(token_user, CertificateUntrusted, {"ca_file": ca_file})
        assert "set ca_file in [mailbox.oauth2]" in message
    named = token_user.endpoint.url.replace("localhost", "127.0.0.1")
    assert "not trusted" in refused(token_user, CertificateUntrusted, {"token_url": named})
    assert asked(token_user) == 0


def test_a_ca_file_that_is_none_names_its_key(token_user: TokenUser, tmp_path: Path) -> None:
    message = refused(token_user, ConfigError, {"ca_file": str(tmp_path / "none.pem")})
    assert "key oauth2.ca_file" in message


def library_exceptions() -> list[type[Exception]]:
    holders = [
        authlib.common.errors,
        authlib.integrations.base_client.errors,
        pkgutil.resolve_name("authlib.oauth2.base"),
        httpx2,
    ]
    found = {
        thing
        for holder in holders
        for _, thing in inspect.getmembers(holder, inspect.isclass)
        if issubclass(thing, Exception)
        and not issubclass(thing, Warning)
        and thing.__module__.startswith(("authlib", "httpx2"))
    }
    return sorted(found, key=lambda kind: kind.__name__)


def made(kind: type[Exception]) -> Exception:
    if issubclass(kind, httpx2.HTTPStatusError):
        request = httpx2.Request("POST", "https://localhost/token")
        return kind("words", request=request, response=httpx2.Response(502))
    takes_words = "message" in inspect.signature(kind).parameters
    return kind("words") if takes_words else kind()


@pytest.mark.parametrize("kind", library_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_libraries_becomes_one_of_ours(
    token_user: TokenUser, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = made(kind)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(oauth._Endpoint, "_request", fail)
    with pytest.raises(SourceError) as caught:
        opened(token_user)
    assert caught.value.__context__ is None
