"""Every exception of imapclient and imaplib becomes one of ours."""

import imaplib
import inspect
import pkgutil
import socket
import ssl

import imapclient
import pytest
from imapclient import IMAPClient

from ingest.sources.imap_session import LIBRARY_ERRORS, Declined, Session
from schemas.config.settings import Mailbox
from schemas.errors import (
    CertificateUntrusted,
    LoginRefused,
    SourceError,
    Unreachable,
)


def library_exceptions() -> list[type[Exception]]:
    modules = [
        pkgutil.resolve_name(f"imapclient.{info.name}")
        for info in pkgutil.iter_modules(imapclient.__path__)
        if info.name not in ("interact", "livetest", "testable_imapclient")
    ]
    holders = [*modules, imaplib, imaplib.IMAP4, ssl, socket]
    found = {
        thing
        for holder in holders
        for _, thing in inspect.getmembers(holder, inspect.isclass)
        if issubclass(thing, Exception) and not thing.__name__.startswith("_")
    }
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


# Which of ours each becomes. One that is missing here fails the walk.
MAPPED: dict[str, type[SourceError]] = {
    "imaplib.error": Declined,
    "imaplib.abort": Unreachable,
    "imaplib.readonly": SourceError,
    "imapclient.exceptions.CapabilityError": Declined,
    "imapclient.exceptions.IllegalStateError": Declined,
    "imapclient.exceptions.InvalidCriteriaError": Declined,
    "imapclient.exceptions.LoginError": LoginRefused,
    "imapclient.exceptions.ProtocolError": Declined,
    "builtins.OSError": Unreachable,
    "builtins.TimeoutError": Unreachable,
    "socket.gaierror": Unreachable,
    "socket.herror": Unreachable,
    "ssl.SSLCertVerificationError": CertificateUntrusted,
    "ssl.SSLEOFError": Unreachable,
    "ssl.SSLError": Unreachable,
    "ssl.SSLSyscallError": Unreachable,
    "ssl.SSLWantReadError": Unreachable,
    "ssl.SSLWantWriteError": Unreachable,
    "ssl.SSLZeroReturnError": Unreachable,
}


def test_the_walk_sees_the_libraries() -> None:
    names = {f"{kind.__module__}.{kind.__name__}" for kind in library_exceptions()}
    assert names >= {"imaplib.abort", "imapclient.exceptions.ProtocolError", "socket.gaierror"}


@pytest.mark.parametrize("kind", library_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_becomes_one_of_ours(kind: type[Exception]) -> None:
    name = f"{kind.__module__}.{kind.__name__}"
    assert name in MAPPED, f"{name} is new: say what it means"
    assert issubclass(kind, LIBRARY_ERRORS)
    session = Session(Mailbox(name="box", host="mail.example.com", username="u"))
    error = kind(1, "words of the library") if issubclass(kind, OSError) else kind("words")
    if isinstance(error, ssl.SSLCertVerificationError):  # OpenSSL sets these, Python does not
        error.verify_code, error.verify_message = 20, "words"

    def fail() -> None:
        raise error

    with pytest.raises(SourceError) as caught:
        session._guarded("do something", fail, Declined)
    assert type(caught.value) is MAPPED[name]
    assert caught.value.where == 'mailbox "box" (mail.example.com:993)'
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("error", [ValueError("x"), UnicodeError("x"), KeyError("x")])
def test_an_answer_that_the_parsers_did_not_expect(error: Exception) -> None:
    session = Session(Mailbox(name="box", host="mail.example.com", username="u"))

    def fail() -> None:
        raise error

    with pytest.raises(Declined, match="the server refused to list the mails"):
        session._guarded("list the mails", fail, Declined)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("fetch failed: [EXPUNGEISSUED] Some are gone", "EXPUNGEISSUED"),
        ("move failed: [TRYCREATE] no such folder", "TRYCREATE"),
        ("copy failed: no reason", ""),
        ("BAD [BADCHARSET (US-ASCII)] what", "BADCHARSET"),
    ],
)
def test_rfc5530_response_codes(words: str, code: str) -> None:
    session = Session(Mailbox(name="box", host="mail.example.com", username="u"))

    def fail() -> None:
        raise IMAPClient.Error(words)

    with pytest.raises(Declined) as caught:
        session._guarded("do something", fail, Declined)
    assert caught.value.code == code
