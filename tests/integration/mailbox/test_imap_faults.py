"""Every step of a conversation may be its last: nothing is lost, doubled or moved too early."""

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from dashboards.cli.main import main
from ingest.model import clock
from ingest.run import pipeline
from ingest.sources.imap_session import Session
from ingest.workers.pool import Readers
from schemas.store.store import Store
from tests.support.mails.mails import Letter, make_ordinary_mail, make_report_mail, make_tls_mail
from tests.support.process.rua_command import rows, settings
from tests.support.servers.cutting_proxy import CuttingProxy, cutting
from tests.support.servers.dovecot import Dovecot, User

LETTERS = (
    make_report_mail(1),
    make_report_mail(2, padding=100_000),
    make_ordinary_mail(1),
    make_tls_mail(1),
    make_report_mail(4),
)
REPORTS = Counter(letter.message_id for letter in LETTERS if letter.is_report)
OTHERS = Counter(letter.message_id for letter in LETTERS if not letter.is_report)
ANSWERS = 22  # of the server in one run, from the connection to the BYE
LARGE = 10  # the one that brings the mail of 100 kB
STEPS = (
    "AUTHENTICATE PLAIN",
    "SELECT INBOX",
    "UID SEARCH 1:* ALL",
    "UID FETCH 1,2 (RFC822.SIZE INTERNALDATE)",
    "UID FETCH 1,2 (BODY.PEEK[])",
    "UID FETCH 3,4 (BODY.PEEK[])",
    "UID FETCH 5 (BODY.PEEK[])",
    "CREATE Processed",
    "UID MOVE ",
    "LOGOUT",
)

Ran = tuple[int, str]
Ingest = Callable[..., Ran]


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: that takes longer than all the rest of a run."""
    path = tmp_path_factory.mktemp("store") / "rua.duckdb"
    with Store(path).write():
        pass
    return path


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(1) as started:
        yield started


@pytest.fixture
def ingest(
    readers: Readers,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    imap_user: User,
    empty_store: Path,
) -> Ingest:
    """`rua ingest` in this process: (exit code, what it said). One reading process serves all."""

    class Shared:
        def __init__(self, count: int) -> None:
            self.submit = readers.submit

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(pipeline, "Readers", Shared)
    shutil.copy(empty_store, tmp_path)

    def run(**changes: Any) -> Ran:
        config = settings(
            tmp_path, imap_user.toml(**{"batch": 2, **changes}), "[dns]\noffline = true"
        )
        code = main(["--config", str(config), "ingest", "--format", "json"])
        return code, capfd.readouterr().err

    return run


@pytest.fixture
def proxy(dovecot: Dovecot) -> Iterator[CuttingProxy]:
    with cutting(("127.0.0.1", dovecot.tls_port)) as one:
        yield one


def deliver(user: User, letters: tuple[Letter, ...] = LETTERS, **more: Any) -> None:
    user.deliver((letter.raw for letter in letters), **more)


def message_ids(user: User, folder: str = "INBOX") -> Counter[str]:
    """How often each lies in a folder: from the server's files, which takes no login."""
    maildir = user.home / "Maildir" / ("" if folder == "INBOX" else f".{folder}")
    files = [path for kind in ("new", "cur") for path in (maildir / kind).glob("*")]
    heads = [re.search(rb"(?m)^Message-ID: *(\S+)", path.read_bytes()) for path in files]
    return Counter(head[1].decode() for head in heads if head)


def stored(folder: Path) -> Counter[str]:
    """How often each carrier stands in the store."""
    store = folder / "rua.duckdb"
    return Counter(name for (name,) in rows(store, "select message_id from carrier"))


def check_nothing_is_lost(user: User, folder: Path) -> None:
    """After a failure: each mail is in one place, and what is moved is committed."""
    moved, left = message_ids(user, "Processed"), message_ids(user)
    assert moved + left == REPORTS + OTHERS
    assert moved <= stored(folder)


