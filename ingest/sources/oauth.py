"""Access tokens for a mailbox (RFC 6749): from the cache, else from the token endpoint.

The only module that imports Authlib and httpx2, and only when the endpoint is asked.
No secret is in an error, a repr or a log.
"""

import hashlib
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from ingest.model.source import printable
from ingest.sources.ca import tls_context
from ingest.sources.token_cache import Cached, TokenCache, default_folder
from schemas.config.settings import Mailbox, OAuth2
from schemas.errors import CertificateUntrusted, LoginRefused, SourceError, Unreachable

__all__ = ["AccessToken", "Tokens", "bearer"]

MARGIN_SECONDS = 60  # a token that expires sooner is not used
USABLE = re.compile(r"[!-~]+")  # RFC 6750 §2.1, loosely; \x01 would end a field of the login
TEMPORARY = (
    "server_error",
    "temporarily_unavailable",
)  # RFC 6749 §4.1.2.1, used by some token endpoints, too

Wrapped = TypeVar("Wrapped", bound=BaseException)

# RFC 6749 §5.2: the error code, and what the owner can do.
REMEDIES = {
    "invalid_client": "check client_id and client_secret, and that the secret has not expired",
    "invalid_scope": "check scope",
    "unauthorized_client": "allow this client the grant, at the endpoint",
    "unsupported_grant_type": "check grant and token_url",
}
AUTHORISE = "authorise rua again and store the new refresh token where refresh_token_… says"


@dataclass(frozen=True, slots=True)
class AccessToken:
    secret: SecretStr
    is_cached: bool


class Tokens:
    """The tokens of one mailbox with a table oauth2."""

    def __init__(self, box: Mailbox, settings: OAuth2) -> None:
        self._box, self._settings = box, settings
        endpoint = urlsplit(settings.token_url)
        place = f"{endpoint.hostname}{endpoint.path}"  # a query may hold a secret
        self._where = f'mailbox "{printable(box.name)}" (token endpoint {printable(place)})'
        named = (box.name, box.username, settings.token_url, settings.client_id)
        key = hashlib.sha256(repr((*named, settings.grant, settings.scope)).encode()).hexdigest()
        folder = settings.token_cache or default_folder()
        self._cache = TokenCache(folder, key[:32], f"{self._key('token_cache')}")

    def current(self) -> AccessToken:
        """A token that is still valid. Raises SourceError and ConfigError."""
        return self._get(refused=None)

    def renewed(self, refused: AccessToken) -> AccessToken:
        """Another token: a cached one may have been revoked, or the clock may have been wrong."""
        return self._get(refused=refused)

    def _get(self, refused: AccessToken | None) -> AccessToken:
        given = self._settings.refresh_token(self._box.name)
        digest = _digest(given) if given and self._settings.grant == "refresh_token" else ""
        with self._cache.locked() as found:
            cached = found if found.given == digest else Cached(given=digest)
            token = cached.access_token
            is_valid = cached.expires_at - MARGIN_SECONDS > time.time()
            if token and is_valid and (refused is None or token != refused.secret):
                return AccessToken(token, is_cached=True)
            token, renewed = self._ask(cached, cached.refresh_token or given)
            self._cache.save(renewed)
        return AccessToken(token, is_cached=False)

    def _ask(self, cached: Cached, refresh_token: SecretStr | None) -> tuple[SecretStr, Cached]:
        """A new token, and what to cache from now on."""
        secret = self._settings.client_secret(self._box.name)
        hidden = [each.get_secret_value() for each in (secret, refresh_token) if each]
        endpoint = _Endpoint(self._settings, self._box.timeout, secret, self._key("ca_file"))
        failure: SourceError
        try:
            return _understood(endpoint.grant(refresh_token), cached)
        except _Refused as refused:
            failure = refused.explained(hidden)
        failure.where = self._where
        raise failure  # outside of except: the library's exception must not be its context

    def _key(self, key: str) -> str:
        return f'mailbox "{printable(self._box.name)}", key oauth2.{key}'


class _Refused(Exception):
    """Why there is no token; `text` is the endpoint's own message."""

    def __init__(self, kind: type[SourceError], what: str, todo: str, text: str = "") -> None:
        super().__init__(kind.__name__)
        self.kind, self.what, self.todo, self.text = kind, what, todo, text

    def explained(self, hidden: list[str]) -> SourceError:
        text = f": {_shown(self.text, hidden)}" if self.text else ""
        return self.kind(_shown(self.what, hidden) + text, todo=self.todo)


