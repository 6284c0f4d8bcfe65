"""A source on a user's mailbox of the real Dovecot, for the tests of fetching and settling."""

import imaplib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from imapclient import IMAPClient

from ingest.model.source import Arrival
from ingest.sources.imap import ImapSource
from schemas.config.settings import Mailbox
from tests.support.servers.dovecot import User

Opened = Callable[..., ImapSource]


def mails(count: int, size: int = 0) -> list[bytes]:
    body = b"x" * 76 + b"\r\n"
    return [
        b"From: reports@example.net\r\nSubject: report %d\r\n\r\n" % number + body * (size // 78)
        for number in range(1, count + 1)
    ]


def fetched(source: ImapSource) -> list[Arrival]:
    return [arrival for batch in source.arrivals() for arrival in batch]


def keys(source: ImapSource) -> list[int]:
    return [int(arrival.key) for arrival in fetched(source)]


@pytest.fixture
def opened(imap_user: User) -> Iterator[Opened]:
    """A source on the user's mailbox; `seen` is what the ledger knows, `changes` its settings."""
    sources: list[ImapSource] = []

    def make(seen: Mapping[str, bool] | None = None, **changes: Any) -> ImapSource:
        settings = Mailbox(**imap_user.settings(**changes))
        sources.append(ImapSource(settings, lambda name, epoch: seen or {}))
        return sources[-1]

    yield make
    for source in sources:
        source.close()


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every command line that goes to the server."""
    sent: list[str] = []
    send = imaplib.IMAP4.send

    def record(self: imaplib.IMAP4, data: bytes) -> None:
        sent.append(data.decode(errors="replace").rstrip())
        send(self, data)

    monkeypatch.setattr(imaplib.IMAP4, "send", record)
    return sent


def without(monkeypatch: pytest.MonkeyPatch, *capabilities: bytes) -> None:
    """The same server, but for what it says it can do."""
    offered = IMAPClient.capabilities
    monkeypatch.setattr(
        IMAPClient,
        "capabilities",
        lambda self: tuple(word for word in offered(self) if word not in capabilities),
    )
