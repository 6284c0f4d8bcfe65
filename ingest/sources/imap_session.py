"""One encrypted IMAP connection; the only module of ours that imports imapclient.

TLS from the first byte, or STARTTLS before the login, by password or by OAuth 2.0 token; never
a secret in the clear. Every exception of imapclient, imaplib, ssl and socket becomes one of
ours, with no secret in it.
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
from ingest.sources.ca import trusting
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
# its parsers did not expect (a SEARCH answer in two lines, a host name that is none).
LIBRARY_ERRORS = (imap_errors.IMAPClientError, OSError, ValueError, LookupError)

# OpenSSL's words for a server that speaks no TLS on this port, or only an old one.
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
    """One command failed, the connection is sound. `code` as in RFC 5530, or empty."""

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
        """Connect, encrypt and log in; with a new token when one of before is refused."""
        oauth2 = self._box.oauth2
        if oauth2 is None:
            password = self._box.password().get_secret_value()
            self._begin(lambda: self._login(password))
            return
        tokens = Tokens(self._box, oauth2)
        token = tokens.current()
        refusal = self._try_token(token, oauth2)
        if refusal and token.is_cached:
            # Revoked, or kept for too long by a clock that was wrong.
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
        context = trusting(self._box.ca_file, where)
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

        Raises Declined, or `otherwise`, where the server said NO; Unreachable and the others
        let go of the connection.
        """
        client = self._client
        return self._guarded(doing, lambda: getattr(client, command)(*words, **options), otherwise)

    def offers(self, capability: str) -> bool:
        return bool(self.ask("say what it offers", "has_capability", capability))

    def drop(self) -> None:
        """Let go of a connection that is of no more use; never raises."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(*LIBRARY_ERRORS):
                client.shutdown()

    def close(self) -> None:
        """Say goodbye; never raises, and does not wait long for a server that is silent."""
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
        # Raised out here, the library's exception does not hang on to ours.
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
                todo='set security = "tls" and its port (mostly 993)',
            )
        # RFC 3501 §6.2.1: refused too when the server greets with PREAUTH, that is, when
        # somebody on the way wants the session to go on unencrypted.
        self.ask("start TLS", "starttls", context, otherwise=EncryptionRefused)

    def _login(self, password: str) -> None:
        user, offered = self._box.username, self.ask("say what it offers", "capabilities")
        if any(ord(character) < ord(" ") for character in user + password):
            raise self._login_refused("user name or password holds a control character")
        if b"AUTH=PLAIN" in offered:
            # Before LOGIN: it takes any character, imaplib's LOGIN only ASCII.
            self._try_login("plain_login", user, password, secret=password)
        elif b"LOGINDISABLED" in offered:
            raise self._login_refused("the server takes no passwords")
        elif not (user + password).isascii():
            raise self._login_refused("this server takes only ASCII user names and passwords")
        else:
            # imaplib quotes the password, but not the user name.
            quoted = '"' + user.replace("\\", r"\\").replace('"', r"\"") + '"'
            self._try_login("login", quoted, password, secret=password)

    def _login_with_token(self, token: AccessToken, wanted: str) -> None:
        user, secret = self._box.username, token.secret.get_secret_value()
        if any(ord(character) < ord(" ") for character in user):
            raise self._login_refused("user name holds a control character")
        # The standard's own (RFC 7628) where the server has both.
        known = ("OAUTHBEARER", "XOAUTH2") if wanted == "AUTO" else (wanted,)
        offered = self.ask("say what it offers", "capabilities")
        found = next((name for name in known if f"AUTH={name}".encode() in offered), None)
        if found is None:
            raise LoginRefused(
                f"the server offers no login by {' or '.join(known)}",
                where=self.where,
                todo="set mechanism to one that it has, or log in with a password",
            )
        self._try_login("sasl_login", found, bearer(found, user, secret), secret=secret)

    def _try_login(self, how: str, *words: Any, secret: str) -> None:
        try:
            getattr(self._client, how)(*words)
            return
        except imap_errors.LoginError as error:
            # imapclient makes a LoginError of a connection that broke, too.
            broke = isinstance(error.__context__, imap_errors.IMAPClientAbortError)
            text = _without(secret, error)
        except LIBRARY_ERRORS as error:
            raise self._explained(error, "log in", Unreachable) from None
        if broke or "[UNAVAILABLE]" in text:  # RFC 5530 §3: the user database is down
            raise Unreachable(f"the login was cut short: {text}", where=self.where)
        raise self._login_refused(text)

    def _login_refused(self, what: str) -> LoginRefused:
        todo = "check username and password; with two-factor logins an app password is needed"
        if self._box.oauth2 is not None:
            todo = "check username and scope, and what the administrator granted (docs/oauth.md)"
        return LoginRefused(
            f"the login as {printable(self._box.username)} is refused: {what}",
            where=self.where,
            todo=todo,
        )


def _server_words(error: Exception) -> str:
    """What the server said, on one line of at most 200 characters, safe for a terminal."""
    text = str(error)
    literal = re.fullmatch(r"b(['\"])(.*)\1", text)  # imaplib hands bytes to its exception
    return printable(literal[2] if literal else text)[:200]


def _without(secret: str, error: Exception) -> str:
    """The server's words, but for one that sends back what it was sent."""
    sent = base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
    forms = (secret, repr(secret)[1:-1], repr(secret.encode())[2:-1])
    if any(form in str(error) for form in forms) or sent in str(error):
        return "its words hold the password and are not shown"
    return _server_words(error)


