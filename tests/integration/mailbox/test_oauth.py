"""OAuth 2.0 from the token endpoint to the login, against a real Dovecot that takes tokens."""

import logging
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest

from ingest.sources import oauth
from ingest.sources.imap_session import Session
from ingest.sources.oauth import Tokens
from ingest.sources.token_cache import default_folder
from schemas.config.settings import Mailbox, load_settings
from schemas.errors import (
    ConfigError,
    LoginRefused,
    RuaError,
)
from tests.support.mails.mails import make_report_mail
from tests.support.process.rua_command import message_ids, run, settings
from tests.support.servers.dovecot import User
from tests.support.servers.token_endpoint import SECRET, Answer, TokenUser, expired


def opened(user: TokenUser, oauth2: dict[str, Any] | None = None, **changes: Any) -> None:
    session = Session(Mailbox(**user.settings(oauth2, **changes)))
    session.open()
    assert session.offers("MOVE")
    session.close()


def refused(
    user: TokenUser, kind: type[RuaError], oauth2: dict[str, Any] | None = None, **changes: Any
) -> str:
    """The message: one line, of exactly this kind, that holds no secret anywhere."""
    with pytest.raises(kind) as caught:
        opened(user, oauth2, **changes)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert [secret for secret in user.secrets() if secret in told] == []
    return message


def asked(user: TokenUser) -> int:
    return len(user.endpoint.requests)


# -- logging in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mechanism", "used"),
    [("auto", "OAUTHBEARER"), ("oauthbearer", "OAUTHBEARER"), ("xoauth2", "XOAUTH2")],
)
def test_a_refresh_token_opens_the_mailbox(
    token_user: TokenUser, mechanism: str, used: str
) -> None:
    opened(token_user, {"mechanism": mechanism})
    assert f"user=<{token_user.user.name}>, method={used}," in token_user.user.server.log()


@pytest.mark.parametrize("auth", ["post", "basic"])
def test_client_credentials_open_it_with_the_scope(token_user: TokenUser, auth: str) -> None:
    token_user.endpoint.user = token_user.user.name
    changes = {"grant": "client_credentials", "refresh_token_file": None, "client_auth": auth}
    opened(token_user, {**changes, "scope": "mail/.default offline"})
    (form,) = token_user.endpoint.requests
    assert (form["grant_type"], form["scope"]) == ("client_credentials", "mail/.default offline")
    assert "refresh_token" not in form


def test_a_public_client_sends_no_secret(token_user: TokenUser) -> None:
    token_user.endpoint.answer = lambda form: Answer.refusal("invalid_client", "no secret")
    refused(token_user, LoginRefused, {"client_secret_file": None})
    assert token_user.endpoint.requests[0].keys() == {"client_id", "grant_type", "refresh_token"}


def test_rfc7628_3_1_a_user_name_with_the_signs_of_the_header() -> None:
    answer = oauth.bearer("OAUTHBEARER", "a=b,c@example.com", "T")
    assert answer(b"") == b"n,a=a=3Db=2Cc@example.com,\1auth=Bearer T\1\1"
    assert answer(b'{"status":"401"}') == b"\1"
    answer = oauth.bearer("XOAUTH2", "u", "T")
    assert [answer(b""), answer(b"{}")] == [b"user=u\1auth=Bearer T\1\1", b""]


def test_a_server_that_takes_no_tokens(imap_user: User, token_user: TokenUser) -> None:
    server = imap_user.server
    plain = {"port": server.tls_port, "ca_file": str(server.certificates.ca)}
    message = refused(token_user, LoginRefused, None, **plain)
    assert "offers no login" in message
    assert "OAUTHBEARER or XOAUTH2" in message


def test_a_token_for_another_user_is_refused(token_user: TokenUser) -> None:
    other = token_user.user.server.user()
    message = refused(token_user, LoginRefused, username=other.name)
    assert "was refused: [AUTHENTICATIONFAILED]" in message
    assert "check username, scope" in message
    assert asked(token_user) == 1  # it was new: no second one would be better


# -- the cache --------------------------------------------------------------------------------


def test_two_runs_ask_the_endpoint_once(token_user: TokenUser, tmp_path: Path) -> None:
    """By the command itself: what it prints, and what it does."""
    config = settings(tmp_path, token_user.toml())
    for number in (1, 2):
        token_user.user.deliver([make_report_mail(number).raw])
        done = run("--config", config, "ingest", "--format", "json")
        assert (done.code, done.err, done.json["stored"]) == (0, "", 1)
    assert asked(token_user) == 1
    assert message_ids(token_user.user, "Processed").total() == 2
    modes = {path.name: path.stat().st_mode & 0o777 for path in token_user.cache.iterdir()}
    assert set(modes.values()) == {0o600}
    assert token_user.cache.stat().st_mode & 0o777 == 0o700
    assert len([name for name in modes if name.endswith(".json")]) == 1


def test_a_token_is_renewed_a_minute_before_it_expires(token_user: TokenUser) -> None:
    opened(token_user)
    token_user.keep(expires_at=expired())
    opened(token_user)
    assert asked(token_user) == 2


@pytest.mark.parametrize("lifetime", [3600, "3600"])
def test_a_kept_token_that_was_revoked_is_renewed_once(
    token_user: TokenUser, lifetime: object
) -> None:
    token_user.endpoint.lifetime = lifetime
    opened(token_user)
    token_user.endpoint.revoke()
    opened(token_user)
    assert asked(token_user) == 2
    opened(token_user)
    assert asked(token_user) == 2


