"""One encrypted IMAP connection; the only module that imports imapclient.

TLS from the first byte, or STARTTLS before the login; by password or OAuth 2.0 token, and never
a secret in the clear. Every exception of imapclient, imaplib, ssl and socket becomes one of ours,
with no secret in it.
"""

import base64
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from imapclient import IMAPClient
from imapclient import exceptions as imap_errors

from ingest.model.source import printable
from ingest.sources.ca import tls_context
from ingest.sources.oauth import AccessToken, Tokens, bearer
from schemas.config.settings import Mailbox, OAuth2
from schemas.errors import (
    CertificateUntrusted,
    EncryptionRefused,
    LoginRefused,
    SourceError,
    Unreachable,
)

__all__ = ["Declined", "Session"]

# What imapclient and the modules below it raise. ValueError and LookupError: an answer that
# their parsers do not expect (a SEARCH answer in two lines, an invalid host name).
LIBRARY_ERRORS = (imap_errors.IMAPClientError, OSError, ValueError, LookupError)

# OpenSSL's reasons for a server that speaks no TLS on this port, or only an old version.
NO_TLS = {
    "HTTP_REQUEST",
    "NO_PROTOCOLS_AVAILABLE",
    "RECORD_LAYER_FAILURE",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "UNSUPPORTED_PROTOCOL",
    "WRONG_VERSION_NUMBER",
}
NAME_MISMATCH = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED
LOGOUT_SECONDS = 5.0

Answer = TypeVar("Answer")


class Declined(SourceError):
    """The server refused one command; the connection is usable. `code` as in RFC 5530, or empty."""

    code = ""


class Session:
    """One connection at most: open() makes it, ask() runs a command on it."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._box = mailbox
        self._client: Any = None
        self.where = f'mailbox "{printable(mailbox.name)}" ({mailbox.host}:{mailbox.port})'

    @property
    def is_open(self) -> bool:
        return self._client is not None

    def open(self) -> None:
        """Connect, encrypt and log in; with a new token if a cached one is refused."""
        oauth2 = self._box.oauth2
        if oauth2 is None:
            password = self._box.password().get_secret_value()
            self._begin(lambda: self._login(password))
            return
        tokens = Tokens(self._box, oauth2)
        token = tokens.current()
        refusal = self._try_token(token, oauth2)
        if refusal and token.is_cached:
            # Revoked, or expired and cached by a wrong clock.
            refusal = self._try_token(tokens.renewed(token), oauth2)
        if refusal:
            raise refusal

    def _try_token(self, token: AccessToken, oauth2: OAuth2) -> LoginRefused | None:
        try:
            self._begin(lambda: self._login_with_token(token, oauth2.mechanism.upper()))
        except LoginRefused as refusal:
            return refusal
        return None

    def _begin(self, login: Callable[[], None]) -> None:
        where = f'mailbox "{printable(self._box.name)}", key ca_file'
        context = tls_context(self._box.ca_file, where)
        try:
            self._connect(context)
            login()
        except SourceError:
            self.drop()
            raise

    def ask(
        self,
        doing: str,
        command: str,
        *words: Any,
        otherwise: type[SourceError] = Declined,
        **options: Any,
    ) -> Any:
        """The answer of imapclient's method `command`; `doing` says in an error what failed.

        Raises Declined, or `otherwise`, if the server says NO; other errors drop the connection.
        """
        client = self._client
        return self._guarded(doing, lambda: getattr(client, command)(*words, **options), otherwise)

    def offers(self, capability: str) -> bool:
        return bool(self.ask("list its capabilities", "has_capability", capability))

    def drop(self) -> None:
        """Close a connection that cannot be used any more; never raises."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(*LIBRARY_ERRORS):
                client.shutdown()

    def close(self) -> None:
        """Log out; never raises, and does not wait long for a silent server."""
        if self._client is not None:
            with suppress(*LIBRARY_ERRORS):
                self._client.socket().settimeout(min(LOGOUT_SECONDS, self._box.timeout))
                self._client.logout()
        self.drop()

    def _guarded(
        self, doing: str, call: Callable[[], Answer], otherwise: type[SourceError]
    ) -> Answer:
        try:
            return call()
        except LIBRARY_ERRORS as error:
            failure = self._explained(error, doing, otherwise)
        # Raised outside of except, so that the library's exception is not its context.
        if not isinstance(failure, Declined):
            self.drop()
        raise failure

    def _explained(self, error: Exception, doing: str, otherwise: type[SourceError]) -> SourceError:
        failure = _network_failure(error, self._box) or _imap_failure(error, doing, otherwise)
        failure.where = self.where
        return failure

    def _connect(self, context: ssl.SSLContext) -> None:
        box, at_once = self._box, self._box.security == "tls"
        self._client = self._guarded(
            "connect",
            lambda: IMAPClient(
                box.host,
                box.port,
                ssl=at_once,
                ssl_context=context if at_once else None,
                timeout=box.timeout,
            ),
            Unreachable,
        )
        self._client.normalise_times = False  # aware datetimes, not naive local ones
        if at_once:
            return
        if not self.offers("STARTTLS"):
            raise EncryptionRefused(
                "the server offers no STARTTLS, and rua sends no password in the clear",
                where=self.where,
                todo='set security = "tls" and its port (usually 993)',
            )
        # RFC 3501 §6.2.1: this is refused, too, when the server greets with PREAUTH, by which an
        # attacker in between could keep the session unencrypted.
        self.ask("start TLS", "starttls", context, otherwise=EncryptionRefused)

    def _login(self, password: str) -> None:
        user, offered = self._box.username, self.ask("list its capabilities", "capabilities")
        if any(ord(character) < ord(" ") for character in user + password):
            raise self._login_refused("user name or password holds a control character")
        if b"AUTH=PLAIN" in offered:
            # Preferred to LOGIN: it takes any character, imaplib's LOGIN only ASCII.
            self._try_login("plain_login", user, password, secret=password)
        elif b"LOGINDISABLED" in offered:
            raise self._login_refused("the server takes no passwords")
        elif not (user + password).isascii():
            raise self._login_refused("this server takes only ASCII user names and passwords")
        else:
            # imaplib quotes the password, but not the user name.
            quoted = '"' + user.replace("\\", r"\\").replace('"', r"\"") + '"'
            self._try_login("login", quoted, password, secret=password)

    def _login_with_token(self, token: AccessToken, mechanism: str) -> None:
        user, secret = self._box.username, token.secret.get_secret_value()
        if any(ord(character) < ord(" ") for character in user):
            raise self._login_refused("user name holds a control character")
        # RFC 7628 is preferred where the server has both.
        known = ("OAUTHBEARER", "XOAUTH2") if mechanism == "AUTO" else (mechanism,)
        offered = self.ask("list its capabilities", "capabilities")
        found = next((name for name in known if f"AUTH={name}".encode() in offered), None)
        if found is None:
            raise LoginRefused(
                f"the server offers no login by {' or '.join(known)}",
                where=self.where,
                todo="set mechanism to one that it offers, or log in with a password",
            )
        self._try_login("sasl_login", found, bearer(found, user, secret), secret=secret)

    def _try_login(self, how: str, *words: Any, secret: str) -> None:
        try:
            getattr(self._client, how)(*words)
            return
        except imap_errors.LoginError as error:
            # imapclient raises LoginError for a broken connection, too.
            broke = isinstance(error.__context__, imap_errors.IMAPClientAbortError)
            text = _without(secret, error)
        except LIBRARY_ERRORS as error:
            raise self._explained(error, "log in", Unreachable) from None
        if broke or "[UNAVAILABLE]" in text:  # RFC 5530 §3: the user database is down
            raise Unreachable(f"the login was interrupted: {text}", where=self.where)
        raise self._login_refused(text)

    def _login_refused(self, what: str) -> LoginRefused:
        todo = "check username and password; two-factor logins need an app password"
        if self._box.oauth2 is not None:
            todo = "check username, scope and the permissions of this client (docs/oauth.md)"
        return LoginRefused(
            f"the login as {printable(self._box.username)} was refused: {what}",
            where=self.where,
            todo=todo,
        )


