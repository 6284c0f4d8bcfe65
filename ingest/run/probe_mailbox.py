"""Tries a mailbox and shows what is in it; nothing is changed or remembered."""

import email
import email.policy
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from ingest.model.batch import Batch
from ingest.model.source import Arrival, printable
from ingest.sources.imap import ImapSource
from ingest.sources.imap_session import Declined, Session
from ingest.workers.pool import Readers
from ingest.workers.read import merged
from schemas.config.settings import Mailbox
from schemas.domain_names import is_domain
from schemas.errors import ConfigError, FolderMissing

__all__ = ["FolderSample", "MailboxProbe", "mailbox_of", "refuse_own_folder"]

SAMPLE_MAILS = 50
SAMPLE_BYTES = 512 * 1024  # of one mail; larger ones are skipped
FREQUENT = 0.1  # of the sampled reports: anyone can mail a report about any domain
NEARLY_ALL = 0.9  # of the sampled mails
# RFC 8601 §2.2: authserv-id, perhaps with a version, before the first semicolon.
AUTHSERV_ID = re.compile(r"\s*([A-Za-z0-9._-]{1,255})(?:\s+\d+)?\s*;")


class _Typed(Mailbox):
    """A mailbox whose password was typed and is in no file."""

    typed: SecretStr

    def password(self) -> SecretStr:
        return self.typed


def mailbox_of(values: Mapping[str, Any], typed: str | None) -> Mailbox:
    """The keys of a [[mailbox]] table, and the password if it was typed. Raises ConfigError."""
    try:
        return Mailbox(**values) if typed is None else _Typed(**values, typed=SecretStr(typed))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(first["msg"], where=f"key {first['loc'][0]}") from None


@dataclass(frozen=True, slots=True)
class FolderSample:
    """What a folder holds, by a sample of its newest mails.

    `domains` are the policy domains of many sampled reports, the most frequent first; `authserv_id`
    is on top of nearly all sampled mails, and so most likely that of the own server.
    """

    mails: int
    sampled: int = 0
    reports: int = 0
    domains: Sequence[str] = ()
    authserv_id: str | None = None


class MailboxProbe:
    """A session on a mailbox that is being set up; close() ends it."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._session = Session(mailbox)

    def login(self) -> None:
        """Raises SourceError, and ConfigError where there is no password."""
        self._session.open()

    def folders(self) -> list[str]:
        listed = self._session.ask("list the folders", "list_folders")
        return sorted(name for flags, _, name in listed if b"\\Noselect" not in flags)

    def sample(self, folder: str) -> FolderSample:
        """Count the mails of a folder and read the newest. Raises FolderMissing."""
        try:
            # EXAMINE: not even \Recent changes.
            answer = self._session.ask("open the folder", "select_folder", folder, readonly=True)
        except Declined:
            if folder in self.folders():
                raise
            raise FolderMissing(
                f'there is no folder "{printable(folder)}"',
                where=self._session.where,
                todo=f"name an existing one: {_listed(self.folders())}",
            ) from None
        mails = answer.get(b"EXISTS", 0)
        return _read(mails, self._newest(mails)) if mails else FolderSample(0)

    def close(self) -> None:
        self._session.close()

    def _newest(self, mails: int) -> list[Arrival]:
        ask = self._session.ask
        newest = f"{max(1, mails - SAMPLE_MAILS + 1)}:*"
        uids = ask("list the mails", "search", newest)[-SAMPLE_MAILS:]
        if not uids:
            return []
        sizes = ask("fetch mails", "fetch", uids, ["RFC822.SIZE"])
        small = [uid for uid in uids if sizes.get(uid, {}).get(b"RFC822.SIZE", 0) <= SAMPLE_BYTES]
        bodies = ask("fetch mails", "fetch", small, ["BODY.PEEK[]"]) if small else {}
        raws = ((uid, body.get(b"BODY[]")) for uid, body in sorted(bodies.items()))
        return [Arrival(str(uid), raw) for uid, raw in raws if isinstance(raw, bytes)]


def refuse_own_folder(mailbox: Mailbox) -> None:
    """Raises ConfigError if the processed folder is the one that is read."""
    ImapSource(mailbox, lambda name, epoch: {}).close()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(printable(name) for name in names)


def _read(mails: int, arrivals: Sequence[Arrival]) -> FolderSample:
    """Read the mails as an ingest does: in a process of its own, within all limits."""
    with Readers(1) as readers:
        batch = merged([part.result() for part in readers.submit(arrivals)])
    return FolderSample(
        mails,
        sampled=len(batch.carriers),
        reports=sum(carrier.holds_report for carrier in batch.carriers),
        domains=_frequent_domains(batch),
        authserv_id=_common_authserv_id(batch),
    )


def _frequent_domains(batch: Batch) -> list[str]:
    table = batch.tables.get("dmarc_report")
    named = Counter(table.column("policy_domain").to_pylist() if table is not None else [])
    wanted = FREQUENT * named.total()
    frequent = (name for name, count in named.most_common() if count >= wanted)
    return [name for name in frequent if name is not None and is_domain(name)]


def _common_authserv_id(batch: Batch) -> str | None:
    """From the topmost Authentication-Results field, which the last server adds."""
    found: Counter[str] = Counter()
    for carrier in batch.carriers:
        fields = email.message_from_bytes(carrier.headers, policy=email.policy.compat32)
        named = AUTHSERV_ID.match(str(fields.get("Authentication-Results", "")))
        if named:
            found[named[1].lower()] += 1
    name, count = (found.most_common(1) or [("", 0)])[0]
    return name if count and count >= NEARLY_ALL * len(batch.carriers) else None
