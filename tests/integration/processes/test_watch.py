"""`rua ingest --watch`, run as a service runs it, against a real Dovecot."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from ingest.run.watch import FIRST_SECONDS, LONGEST_SECONDS, pauses
from ingest.sources import imap_idle
from schemas.store import lock
from tests.support.mails.mails import make_ordinary_mail, make_report_mail
from tests.support.process.patience import eventually
from tests.support.process.rua_command import Done, finish, message_ids, rows, run, settings, start
from tests.support.servers.dovecot import Dovecot, User
from tests.support.servers.imap_mailbox import Opened, fetched

# Pauses are short, and a file has a line for each long IDLE that has begun, each transaction that
# is asked for and each try that failed.
NOTED = """
    from pathlib import Path
    from ingest.run import watch
    from ingest.sources import imap_idle
    from ingest.sources.imap_session import Session
    imap_idle.FIRST_SECONDS = imap_idle.TICK_SECONDS = 0.2
    watch.FIRST_SECONDS = watch.LOOK_SECONDS = 0.2
    def note(what):
        with Path(__file__).with_name("noted").open("a") as file:
            print(what, file=file)
    def noted(what, do):
        return lambda *words, **options: (note(what), do(*words, **options))[1]
    watch._GatedWriter.write = noted("write", watch._GatedWriter.write)
    watch._Mailbox._failed = noted("failed", watch._Mailbox._failed)
    has_come, ask = imap_idle._has_arrived, Session.ask
    def noted_has_come(session, seconds, stopping):
        session.is_long = seconds == imap_idle.IDLE_SECONDS
        return has_come(session, seconds, stopping)
    def noted_ask(self, doing, command, *words, **options):
        answer = ask(self, doing, command, *words, **options)
        if command == "idle" and self.is_long:
            note("idle")
        return answer
    imap_idle._has_arrived, Session.ask = noted_has_come, noted_ask
"""
NO_IDLE = """
    from imapclient import IMAPClient
    offered = IMAPClient.capabilities
    IMAPClient.capabilities = lambda self: tuple(w for w in offered(self) if w != b"IDLE")
    imap_idle.POLL_SECONDS = 0.5
"""
SMALL_GROUPS = """
    from ingest.run import pipeline
    pipeline.GROUP_MAILS, pipeline.AHEAD_MAILS = 20, 40
"""
# The main thread takes no signal, so that the kernel gives it to another, as it may do anyway.
TAKEN_BY_ANOTHER = """
    import signal
    attend, run = watch.Watch._attend, watch.Watch.run
    def unblocked(self, planned):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
        attend(self, planned)
    def blocked(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
        return run(self)
    watch.block_signals = lambda: None
    watch.Watch._attend, watch.Watch.run = unblocked, blocked
"""
# DuckDB waits for ever to open a file while a reader of an earlier connection is kept.
STUCK = """
    import duckdb
    watch.GRACE_SECONDS = watch.COMMIT_SECONDS = 2.0
    finish = watch._GatedWriter.finish
    kept = []
    def stuck(self, run):
        if run.counts.stored:
            with duckdb.connect(str(self._store.path), read_only=True) as con:
                kept.append(con.execute("select * from document").to_arrow_reader(1))
            note("stuck")
        finish(self, run)
    watch._GatedWriter.finish = stuck
"""
Watching = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    """Starts a watch of these mailboxes; what is still running at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*mailboxes: str, patch: str = "", **top: object) -> subprocess.Popen[bytes]:
        config = settings(tmp_path, *mailboxes, "[dns]\noffline = true", **top)
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        not_in_readers = "import sys\nif 'ingest.workers.pool' not in sys.orig_argv:\n    pass\n"
        (site / "sitecustomize.py").write_text(not_in_readers + NOTED + patch)
        words = ("--config", config, "ingest", "--watch", "--format", "json")
        started.append(start(*words, env={"PYTHONPATH": str(site)}))
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def stored(folder: Path) -> int:
    """Documents in the store; -1 where it is not there yet, or being written."""
    question = "select count(*) from outcome where status = 'stored'"
    try:
        return int(rows(folder / "rua.duckdb", question)[0][0])
    except duckdb.Error:
        return -1


def stores(folder: Path, count: int) -> bool:
    return eventually(lambda: stored(folder) == count)


def noted(folder: Path, what: str) -> int:
    """How often it was noted."""
    file = folder / "site" / "noted"
    return file.read_text().split().count(what) if file.exists() else 0


def waits(folder: Path, known: int = 0) -> bool:
    """Whether a long IDLE begins beyond those that are known."""
    return eventually(lambda: noted(folder, "idle") > known)