def check_all_is_done(user: User, folder: Path) -> None:
    store = folder / "rua.duckdb"
    assert message_ids(user) == OTHERS
    assert message_ids(user, "Processed") == REPORTS
    assert stored(folder) == REPORTS
    statuses = rows(store, "select status, count(*) from outcome group by status")
    assert statuses == [("stored", len(REPORTS))]
    records = sum(letter.records for letter in LETTERS)
    assert rows(store, "select count(*) from dmarc_record") == [(records,)]


def test_the_conversation_has_the_steps_that_are_cut_below(
    ingest: Ingest, imap_user: User, proxy: CuttingProxy, commands: list[str], tmp_path: Path
) -> None:
    deliver(imap_user)
    assert ingest(port=proxy.port) == (0, "")
    said = [line.replace('"', "") for line in commands]
    assert [step for step in STEPS if not any(step in line for line in said)] == []
    assert len(proxy.sizes) == ANSWERS
    assert proxy.sizes[LARGE] > 100_000
    check_all_is_done(imap_user, tmp_path)


@pytest.mark.parametrize(
    ("answer", "after"),
    [*((n, after) for n in range(ANSWERS) for after in (0, 40)), (LARGE, 5000), (LARGE, 90_000)],
)
def test_a_connection_cut_at_any_answer(
    ingest: Ingest, imap_user: User, proxy: CuttingProxy, tmp_path: Path, answer: int, after: int
) -> None:
    deliver(imap_user)
    proxy.cut(answer, after=after)
    code, said = ingest(port=proxy.port)
    if code == 0:
        assert said == ""
    else:
        assert code == 3
        assert said.count("\n") == 1
        assert said.startswith('rua: mailbox "reports" (localhost:')
    check_nothing_is_lost(imap_user, tmp_path)
    assert ingest() == (0, "")
    check_all_is_done(imap_user, tmp_path)


@pytest.mark.parametrize("answer", [1, 2, 4, 6, 9, 12, 16, 19])
def test_a_server_that_goes_silent(
    ingest: Ingest, imap_user: User, proxy: CuttingProxy, tmp_path: Path, answer: int
) -> None:
    deliver(imap_user)
    proxy.cut(answer, after=20, stalls=True)
    code, said = ingest(port=proxy.port, timeout=0.7)
    assert (code, said.count("\n")) == (3, 1)
    assert "within 0.7 seconds" in said or "timed out" in said
    check_nothing_is_lost(imap_user, tmp_path)
    assert ingest() == (0, "")
    check_all_is_done(imap_user, tmp_path)


# -- what others do meanwhile -----------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int, Callable[[], None]], None]:
    """Have something done just before the n-th command of that name is sent, once."""
    ask = Session.ask
    plan: dict[tuple[str, int], Callable[[], None]] = {}
    met: Counter[str] = Counter()

    def watched(self: Session, doing: str, command: str, *words: Any, **options: Any) -> Any:
        met[command] += 1
        plan.pop((command, met[command]), lambda: None)()
        return ask(self, doing, command, *words, **options)

    monkeypatch.setattr(Session, "ask", watched)

    def arrange(command: str, number: int, act: Callable[[], None]) -> None:
        plan[command, number] = act

    return arrange


@pytest.mark.parametrize("step", [("select_folder", 1), ("search", 1), ("fetch", 3), ("move", 1)])
def test_a_session_that_is_kicked(
    ingest: Ingest, imap_user: User, meanwhile: Any, tmp_path: Path, step: tuple[str, int]
) -> None:
    deliver(imap_user)
    meanwhile(*step, imap_user.kick)
    code, said = ingest()
    assert (code, said.count("\n")) == (3, 1)
    check_nothing_is_lost(imap_user, tmp_path)
    assert ingest() == (0, "")
    check_all_is_done(imap_user, tmp_path)


def in_folder(user: User, folder: str = "Reports") -> Callable[..., None]:
    """A folder of that name with the letters in it; its mails have the same UIDs each time."""
    with user.session() as client:
        client.create(folder)
    return lambda letters=LETTERS: deliver(user, letters, folder=folder)


