"""Where report mails come from: IMAP mailboxes, files and folders.

A source yields batches of arrivals. After the transaction that stored a batch has committed, the
source settles it (moves or flags the mails). A source never writes to the store; the ledger says
what earlier runs have read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["Arrival", "Seen", "Source", "printable"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One raw message or file as it arrived.

    `key` is unique within (source, epoch): an IMAP UID as decimal text, or a path. `epoch` is
    the folder's UIDVALIDITY, 0 where keys never change their meaning. `raw` is the whole
    message, or only its header block when `too_large` gives the full size in bytes.
    `received_at` is UTC, None where the source does not know. `is_stored` marks a document from
    the store that is read again: `key` is then its path within its mail or file, and `headers` the
    header of that mail.
    """

    key: str
    raw: bytes
    epoch: int = 0
    received_at: datetime | None = None
    is_mail: bool = True
    too_large: int | None = None
    is_stored: bool = False
    headers: bytes = b""


Seen = Callable[[str, int], Mapping[str, bool]]
"""(ledger name, epoch) -> {key: whether that mail holds a report}, of earlier committed runs."""


class Source(Protocol):
    """One mailbox folder, or the paths of one command line."""

    @property
    def name(self) -> str:
        """For people: the mailbox's name in the settings, or "files"."""

    @property
    def ledger_name(self) -> str | None:
        """The name for arrivals in the ledger; None: each run reads them again."""

    @property
    def problems(self) -> Sequence[str]:
        """Mails or files that could not be read; the next run tries them again."""

    def arrivals(self) -> Iterator[Sequence[Arrival]]:
        """Batches, oldest first, of what the ledger has not seen. Raises SourceError."""

    def settle(self, keys: Sequence[str]) -> None:
        """Move or flag mails whose reports are committed. Safe to repeat. Raises SourceError."""

    def defer(self, keys: Sequence[str]) -> None:
        """Leave mails alone until the next run, because quarantine is full."""

    def close(self) -> None:
        """End the session; never raises."""


def printable(text: str) -> str:
    """`text` for a message or a key: control, bidirectional and undecodable characters escaped.

    A stranger may choose names of folders and files: no terminal may act on them, and UTF-8 must
    be able to hold them.
    """
    if text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file name that is not UTF-8 (PEP 383)
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
