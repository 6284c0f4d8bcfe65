"""Reads report mails from one IMAP folder: lists, fetches in batches, settles afterwards.

Mails are fetched with BODY.PEEK, which sets no flag, and are identified by (UIDVALIDITY, UID).
One connection, one thread: settle() may be called between two batches, never during one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from ingest.model.limits import HEADER_BYTES, MESSAGE_BYTES
from ingest.model.source import Arrival, Seen, printable
from ingest.sources.imap_idle import wait_for_mail
from ingest.sources.imap_session import Declined, Session
from schemas.config.settings import Mailbox
from schemas.errors import ConfigError, FolderMissing, SourceError, Unreachable

__all__ = ["ImapSource"]

REQUEST_BYTES = 32 * 1024 * 1024  # of mail in one FETCH; one larger mail goes alone
SETTLE_UIDS = 500  # in one MOVE or STORE: the command stays under 6 kB
SEARCH_MAILS = 50_000  # in one SEARCH: imaplib refuses an answer line of a million bytes
FOLDERS_NAMED = 10
KEYWORD = b"$RuaRead"

Fetched = Mapping[int, Mapping[bytes, Any]]


class ImapSource:
    """The folder of one mailbox in the settings, as a Source."""

    def __init__(self, mailbox: Mailbox, seen: Seen) -> None:
        self._box = mailbox
        self._seen = seen
        self._session = Session(mailbox)
        self._ask = self._session.ask
        self._where = self._session.where
        self._epoch = 0  # the folder's UIDVALIDITY, once it is open
        self._listed: int | None = None  # the epoch of the keys that arrivals() gave
        self._mails = self._next_uid = 0
        self._covered = 0  # mails with a UID below this were listed
        self._flags: list[bytes] = []
        self._target = ""
        self.problems: list[str] = []  # mails that the server could not give
        self._deferred: set[tuple[int | None, str]] = set()
        self._refuse_own_folder(mailbox.processed)

    @property
    def name(self) -> str:
        return self._box.name

    @property
    def ledger_name(self) -> str:
        return f"imap:{self._box.name}:{self._box.folder}"

    def open(self) -> None:
        """Connect, and select the folder again. Raises SourceError."""
        self.problems = []
        self._reselect()

    def wait(self, stopping: Callable[[], bool]) -> None:
        """Until mail may have arrived, or stopping() is true. Raises SourceError."""
        self._reselect()
        # The server has announced mail that came after the search in answer to another command, and
        # IDLE will not announce it again.
        if self._next_uid <= self._covered:
            wait_for_mail(self._session, stopping)

    def arrivals(self) -> Iterator[Sequence[Arrival]]:
        """Mails that the ledger does not have, oldest first; settles what an earlier run left."""
        self._open()
        self._listed = epoch = self._epoch
        known = self._seen(self.ledger_name, epoch)
        uids = self._search("ALL")
        self._covered = max(self._next_uid, uids[-1] + 1 if uids else 0)
        self._settle_left([uid for uid in uids if known.get(str(uid))])
        deferred = {key for of, key in self._deferred if of == epoch}
        fresh = [uid for uid in uids if str(uid) not in known and str(uid) not in deferred]
        for chunk in _chunks(fresh, self._box.batch):
            self._open()
            if self._epoch != epoch:
                raise Unreachable(
                    "the folder was replaced while it was read",
                    where=self._where,
                    todo="run rua ingest again",
                )
            yield from self._fetch_chunk(chunk)

    def settle(self, keys: Sequence[str]) -> None:
        """Move or flag the mails of these UIDs; those that are gone are settled already."""
        if not keys:
            return
        # Seen with Dovecot on Maildir: when the folder is made again under an open session, an old
        # UID moves the mail that has it now, which was not read.
        self._reselect()
        if self._listed not in (None, self._epoch):
            return  # the folder was replaced: these UIDs now belong to other mails
        for chunk in _chunks(sorted(int(key) for key in keys), SETTLE_UIDS):
            self._settle_chunk(chunk)

    def defer(self, keys: Sequence[str]) -> None:
        """Not fetch them again in this session: a watch lists the folder often."""
        self._deferred |= {(self._listed, key) for key in keys}

    def close(self) -> None:
        self._session.close()

    def _open(self) -> None:
        """Connect and select the folder, unless the connection is open."""
        if self._session.is_open:
            return
        self._session.open()
        self._select_or_drop()

    def _reselect(self) -> None:
        if self._session.is_open:
            self._select_or_drop()
        else:
            self._open()

    def _select_or_drop(self) -> None:
        try:
            self._select()
        except SourceError:
            self._session.drop()
            raise

    def _select(self) -> None:
        failure: SourceError
        try:
            answer = self._ask("open the folder", "select_folder", self._box.folder)
        except Declined as declined:
            failure = self._missing() or declined
        else:
            self._mails = answer.get(b"EXISTS", 0)
            self._flags = _allowed_flags(answer.get(b"PERMANENTFLAGS"))
            self._epoch = answer.get(b"UIDVALIDITY", 0)
            self._next_uid = answer.get(b"UIDNEXT", 0)
            if self._epoch:
                return
            failure = SourceError(
                "the server gives its mails no permanent numbers (UIDVALIDITY)", where=self._where
            )
        raise failure

    def _missing(self) -> FolderMissing | None:
        """The error that lists the existing folders; None if the folder is among them."""
        folder = self._box.folder
        listed = self._ask("list the folders", "list_folders")
        names = sorted(name for flags, _, name in listed if b"\\Noselect" not in flags)
        if folder in names:
            return None
        more = f" and {len(names) - FOLDERS_NAMED} more" if len(names) > FOLDERS_NAMED else ""
        shown = ", ".join(printable(name) for name in names[:FOLDERS_NAMED])
        return FolderMissing(
            f'there is no folder "{printable(folder)}"',
            where=self._where,
            todo=f"set folder to an existing one: {shown}{more}" if names else "",
        )

    # -- fetching ---------------------------------------------------------------------------

    def _search(self, criteria: str) -> list[int]:
        """All UIDs that match, ascending.

        In windows of message numbers, from the highest down: when another client expunges
        between two of them, numbers get smaller, and a mail is seen twice but never missed.
        """
        found: set[int] = set()
        for low in reversed(range(1, self._mails + 1, SEARCH_MAILS)):
            high = low + SEARCH_MAILS - 1
            window = f"{low}:{'*' if high >= self._mails else high} {criteria}"
            found.update(self._ask("list the mails", "search", window))
        return sorted(found)

    def _fetch_chunk(self, chunk: list[int]) -> Iterator[Sequence[Arrival]]:
        facts = self._fetch(chunk, ["RFC822.SIZE", "INTERNALDATE"])
        sizes = {uid: int(facts[uid].get(b"RFC822.SIZE") or 0) for uid in chunk if uid in facts}
        large = [uid for uid, size in sizes.items() if size > MESSAGE_BYTES]
        if large:
            headers = self._fetch(large, [f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>"])
            yield self._arrived(facts, headers, b"BODY[HEADER]<0>")
        for uids in _requests({uid: sizes[uid] for uid in sizes if uid not in large}):
            arrived = self._arrived(facts, self._fetch(uids, ["BODY.PEEK[]"]), b"BODY[]")
            if arrived:
                yield arrived

    def _fetch(self, uids: list[int], items: list[str]) -> Fetched:
        """{UID: items}; without those that vanished since they were listed."""
        try:
            return dict(self._ask("fetch mails", "fetch", uids, items))
        except Declined:
            # One mail that is gone or broken on the server must not stop the others.
            return self._fetch_singly(uids, items)

    def _fetch_singly(self, uids: list[int], items: list[str]) -> Fetched:
        found: dict[int, Mapping[bytes, Any]] = {}
        failures: list[Declined] = []
        for uid in uids:
            try:
                found.update(self._ask(f"fetch mail {uid}", "fetch", [uid], items))
            except Declined as declined:
                if declined.code != "EXPUNGEISSUED":  # RFC 5530 §3: somebody removed it
                    failures.append(declined)
        if len(failures) == len(uids):
            raise failures[0]
        self.problems += [str(failure) for failure in failures]
        return found

    def _arrived(self, facts: Fetched, bodies: Fetched, item: bytes) -> list[Arrival]:
        """The mails; NIL, or no bytes despite a size, is a mail that the server cannot read."""
        fetched = ((uid, bodies[uid].get(item), facts[uid]) for uid in sorted(bodies))
        return [
            _arrival(uid, raw, fact, self._epoch)
            for uid, raw, fact in fetched
            if isinstance(raw, bytes) and (raw or not fact.get(b"RFC822.SIZE"))
        ]

    # -- settling ---------------------------------------------------------------------------

    def _settle_left(self, uids: list[int]) -> None:
        """Settle mails that an earlier run committed and could not settle before it ended."""
        if uids and not self._box.processed:
            if not self._flags:
                return
            keyword = KEYWORD in self._flags
            unsettled = set(self._search(f"UNKEYWORD {KEYWORD.decode()}" if keyword else "UNSEEN"))
            uids = [uid for uid in uids if uid in unsettled]
        self.settle([str(uid) for uid in uids])

    def _settle_chunk(self, uids: list[int]) -> None:
        act = self._move if self._box.processed else self._flag
        try:
            act(uids)
            return
        except Declined as declined:
            if declined.code not in ("EXPUNGEISSUED", "TRYCREATE"):
                raise
        # Another client has removed a mail, or the processed folder.
        self._target = ""
        self._ask("look for changes", "noop")
        left = self._ask("list the mails", "search", f"UID {_set(uids)}")
        if left:
            act(list(left))

    def _flag(self, uids: list[int]) -> None:
        if self._flags:
            self._ask("flag mails", "add_flags", uids, self._flags, silent=True)

    def _move(self, uids: list[int]) -> None:
        target = self._processed_folder()
        if self._session.offers("MOVE"):
            self._ask("move mails", "move", uids, target)
            return
        # A run that ended here had copied the mails that are marked as deleted.
        here = self._ask("list the mails", "search", f"UID {_set(uids)} UNDELETED")
        if here:
            self._ask("copy mails", "copy", here, target)
            self._ask("mark mails", "add_flags", here, [b"\\Deleted"], silent=True)
        # Never a plain EXPUNGE: it would remove mails that others have marked, too.
        if self._session.offers("UIDPLUS"):
            self._ask("remove moved mails", "uid_expunge", uids)

    def _processed_folder(self) -> str:
        """The server's name of the processed folder, which is created if missing."""
        self._target = self._target or self._find_or_create(self._possible_names())
        return self._target

    def _possible_names(self) -> list[str]:
        """As configured; under the server's own prefix (INBOX.); with its hierarchy sign."""
        configured = self._box.processed
        prefix, sign = "", "/"
        if self._session.offers("NAMESPACE"):
            personal = self._ask("ask for the namespace", "namespace").personal
            prefix, sign = personal[0] if personal else (prefix, sign)
        inner = configured.replace("/", sign or "/")
        names = [configured, inner]
        if not configured.startswith(prefix):
            names += [prefix + configured, prefix + inner]
        return list(dict.fromkeys(names))

    def _find_or_create(self, names: list[str]) -> str:
        for name in names:
            listed = self._ask("list the folders", "list_folders", "", name)
            if any(found == name and b"\\Noselect" not in flags for flags, _, found in listed):
                return self._refuse_own_folder(name)
        for name in names:
            with suppress(Declined):
                self._ask("create a folder", "create_folder", name)
                with suppress(Declined):
                    self._ask("subscribe to it", "subscribe_folder", name)
                return self._refuse_own_folder(name)
        raise SourceError(
            f'the server refuses to create the folder "{printable(self._box.processed)}"',
            where=self._where,
            todo="create it with a mail program, or set processed to an existing folder",
        )

    def _refuse_own_folder(self, name: str) -> str:
        # RFC 3501 §5.1: INBOX in any case is the same folder.
        plain = [part if part.upper() != "INBOX" else "INBOX" for part in (name, self._box.folder)]
        if plain[0] == plain[1]:
            raise ConfigError(
                f'processed is the folder that is read, "{printable(name)}"',
                where=f'mailbox "{printable(self._box.name)}", key processed',
                todo='name another folder, or "" to leave the mails in place and only flag them',
            )
        return name


