"""Connecting, encrypting and logging in: what fails, and in which words."""

import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from ingest.sources.imap_session import Session
from schemas.config.settings import Mailbox
from schemas.errors import (
    CertificateUntrusted,
    ConfigError,
    EncryptionRefused,
    LoginRefused,
    SourceError,
    Unreachable,
)
from tests.support.process.patience import eventually
from tests.support.servers.dovecot import PLAINTEXT_ONLY, WRONG_NAME, Dovecot, User

PASSWORD = "s3cret-words"


def try_open(**settings: Any) -> Session:
    session = Session(Mailbox(**settings))
    session.open()
    return session


def refused(kind: type[SourceError | ConfigError], **settings: Any) -> str:
    """The message of the refusal, which is exactly of this kind and holds no password."""
    session = Session(Mailbox(**settings))
    with pytest.raises(kind) as caught:
        session.open()
    assert type(caught.value) is kind
    assert not session.is_open
    return str(caught.value)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_opens_encrypted(imap_user: User, security: str) -> None:
    session = try_open(**imap_user.settings(security=security))
    assert isinstance(session._client.socket(), ssl.SSLSocket)
    assert session._client.socket().version() in ("TLSv1.2", "TLSv1.3")
    assert session.offers("MOVE")  # what is offered after the login, not before it
    session.close()
    assert not session.is_open


@pytest.mark.parametrize("password", ["pässwörd €", 'quo"te \\ and space', "NIL"])
def test_a_password_may_hold_any_characters(dovecot: Dovecot, password: str) -> None:
    try_open(**dovecot.user(password=password).settings()).close()


def test_login_without_auth_plain(imap_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IMAPClient, "capabilities", lambda self: (b"IMAP4REV1",))
    try_open(**imap_user.settings()).close()
    wrong = imap_user.settings(password_file=None, password_env="RUA_TEST_PASSWORD")
    monkeypatch.setenv("RUA_TEST_PASSWORD", "wrong")
    assert "Authentication failed" in refused(LoginRefused, **wrong)
    monkeypatch.setenv("RUA_TEST_PASSWORD", "wröng")
    assert "takes only ASCII" in refused(LoginRefused, **wrong)


def test_a_wrong_password(imap_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUA_TEST_PASSWORD", PASSWORD)
    settings = imap_user.settings(password_file=None, password_env="RUA_TEST_PASSWORD")
    assert refused(LoginRefused, **settings) == (
        f'mailbox "reports" (localhost:{settings["port"]}): the login as {imap_user.name} was '
        "refused: [AUTHENTICATIONFAILED] Authentication failed.; check username and password; "
        "two-factor logins need an app password"
    )


def test_a_control_character_in_the_user_name_is_not_sent(imap_user: User) -> None:
    message = refused(LoginRefused, **imap_user.settings(username="a\r\nb"))
    assert "control character" in message
    assert "\n" not in message


def test_a_password_that_is_not_there_is_told_before_connecting() -> None:
    settings = {"name": "box", "host": "nowhere.invalid", "username": "u"}
    assert "neither a password nor OAuth 2.0" in refused(ConfigError, **settings)


def test_an_untrusted_certificate(imap_user: User) -> None:
    message = refused(CertificateUntrusted, **imap_user.settings(ca_file=None))
    assert "unable to get local issuer certificate; if this is a private CA, set ca_file" in message


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_for_another_name(imap_user: User, security: str) -> None:
    settings = imap_user.settings(host=WRONG_NAME, security=security)
    message = refused(CertificateUntrusted, **settings)
    assert "'127.0.0.4'; set host to the name in the certificate" in message


def test_an_untrusted_certificate_after_starttls(imap_user: User) -> None:
    refused(CertificateUntrusted, **imap_user.settings(security="starttls", ca_file=None))


def test_a_server_without_encryption_gets_no_password(dovecot: Dovecot, imap_user: User) -> None:
    settings = imap_user.settings(host=PLAINTEXT_ONLY, security="starttls")
    assert "offers no STARTTLS" in refused(EncryptionRefused, **settings)
    reached = f"user=<>, rip=127.0.0.1, lip={PLAINTEXT_ONLY}"  # and no login
    assert eventually(lambda: reached in dovecot.log())


def test_tls_on_a_port_that_begins_in_the_clear(dovecot: Dovecot, imap_user: User) -> None:
    message = refused(EncryptionRefused, **imap_user.settings(port=dovecot.starttls_port))
    assert 'the port of security = "starttls" is usually 143' in message


@pytest.mark.parametrize(
    ("text", "problem"), [("no certificate", "holds no certificate"), (None, "cannot be read")]
)
def test_a_ca_file_that_is_none(tmp_path: Path, text: str | None, problem: str) -> None:
    ca_file = tmp_path / "ca.pem"
    if text is not None:
        ca_file.write_text(text)
    (tmp_path / "password").write_text(PASSWORD)
    settings = {"name": "box", "host": "localhost", "username": "u", "ca_file": ca_file}
    message = refused(ConfigError, **settings, password_file=tmp_path / "password")
    assert message.startswith('mailbox "box", key ca_file: ')
    assert problem in message


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("nowhere.invalid", "the host name was not found"),
        ("a..b", "refused to connect"),
        ("127.0.0.1", "the connection was refused"),
    ],
)
def test_a_host_that_is_not_there(imap_user: User, host: str, problem: str) -> None:
    assert problem in refused(Unreachable, **imap_user.settings(host=host, port=1))