@pytest.mark.parametrize("lifetime", [None, 0, ""])
def test_without_a_lifetime_a_token_serves_once(token_user: TokenUser, lifetime: object) -> None:
    token_user.endpoint.lifetime = lifetime
    opened(token_user)
    opened(token_user)
    assert asked(token_user) == 2


def test_a_rotated_refresh_token_is_kept_and_used(token_user: TokenUser) -> None:
    token_user.endpoint.rotates = True
    for _ in range(3):
        opened(token_user)
        token_user.keep(expires_at=0)
    sent = [form["refresh_token"] for form in token_user.endpoint.requests]
    assert sent[0] == token_user.refresh_token
    assert len(set(sent)) == 3
    assert token_user.kept()["refresh_token"] in token_user.endpoint.refreshing


def test_a_new_refresh_token_of_the_owner_voids_what_is_kept(token_user: TokenUser) -> None:
    token_user.endpoint.rotates = True
    opened(token_user)
    new = token_user.endpoint.give_refresh_token(token_user.user.name)
    (token_user.folder / "refresh.token").write_text(new)
    opened(token_user)
    assert token_user.endpoint.requests[-1]["refresh_token"] == new


def test_a_refresh_token_that_does_not_rotate_is_not_copied(token_user: TokenUser) -> None:
    opened(token_user)
    assert token_user.refresh_token not in next(token_user.cache.glob("*.json")).read_text()


def test_two_that_renew_at_once_ask_once(token_user: TokenUser) -> None:
    """Else each would void the other's refresh token."""
    token_user.endpoint.rotates = True
    box = Mailbox(**token_user.settings())
    assert box.oauth2 is not None
    tokens = [Tokens(box, box.oauth2) for _ in range(4)]
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda one=one: found.append(one.current().secret))
        for one in tokens
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), asked(token_user)) == (4, 1, 1)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"access_token": 3, "expires_at": "x"}'])
def test_a_spoilt_cache_is_made_again(token_user: TokenUser, content: str) -> None:
    opened(token_user)
    next(token_user.cache.glob("*.json")).write_text(content)
    opened(token_user)
    assert asked(token_user) == 2
    assert token_user.kept()["access_token"] in token_user.endpoint.granted


@pytest.mark.parametrize("mode", [0o755, 0o701, 0o770])
def test_a_cache_that_others_can_open_is_refused(token_user: TokenUser, mode: int) -> None:
    token_user.cache.mkdir()
    token_user.cache.chmod(mode)
    message = refused(token_user, ConfigError)
    assert "key oauth2.token_cache" in message
    assert "chmod 700" in message
    assert asked(token_user) == 0  # a token that cannot be kept is not asked for


def test_a_cache_that_cannot_be_made(token_user: TokenUser) -> None:
    token_user.cache.write_text("a file")
    assert "set token_cache" in refused(token_user, ConfigError)


def test_the_cache_is_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_folder() == Path("/home/someone/.cache/rua")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_folder() == Path("/home/someone/.cache/rua")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/someone")
    assert default_folder() == Path("/var/cache/someone/rua")


# -- settings, and what is never seen ---------------------------------------------------------

MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "plain http": ({"token_url": "http://localhost/token"}, "must begin with https://"),
    "a password in the URL": ({"token_url": "https://u:p@h/token"}, "neither a user name"),
    "no refresh token": ({"refresh_token_file": None}, "refresh_token_env"),
    "no client secret": (
        {"grant": "client_credentials", "client_secret_file": None},
        "client_secret_credential",
    ),
    "unknown key": ({"token_ulr": "x"}, "did you mean token_url?"),
    "unknown mechanism": ({"mechanism": "plain"}, "oauthbearer"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_the_table_names_file_and_key(
    token_user: TokenUser, tmp_path: Path, case: str
) -> None:
    changes, words = MISTAKES[case]
    config = settings(tmp_path, token_user.toml(changes))
    with pytest.raises(ConfigError, match="oauth2") as caught:
        load_settings(config, store=None, lock_timeout=None)
    assert words in str(caught.value)
    assert str(config) in str(caught.value)


def test_password_and_tokens_exclude_each_other(token_user: TokenUser, tmp_path: Path) -> None:
    config = settings(tmp_path, token_user.toml(password_env="SECRET"))
    with pytest.raises(ConfigError, match="password_env and the table oauth2 exclude each other"):
        load_settings(config, store=None, lock_timeout=None)


def test_paths_are_relative_to_the_file_and_secrets_come_from_elsewhere(
    token_user: TokenUser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"client_secret_file": None, "client_secret_env": "CLIENT_SECRET"}
    config = settings(tmp_path, token_user.toml({**changes, "refresh_token_file": "refresh.token"}))
    box = load_settings(config, store=None, lock_timeout=None).mailbox[0]
    assert box.oauth2 is not None
    assert box.oauth2.refresh_token_file == tmp_path / "refresh.token"
    with pytest.raises(ConfigError, match=r"key oauth2\.client_secret_env"):
        Session(box).open()
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    session = Session(box)
    session.open()
    session.close()


def test_no_secret_is_logged_or_shown(
    token_user: TokenUser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for mechanism in ("xoauth2", "oauthbearer"):
        opened(token_user, {"mechanism": mechanism})
    token_user.endpoint.revoke()
    token_user.endpoint.answer = lambda form: Answer(body=b'{"access_token":"access-bad"}')
    refused(token_user, LoginRefused)
    assert "imapclient" in caplog.text
    box = Mailbox(**token_user.settings())
    assert box.oauth2 is not None
    tokens = Tokens(box, box.oauth2)
    told = caplog.text + repr(box) + repr(tokens) + repr(tokens._cache) + repr(tokens.current())
    assert [each for each in (*token_user.secrets(), "access-bad") if each in told] == []