def test_uidvalidity_changes_between_two_runs(
    ingest: Ingest, imap_user: User, tmp_path: Path
) -> None:
    """The same UIDs are then other mails: all are read, and what came again counts once."""
    fill = in_folder(imap_user)
    fill()
    assert ingest(folder="Reports", processed="") == (0, "")
    imap_user.recreate("Reports")
    more = make_report_mail(7)
    fill((more, *LETTERS))
    assert ingest(folder="Reports", processed="") == (0, "")
    store = tmp_path / "rua.duckdb"
    assert rows(store, "select count(*) from outcome where status = 'stored'") == [(5,)]
    assert rows(store, "select sum(duplicate), sum(stored) from run") == [(4, 5)]
    assert stored(tmp_path)[more.message_id] == 1


@pytest.mark.parametrize("step", [("fetch", 3), ("select_folder", 2)])
def test_uidvalidity_changes_in_the_middle_of_one(
    ingest: Ingest, imap_user: User, meanwhile: Any, tmp_path: Path, step: tuple[str, int]
) -> None:
    """UIDs that were read before the change must not settle the mails that have them now."""
    fill = in_folder(imap_user)
    fill()
    others = tuple(make_report_mail(number) for number in range(10, 15))

    def replace() -> None:
        imap_user.recreate("Reports")
        fill(others)

    meanwhile(*step, replace)
    code, said = ingest(folder="Reports")
    # Where all was committed already, there may be nothing left to complain about.
    assert (code, said.count("\n")) == ((3, 1) if step[0] == "fetch" else (0, 0))
    assert message_ids(imap_user, "Reports") == Counter(each.message_id for each in others)
    assert ingest(folder="Reports") == (0, "")
    assert message_ids(imap_user, "Reports").total() == 0
    assert [stored(tmp_path)[each.message_id] for each in others] == [1] * 5


@pytest.mark.parametrize("step", [("search", 1), ("fetch", 2), ("fetch", 4), ("move", 1)])
def test_the_folder_vanishes_in_the_middle(
    ingest: Ingest, imap_user: User, meanwhile: Any, tmp_path: Path, step: tuple[str, int]
) -> None:
    fill = in_folder(imap_user)
    fill()

    def vanish() -> None:
        with imap_user.session() as client:
            client.delete("Reports")

    meanwhile(*step, vanish)
    code, said = ingest(folder="Reports")
    assert (code, said.count("\n")) == (3, 1)
    code, said = ingest(folder="Reports")
    assert (code, said.count("\n")) == (3, 1)
    assert 'there is no folder "Reports"' in said
    in_folder(imap_user)()
    assert ingest(folder="Reports") == (0, "")
    assert message_ids(imap_user, "Processed") >= REPORTS
    statuses = rows(tmp_path / "rua.duckdb", "select status, count(*) from outcome group by status")
    assert statuses == [("stored", len(REPORTS))]


# -- clocks -----------------------------------------------------------------------------------

EARLY, LATE = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("received", [EARLY, LATE])
def test_a_mail_that_says_it_came_in_another_century(
    ingest: Ingest, imap_user: User, tmp_path: Path, received: datetime
) -> None:
    deliver(imap_user, received=received)
    assert ingest() == (0, "")
    check_all_is_done(imap_user, tmp_path)
    years = rows(tmp_path / "rua.duckdb", "select distinct year(received_at) from carrier")
    assert years == [(received.year,)]
    assert ingest() == (0, "")
    check_all_is_done(imap_user, tmp_path)


@pytest.mark.parametrize("clocks", [(EARLY, LATE), (LATE, EARLY)])
def test_a_clock_that_jumps_between_two_runs(
    ingest: Ingest,
    imap_user: User,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clocks: tuple[datetime, datetime],
) -> None:
    def set_clock(now: datetime) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return now.astimezone(tz)

        monkeypatch.setattr(clock, "datetime", Clock)
        monkeypatch.setattr(time, "time", now.timestamp)

    deliver(imap_user, LETTERS[:3])
    set_clock(clocks[0])
    assert ingest() == (0, "")
    deliver(imap_user, LETTERS[3:])
    set_clock(clocks[1])
    assert ingest() == (0, "")
    assert ingest() == (0, "")
    check_all_is_done(imap_user, tmp_path)