# -- a server that misbehaves ---------------------------------------------------------------

Script = Callable[[bytes], bytes]
Serve = Callable[..., int]


@pytest.fixture
def serve(dovecot: Dovecot) -> Iterator[Serve]:
    """Start a server that greets and answers each line by a script; gives its port."""
    listeners: list[socket.socket] = []

    def start(greeting: bytes, script: Script | None = None, *, tls: bool = True) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(dovecot.certificates.server, dovecot.certificates.key)
        arguments = (listener, context if tls else None, greeting, script or (lambda line: b""))
        threading.Thread(target=converse, args=arguments, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


def converse(
    listener: socket.socket, context: ssl.SSLContext | None, greeting: bytes, script: Script
) -> None:
    with suppress(OSError):
        plain, _ = listener.accept()
        with closing(context.wrap_socket(plain, server_side=True) if context else plain) as peer:
            peer.sendall(greeting)
            for line in peer.makefile("rb"):
                tag = line.split()[0]
                peer.sendall(script(line).replace(b"TAG", tag))


def by_command(**answers: bytes) -> Script:
    """Answers by the command's first word; CAPABILITY offers LOGIN and nothing else."""
    known = {"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n", **answers}

    def script(line: bytes) -> bytes:
        return known.get(line.split()[1].decode(), b"TAG BAD what\r\n")

    return script


@pytest.fixture
def box(dovecot: Dovecot, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "password").write_text(PASSWORD)
    return {
        "name": "box",
        "host": "127.0.0.1",
        "username": "user",
        "password_file": tmp_path / "password",
        "ca_file": dovecot.certificates.ca,
        "timeout": 5,
    }


HELLO = b"* OK hello\r\n"
WITH_PLAIN = b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\nTAG OK done\r\n"


@pytest.mark.parametrize(
    ("greeting", "answers", "kind", "problem"),
    [
        (b"* BYE too many connections\r\n", {}, Unreachable, "too many connections"),
        (b"220 smtp.example.com ESMTP\r\n", {}, Unreachable, "220 smtp.example.com"),
        (b"\x1b[2J\r\n", {}, Unreachable, r"\x1b[2J"),
        (b"", {"CAPABILITY": b""}, Unreachable, "no answer within 0.5 seconds"),
        (HELLO, {"CAPABILITY": b"* BYE\r\n"}, Unreachable, ""),
        (HELLO, {"CAPABILITY": b"TAG OK none\r\n"}, Unreachable, "no CAPABILITY response"),
        (HELLO, {"LOGIN": b"* BYE shutting down\r\n"}, Unreachable, "shutting down"),
        (HELLO, {"LOGIN": b"TAG NO [UNAVAILABLE] database\r\n"}, Unreachable, "UNAVAILABLE"),
        (HELLO, {"LOGIN": b"TAG NO [EXPIRED] too old\r\n"}, LoginRefused, "[EXPIRED] too old"),
        (HELLO, {"LOGIN": b"TAG BAD LOGIN user s3cret-words\r\n"}, LoginRefused, "is not shown"),
        (
            HELLO,
            {"CAPABILITY": WITH_PLAIN, "AUTHENTICATE": b"TAG NO \x1b[2J\x9b no\r\n"},
            LoginRefused,
            r"refused: \x1b[2J",
        ),
        (
            HELLO,
            {"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n"},
            LoginRefused,
            "takes no passwords",
        ),
    ],
)
def test_a_server_that_misbehaves_over_tls(
    serve: Serve,
    box: dict[str, Any],
    greeting: bytes,
    answers: dict[str, bytes],
    kind: type[SourceError],
    problem: str,
) -> None:
    timeout = 5 if greeting else 0.5
    port = serve(greeting, by_command(**answers))
    message = refused(kind, **{**box, "port": port, "timeout": timeout})
    assert problem in message
    assert PASSWORD not in message
    assert "\x1b" not in message


@pytest.mark.parametrize(
    ("greeting", "starttls"),
    [
        # RFC 3501 §6.2.1: after PREAUTH, STARTTLS is no longer possible.
        (b"* PREAUTH welcome\r\n", b"TAG OK go\r\n"),
        (HELLO, b"TAG NO not today\r\n"),
        (HELLO, b"TAG BAD what\r\n"),
    ],
)
def test_a_server_that_offers_starttls_and_refuses_it(
    serve: Serve, box: dict[str, Any], greeting: bytes, starttls: bytes
) -> None:
    lines: list[bytes] = []
    answers = by_command(
        CAPABILITY=WITH_PLAIN,
        STARTTLS=starttls,
    )

    def script(line: bytes) -> bytes:
        lines.append(line)
        return answers(line)

    port = serve(greeting, script, tls=False)
    refused(EncryptionRefused, **box, port=port, security="starttls")
    assert not [line for line in lines if b"LOGIN" in line or b"AUTH" in line]


def test_only_old_tls_is_refused(serve: Serve, box: dict[str, Any], dovecot: Dovecot) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(dovecot.certificates.server, dovecot.certificates.key)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    listener = socket.create_server(("127.0.0.1", 0))
    arguments = (listener, context, HELLO, by_command())
    threading.Thread(target=converse, args=arguments, daemon=True).start()
    with closing(listener):
        refused(EncryptionRefused, **box, port=listener.getsockname()[1])


@pytest.mark.parametrize(
    ("username", "sent"),
    [
        ("CORP\\postmaster", b'"CORP\\\\postmaster"'),
        ("\\", b'"\\\\"'),
        ('a"b', b'"a\\"b"'),
        ("two words", b'"two words"'),
    ],
)
def test_a_user_name_in_a_plain_login_is_quoted(
    serve: Serve, box: dict[str, Any], username: str, sent: bytes
) -> None:
    """RFC 3501 §4.3: within a quoted string, a backslash stands before a backslash or quote."""
    lines: list[bytes] = []
    answers = by_command(LOGIN=b"TAG OK done\r\n", LOGOUT=b"* BYE\r\nTAG OK done\r\n")

    def script(line: bytes) -> bytes:
        lines.append(line)
        return answers(line)

    with closing(try_open(**{**box, "username": username}, port=serve(HELLO, script))):
        (login,) = (line.split(b" ", 1)[1] for line in lines if b"LOGIN" in line)
    assert login == b"LOGIN " + sent + b' "' + PASSWORD.encode() + b'"\r\n'


def test_no_password_in_any_error_traceback_repr_or_log(
    serve: Serve, box: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    echo = b"TAG NO you said " + PASSWORD.encode() + b"\r\n"
    port = serve(HELLO, by_command(LOGIN=echo))
    session = Session(Mailbox(**box, port=port))
    with pytest.raises(LoginRefused) as caught:
        session.open()
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    chain: BaseException | None = caught.value
    while chain is not None:
        shown += f"{chain!r} {chain.__dict__!r}"
        chain = chain.__context__
    assert PASSWORD not in shown
    assert PASSWORD not in repr(session.__dict__)
    sent = [text for text in caplog.messages if text.startswith(">")]
    assert sent
    assert PASSWORD not in "".join(sent)