class _Endpoint:
    """One request to the token endpoint, by Authlib over httpx2."""

    def __init__(
        self, settings: OAuth2, timeout: float, secret: SecretStr | None, ca_key: str
    ) -> None:
        self._settings, self._timeout, self._secret = settings, timeout, secret
        self._context = tls_context(settings.ca_file, ca_key)

    def grant(self, refresh_token: SecretStr | None) -> dict[str, Any]:
        """The token answer. Raises _Refused."""
        # Most runs find a token in the cache and need neither library (0.3 s).
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415
        from httpx2 import CookieConflict, HTTPError, InvalidURL, StreamError  # noqa: PLC0415

        refused: _Refused
        try:
            return self._request(refresh_token)
        except AuthlibBaseError as error:
            refused = _by_endpoint(str(error.error), str(error.description or ""))
        except (HTTPError, InvalidURL, CookieConflict, StreamError) as error:
            refused = self._by_network(error)
        except (ValueError, TypeError, ArithmeticError) as error:
            # From Authlib: an answer that is no token, or expires_in = "soon".
            todo = "check token_url"
            refused = _Refused(Unreachable, "its answer cannot be read", todo, str(error))
        raise refused

    def _request(self, refresh_token: SecretStr | None) -> dict[str, Any]:
        from authlib.integrations.httpx_client import OAuth2Client  # noqa: PLC0415

        own, secret = self._settings, self._secret
        how = f"client_secret_{own.client_auth}" if secret else "none"
        with OAuth2Client(
            own.client_id,
            secret.get_secret_value() if secret else None,
            token_endpoint_auth_method=how,
            scope=own.scope,
            timeout=self._timeout,
            verify=self._context,
            follow_redirects=False,  # a redirect would carry the secrets to wherever it points
        ) as session:
            if own.grant == "refresh_token" and refresh_token is not None:
                given = refresh_token.get_secret_value()
                answer = session.refresh_token(own.token_url, refresh_token=given)
            else:
                answer = session.fetch_token(own.token_url, grant_type=own.grant)
            return dict(answer)

    def _by_network(self, error: Exception) -> _Refused:
        import httpx2  # noqa: PLC0415

        untrusted = _within(error, ssl.SSLCertVerificationError)
        if untrusted is not None:
            todo = "if this is a private CA, set ca_file in [mailbox.oauth2]"
            what = "the endpoint's certificate is not trusted"
            return _Refused(CertificateUntrusted, what, todo, untrusted.verify_message)
        if isinstance(error, httpx2.TimeoutException):
            return _Refused(Unreachable, f"no answer within {self._timeout:g} seconds", "")
        if isinstance(error, httpx2.HTTPStatusError):
            status = error.response.status_code
            todo = "" if status >= 500 or status == 429 else "check token_url"
            return _Refused(Unreachable, f"it answers with HTTP {status}", todo)
        # Not the message of the error: it holds the URL with its query.
        reason = getattr(_within(error, OSError), "strerror", None) or type(error).__name__
        return _Refused(Unreachable, f"the connection failed: {reason}", "check token_url")


def bearer(mechanism: str, user: str, token: str) -> Callable[[bytes], bytes]:
    """The client's answers in the SASL exchange `mechanism` ("XOAUTH2", "OAUTHBEARER")."""
    if mechanism == "OAUTHBEARER":
        # RFC 7628 §3.1 with the saslname of RFC 5801 §4.
        name = user.replace("=", "=3D").replace(",", "=2C")
        first, last = f"n,a={name},\1auth=Bearer {token}\1\1", b"\1"
    else:
        first, last = f"user={user}\1auth=Bearer {token}\1\1", b""
    answers = iter((first.encode(),))
    # RFC 7628 §3.2.3: a server that refuses sends the reason and waits for an answer before the NO.
    return lambda challenge: next(answers, last)


def _understood(answer: dict[str, Any], before: Cached) -> tuple[SecretStr, Cached]:
    """RFC 6749 §5.1: the token, and what to cache of the answer."""
    token, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
    if not isinstance(token, str) or not USABLE.fullmatch(token):
        raise _Refused(Unreachable, "its answer holds no access token", "check token_url")
    if str(kind).lower() != "bearer":
        raise _Refused(LoginRefused, f"it gives tokens of type {kind}", "IMAP takes Bearer")
    rotated, expires_at = answer.get("refresh_token"), answer.get("expires_at")
    refresh_token = before.refresh_token
    if before.given and isinstance(rotated, str) and rotated:
        # Authlib repeats the token that was sent if the endpoint gave none. The owner's is not
        # cached.
        new = SecretStr(rotated)
        refresh_token = None if _digest(new) == before.given else new
    # Without expires_in its lifetime is unknown: it is used once.
    lives = expires_at if isinstance(expires_at, int) else 0
    return SecretStr(token), Cached(SecretStr(token), lives, refresh_token, before.given)


def _by_endpoint(code: str, description: str) -> _Refused:
    if code in TEMPORARY:
        return _Refused(Unreachable, f"the endpoint cannot answer now ({code})", "", description)
    if code == "invalid_grant":
        what = "the refresh token is not accepted any more (invalid_grant)"
        return _Refused(LoginRefused, what, AUTHORISE, description)
    todo = REMEDIES.get(code, "check the table [mailbox.oauth2]")
    return _Refused(LoginRefused, f"the endpoint gives no token ({code})", todo, description)


def _within(error: BaseException | None, kind: type[Wrapped]) -> Wrapped | None:
    """The innermost cause of this kind: httpx2 wraps what httpcore2 wraps."""
    found = None
    while error is not None:
        found = error if isinstance(error, kind) else found
        error = error.__cause__ or error.__context__
    return found


def _shown(text: str, hidden: list[str]) -> str:
    """A stranger's message on one line of at most 200 characters, unless it holds a secret."""
    if any(secret in text for secret in hidden):
        return "its message holds a secret and is not shown"
    return printable(text.rstrip(". \r\n"))[:200]


def _digest(secret: SecretStr) -> str:
    return hashlib.sha256(secret.get_secret_value().encode()).hexdigest()