def ended(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> Done:
    process.send_signal(number)
    return finish(process)


def counted_at_once(folder: Path) -> int | None:
    """Documents by `rua status` that waits for nobody; None where the store is held just then."""
    words = ("--config", folder / "rua.toml", "--lock-timeout", "0", "status", "--format", "json")
    status = run(*words)
    return status.json["documents"] if status.code == 0 else None


def test_mail_is_stored_within_seconds_while_others_read(
    tmp_path: Path, imap_user: User, watching: Watching
) -> None:
    imap_user.deliver([make_report_mail(0).raw])
    process = watching(imap_user.toml())
    assert stores(tmp_path, 1)
    known = 0
    for number in (1, 2):
        assert waits(tmp_path, known)
        known = noted(tmp_path, "idle")
        imap_user.deliver([make_report_mail(number).raw, make_ordinary_mail(number).raw])
        assert stores(tmp_path, number + 1)
        assert eventually(lambda: counted_at_once(tmp_path) == stored(tmp_path))
    done = ended(process)
    assert (done.code, done.err) == (0, "")
    assert (done.json["stored"], done.json["messages"]) == (3, 5)
    assert message_ids(imap_user, "Processed").total() == 3
    assert message_ids(imap_user).total() == 2


def test_what_arrives_while_it_is_busy_is_not_forgotten(
    tmp_path: Path, imap_user: User, watching: Watching
) -> None:
    """One mail after the other, so that some come between the search and the IDLE."""
    watching(imap_user.toml(), patch="imap_idle.FIRST_SECONDS = 2.0")
    for number in range(12):
        imap_user.deliver([make_report_mail(number).raw])
        time.sleep(0.23)
    assert stores(tmp_path, 12)


def test_a_server_without_idle_is_asked_now_and_then(
    imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    process = watching(imap_user.toml(), patch=NO_IDLE)
    assert stores(tmp_path, 0)
    imap_user.deliver([make_report_mail(1).raw])
    assert stores(tmp_path, 1)
    assert ended(process).code == 0


def test_it_comes_back_after_the_server_was_away(
    dovecot: Dovecot, imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    imap_user.deliver([make_report_mail(0).raw])
    process = watching(imap_user.toml())
    assert stores(tmp_path, 1)
    assert waits(tmp_path)
    dovecot.halt()
    imap_user.deliver([make_report_mail(1).raw])
    assert eventually(lambda: noted(tmp_path, "failed") >= 3)
    dovecot.restart()
    assert stores(tmp_path, 2)
    done = ended(process)
    assert done.code == 0
    lost, back = done.err.splitlines()
    assert lost.startswith('rua: mailbox "reports" (localhost:')
    assert lost.endswith("; trying again")
    assert back == 'rua: mailbox "reports" is back'
    problems = rows(tmp_path / "rua.duckdb", "select count(problem) from run")
    assert problems == [(1,)]


def test_a_kick_alone_is_made_good_without_a_word(
    imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    process = watching(imap_user.toml())
    assert waits(tmp_path)
    imap_user.kick()
    imap_user.deliver([make_report_mail(1).raw])
    assert stores(tmp_path, 1)
    assert ended(process).err == ""


def test_several_mailboxes_and_one_that_is_refused(
    dovecot: Dovecot, imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    other, refused = dovecot.user(), dovecot.user()
    (tmp_path / "wrong").write_text("sesame-wrong")
    (tmp_path / "wrong").chmod(0o600)
    process = watching(
        imap_user.toml(name="one"),
        other.toml(name="two"),
        refused.toml(name="three", password_file="wrong"),
    )
    for number, user in enumerate((imap_user, other, imap_user), 1):
        user.deliver([make_report_mail(number).raw])
        assert stores(tmp_path, number)
    done = ended(process)
    assert done.code == 0
    assert done.line.startswith('rua: mailbox "three"')
    assert "sesame" not in done.err


REFUSED: dict[str, tuple[dict[str, object], int, str]] = {
    "wrong password": ({"password_file": "wrong"}, 3, "check username and password"),
    "no such folder": ({"folder": "Reprots"}, 3, "INBOX"),
    "no password file": ({"password_file": "none"}, 2, "password_file"),
    "own folder": ({"processed": "INBOX"}, 2, "processed is the folder"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_only_mailbox_refused_ends_it_at_once(
    imap_user: User, tmp_path: Path, watching: Watching, case: str
) -> None:
    changes, code, words = REFUSED[case]
    (tmp_path / "wrong").write_text("sesame-wrong")
    (tmp_path / "wrong").chmod(0o600)
    done = finish(watching(imap_user.toml(**changes)))
    assert done.code == code
    assert words in done.line
    assert "sesame" not in done.line


def test_ctrl_c_ends_it_with_130(imap_user: User, tmp_path: Path, watching: Watching) -> None:
    process = watching(imap_user.toml())
    assert stores(tmp_path, 0)
    done = ended(process, signal.SIGINT)
    assert (done.code, done.err) == (130, "")
    assert "internal" not in done.err


def test_a_sigterm_in_the_middle_finishes_the_transaction(
    imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    """Whatever is moved is stored, and the rest is read by the next run, nothing twice."""
    letters = [make_report_mail(number) for number in range(600)]
    imap_user.deliver(letter.raw for letter in letters)
    process = watching(imap_user.toml(batch=20), patch=SMALL_GROUPS)
    assert eventually(lambda: stored(tmp_path) > 0)
    done = ended(process)
    assert (done.code, done.err) == (0, "")
    first = stored(tmp_path)
    assert 0 < first < 600
    assert message_ids(imap_user, "Processed").total() == first == done.json["stored"]
    again = run("--config", tmp_path / "rua.toml", "ingest", "--format", "json")
    assert (again.json["stored"], again.json["duplicate"]) == (600 - first, 0)
    assert message_ids(imap_user).total() == 0


def test_a_sigterm_that_another_thread_takes_ends_it(
    imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    process = watching(imap_user.toml(), patch=TAKEN_BY_ANOTHER)
    assert waits(tmp_path)
    assert ended(process).code == 0


def test_a_transaction_that_never_ends_is_left(
    imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    imap_user.deliver([make_report_mail(1).raw])
    process = watching(imap_user.toml(), patch=STUCK)
    assert eventually(lambda: noted(tmp_path, "stuck") > 0)
    done = ended(process)
    assert done.code == 0
    assert "a transaction did not end" in done.err
    assert done.json["stored"] == 1


def test_a_store_held_by_others_does_not_hold_up_the_end(
    imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    process = watching(imap_user.toml(), lock_timeout=60)
    assert stores(tmp_path, 0)
    assert waits(tmp_path)  # the first turn has ended
    with lock.shared(tmp_path / "rua.duckdb", 10):
        imap_user.deliver([make_report_mail(1).raw])
        assert eventually(lambda: noted(tmp_path, "write") > 0)
        assert ended(process).code == 0
    assert stored(tmp_path) == 0


def test_cron_beside_it_says_so_and_a_second_watch_waits(
    imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    first = watching(imap_user.toml())
    assert stores(tmp_path, 0)
    cron = run("--config", tmp_path / "rua.toml", "ingest")
    assert cron.code == 0
    assert cron.line.startswith(f"rua: process {first.pid} is already ingesting")
    second = watching(imap_user.toml())
    assert second.stderr is not None
    waiting = second.stderr.readline().decode()
    assert f"process {first.pid} is ingesting into this store; waiting" in waiting
    assert ended(first).code == 0
    imap_user.deliver([make_report_mail(1).raw])
    assert stores(tmp_path, 1)
    assert (ended(second).code, second.poll()) == (0, 0)


def test_a_store_held_for_long_does_not_end_it(
    imap_user: User, tmp_path: Path, watching: Watching
) -> None:
    process = watching(imap_user.toml(), lock_timeout=0.5)
    assert stores(tmp_path, 0)
    assert waits(tmp_path)  # the first turn has ended
    with duckdb.connect(str(tmp_path / "rua.duckdb"), read_only=True):
        imap_user.deliver([make_report_mail(1).raw])
        assert eventually(lambda: noted(tmp_path, "failed") >= 2)
    assert stores(tmp_path, 1)
    assert ended(process).code == 0


@pytest.mark.parametrize("words", [("reports/",), ("--strict",)])
def test_watch_is_for_mailboxes_alone(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run("ingest", "--watch", *words, cwd=tmp_path)
    assert done.code == 2
    assert "--watch" in done.err


def test_rfc2177_idle_is_given_anew_before_29_minutes_are_over(
    opened: Opened, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert imap_idle.IDLE_SECONDS < 29 * 60
    for name, seconds in (("FIRST_SECONDS", 0.2), ("IDLE_SECONDS", 0.4), ("TICK_SECONDS", 0.1)):
        monkeypatch.setattr(imap_idle, name, seconds)
    source = opened()
    assert fetched(source) == []
    for _ in range(3):
        source.wait(lambda: False)
    said = [line.rpartition(" ")[2] for line in commands]
    assert (said.count("IDLE"), said.count("DONE")) == (6, 6)


def test_pauses_grow_to_five_minutes_and_are_never_in_step() -> None:
    tries = pauses()
    found = [next(tries) for _ in range(20)]
    assert FIRST_SECONDS / 2 <= found[0] <= FIRST_SECONDS
    assert LONGEST_SECONDS / 2 <= found[-1] <= LONGEST_SECONDS
    assert found[4] > found[0] * 4
    assert len({round(each, 6) for each in found[-8:]}) == 8