def _allowed_flags(permanent: Iterable[bytes] | None) -> list[bytes]:
    """Those of our flags that the server keeps. RFC 3501 §7.1: no list means all system flags."""
    if permanent is None:
        return [b"\\Seen"]
    allowed = {flag.lower() for flag in permanent}
    flags = [b"\\Seen"] if b"\\seen" in allowed else []
    return [*flags, KEYWORD] if {b"\\*", KEYWORD.lower()} & allowed else flags


def _arrival(uid: int, raw: bytes, facts: Mapping[bytes, Any], epoch: int) -> Arrival:
    size = max(int(facts.get(b"RFC822.SIZE") or 0), len(raw))  # some servers only estimate it
    too_large = size if size > MESSAGE_BYTES else None
    return Arrival(
        key=str(uid),
        raw=raw if too_large is None else raw[:HEADER_BYTES],
        epoch=epoch,
        received_at=_to_utc(facts.get(b"INTERNALDATE")),
        too_large=too_large,
    )


def _to_utc(received: datetime | None) -> datetime | None:
    if received is None:
        return None
    try:
        return received.astimezone(UTC)
    except OverflowError:  # the year 1 or 9999, west or east of Greenwich
        return None


def _chunks(uids: list[int], size: int) -> Iterator[list[int]]:
    return (uids[start : start + size] for start in range(0, len(uids), size))


def _set(uids: list[int]) -> str:
    return ",".join(map(str, uids))


def _requests(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """UIDs of one FETCH each: together at most REQUEST_BYTES bytes, but at least one mail."""
    uids: list[int] = []
    total = 0
    for uid, size in sizes.items():
        if uids and total + size > REQUEST_BYTES:
            yield uids
            uids, total = [], 0
        uids.append(uid)
        total += size
    if uids:
        yield uids