def _network_failure(error: Exception, box: Mailbox) -> SourceError | None:
    """The errors below IMAP; None for those of IMAP itself."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(error, box)
    if isinstance(error, ssl.SSLError) and getattr(error, "reason", "") in NO_TLS:
        todo = 'the port of security = "starttls" is mostly 143' if box.security == "tls" else ""
        return EncryptionRefused("the server speaks no TLS 1.2 or later on this port", todo=todo)
    if isinstance(error, socket.gaierror):
        return Unreachable(f"the host name is not found: {error.strerror}", todo="check host")
    if isinstance(error, TimeoutError):
        return Unreachable(f"no answer within {box.timeout:g} seconds", todo="check host and port")
    if isinstance(error, ConnectionRefusedError):
        return Unreachable("the connection is refused", todo="check host and port")
    if isinstance(error, OSError):
        return Unreachable(f"the connection failed: {printable(error.strerror or str(error))}")
    return None


def _untrusted(error: ssl.SSLCertVerificationError, box: Mailbox) -> CertificateUntrusted:
    if error.verify_code in NAME_MISMATCH:
        todo = "set host to the name that the certificate is for"
    elif error.verify_code == EXPIRED:
        todo = "the server needs a new one"
    elif box.ca_file is None:
        todo = "if this is a private CA, set ca_file to its certificate"
    else:
        todo = "ca_file must hold the CA that signed it"
    said = printable(error.verify_message.rstrip("."))
    return CertificateUntrusted(f"the server's certificate is not trusted: {said}", todo=todo)


def _imap_failure(error: Exception, doing: str, otherwise: type[SourceError]) -> SourceError:
    said = _server_words(error)
    if isinstance(error, imap_errors.IMAPClientReadOnlyError):
        return SourceError(
            "the folder can only be read, and mails in it must be moved or flagged",
            todo="give this user write access to it",
        )
    if isinstance(error, imap_errors.IMAPClientAbortError):
        return Unreachable(f"the connection broke while trying to {doing}: {said}")
    if isinstance(error, imap_errors.LoginError):
        return LoginRefused(f"the login is refused: {said}")
    failure = otherwise(f"the server would not {doing}: {said}")
    code = re.search(r"\[([A-Z-]+)[\] ]", said)
    if isinstance(failure, Declined) and code:
        failure.code = code[1]
    return failure