def _server_text(error: Exception) -> str:
    """The server's text, on one line of at most 200 characters, safe for a terminal."""
    text = str(error)
    literal = re.fullmatch(r"b(['\"])(.*)\1", text)  # imaplib gives bytes to its exception
    return printable(literal[2] if literal else text)[:200]


def _without(secret: str, error: Exception) -> str:
    """The server's text, unless it repeats the secret."""
    sent = base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
    forms = (secret, repr(secret)[1:-1], repr(secret.encode())[2:-1])
    if any(form in str(error) for form in forms) or sent in str(error):
        return "its message holds the password and is not shown"
    return _server_text(error)


def _network_failure(error: Exception, box: Mailbox) -> SourceError | None:
    """The error if it is one below IMAP, else None."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(error, box)
    if isinstance(error, ssl.SSLError) and getattr(error, "reason", "") in NO_TLS:
        todo = 'the port of security = "starttls" is usually 143' if box.security == "tls" else ""
        return EncryptionRefused("the server speaks no TLS 1.2 or later on this port", todo=todo)
    if isinstance(error, socket.gaierror):
        return Unreachable(f"the host name was not found: {error.strerror}", todo="check host")
    if isinstance(error, TimeoutError):
        return Unreachable(f"no answer within {box.timeout:g} seconds", todo="check host and port")
    if isinstance(error, ConnectionRefusedError):
        return Unreachable("the connection was refused", todo="check host and port")
    if isinstance(error, OSError):
        return Unreachable(f"the connection failed: {printable(error.strerror or str(error))}")
    return None


def _untrusted(error: ssl.SSLCertVerificationError, box: Mailbox) -> CertificateUntrusted:
    if error.verify_code in NAME_MISMATCH:
        todo = "set host to the name in the certificate"
    elif error.verify_code == EXPIRED:
        todo = "it has expired: the server needs a new one"
    elif box.ca_file is None:
        todo = "if this is a private CA, set ca_file to its certificate"
    else:
        todo = "ca_file must hold the CA that signed it"
    text = printable(error.verify_message.rstrip("."))
    return CertificateUntrusted(f"the server's certificate is not trusted: {text}", todo=todo)


def _imap_failure(error: Exception, doing: str, otherwise: type[SourceError]) -> SourceError:
    text = _server_text(error)
    if isinstance(error, imap_errors.IMAPClientReadOnlyError):
        return SourceError(
            "the folder is read-only, and its mails must be moved or flagged",
            todo="give this user write access",
        )
    if isinstance(error, imap_errors.IMAPClientAbortError):
        return Unreachable(f"the connection broke while trying to {doing}: {text}")
    if isinstance(error, imap_errors.LoginError):
        return LoginRefused(f"the login was refused: {text}")
    failure = otherwise(f"the server refused to {doing}: {text}")
    code = re.search(r"\[([A-Z-]+)[\] ]", text)
    if isinstance(failure, Declined) and code:
        failure.code = code[1]
    return failure
