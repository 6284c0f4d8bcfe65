"""Settling against a real Dovecot: moved or flagged, once, and nothing else touched."""

import pytest

from ingest.sources import imap as module
from ingest.sources.imap import ImapSource
from schemas.config.settings import Mailbox
from schemas.errors import ConfigError, SourceError
from tests.support.servers.dovecot import Dovecot, User, checked
from tests.support.servers.imap_mailbox import Opened, fetched, keys, mails, without


def test_settle_moves_reports_and_leaves_ordinary_mail(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(4))
    source = opened()
    fetched(source)
    source.settle(["1", "3"])
    assert imap_user.flags() == {2: frozenset(), 4: frozenset()}
    assert imap_user.count("Processed") == 2
    assert "Processed" in imap_user.folders(subscribed=True)


def test_settling_again_or_what_is_gone_is_no_error(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(4))
    source = opened()
    fetched(source)
    imap_user.expunge([2])
    source.settle(["1", "2"])
    source.settle(["1", "2", "3", "999"])
    assert (imap_user.uids(), imap_user.count("Processed")) == ([4], 2)


def test_a_mail_whose_file_is_gone_holds_up_no_other(imap_user: User, opened: Opened) -> None:
    # Dovecot answers the whole MOVE with NO [EXPUNGEISSUED].
    imap_user.deliver(mails(3))
    source = opened()
    fetched(source)
    next((imap_user.home / "Maildir").rglob("*M1P1*")).unlink()
    source.settle(["1", "2", "3"])
    assert (imap_user.count(), imap_user.count("Processed")) == (0, 2)


def test_many_mails_are_settled_in_chunks(
    imap_user: User, opened: Opened, commands: list[str]
) -> None:
    imap_user.deliver(mails(1100))
    source = opened(batch=5000)
    source.settle([str(uid) for uid in keys(source)])
    assert len([line for line in commands if "UID MOVE" in line]) == 3
    assert imap_user.count("Processed") == 1100


def test_settle_alone_opens_the_mailbox(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(1))
    opened().settle(["1"])
    assert imap_user.count() == 0


def test_settle_of_nothing_does_not_connect(opened: Opened) -> None:
    opened(host="nowhere.invalid").settle([])


def test_without_move_mails_are_copied_and_only_they_are_expunged(
    imap_user: User, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, b"MOVE")
    imap_user.deliver(mails(3))
    with imap_user.session("INBOX") as other:
        checked(other.uid("STORE", "2", "+FLAGS", r"(\Deleted)"))
    source = opened()
    fetched(source)
    source.settle(["1"])
    assert imap_user.flags() == {2: frozenset({r"\Deleted"}), 3: frozenset()}
    assert imap_user.count("Processed") == 1


def test_without_uidplus_moved_mails_stay_marked_and_are_copied_once(
    imap_user: User, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, b"MOVE", b"UIDPLUS")
    imap_user.deliver(mails(2))
    source = opened()
    fetched(source)
    source.settle(["1"])
    source.settle(["1"])
    fetched(opened({"1": True}))
    assert imap_user.flags() == {1: frozenset({r"\Deleted"}), 2: frozenset()}
    assert imap_user.count("Processed") == 1


def test_flag_only_marks_reports_in_place(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(2))
    source = opened(processed="")
    fetched(source)
    source.settle(["2"])
    assert imap_user.flags() == {1: frozenset(), 2: frozenset({r"\Seen", "$RuaRead"})}
    assert imap_user.folders() == ["INBOX"]


def test_flag_only_marks_what_an_earlier_run_left_and_nothing_twice(
    imap_user: User, opened: Opened, commands: list[str]
) -> None:
    imap_user.deliver(mails(3))
    fetched(opened({"1": True}, processed=""))
    assert imap_user.flags()[1] == {r"\Seen", "$RuaRead"}
    commands.clear()
    fetched(opened({"1": True}, processed=""))
    assert not [line for line in commands if "STORE" in line]


@pytest.mark.parametrize(
    ("permanent", "expected"),
    [
        (None, [b"\\Seen"]),
        ((), []),
        ((b"\\Seen", b"\\Deleted"), [b"\\Seen"]),
        ((b"\\Seen", b"\\*"), [b"\\Seen", b"$RuaRead"]),
        ((b"\\seen", b"$ruaread"), [b"\\Seen", b"$RuaRead"]),
    ],
)
def test_rfc3501_7_1_only_permanent_flags_are_set(
    permanent: tuple[bytes, ...] | None, expected: list[bytes]
) -> None:
    assert module._allowed_flags(permanent) == expected


def test_a_processed_folder_is_made_under_the_servers_prefix(dovecot: Dovecot) -> None:
    user = dovecot.user(prefix="INBOX.")
    user.deliver(mails(1))
    source = ImapSource(Mailbox(**user.settings()), lambda name, epoch: {})
    source.settle([str(uid) for uid in keys(source)])
    source.close()
    assert user.count("INBOX.Processed") == 1


def test_a_processed_folder_may_be_written_with_slashes(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(1))  # this server's hierarchy sign is a dot
    opened(processed="Archive/DMARC").settle(["1"])
    assert imap_user.count("Archive.DMARC") == 1


def test_a_processed_folder_with_another_alphabet(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(2))
    opened(processed="Erledigt äöü").settle(["1"])
    opened(processed="Erledigt äöü").settle(["2"])
    assert imap_user.count("Erledigt &AOQA9gD8-") == 2


def test_a_processed_folder_deleted_meanwhile_is_made_again(
    imap_user: User, opened: Opened
) -> None:
    imap_user.deliver(mails(2))
    source = opened()
    source.settle(["1"])
    with imap_user.session() as other:
        checked(other.delete("Processed"))
    source.settle(["2"])
    assert imap_user.count("Processed") == 1


def test_a_processed_folder_that_cannot_be_made_is_one_clear_error(
    imap_user: User, opened: Opened
) -> None:
    imap_user.deliver(mails(1))
    with pytest.raises(SourceError, match=r'refuses to create the folder "a\.\.b"'):
        opened(processed="a..b").settle(["1"])
    assert imap_user.count() == 1


@pytest.mark.parametrize(
    ("folder", "processed"), [("Reports", "Reports"), ("INBOX", "Inbox"), ("inbox", "INBOX")]
)
def test_processed_must_be_another_folder(opened: Opened, folder: str, processed: str) -> None:
    with pytest.raises(ConfigError, match=r"key processed: .*the folder that is read"):
        opened(folder=folder, processed=processed)


def test_processed_must_be_another_folder_under_the_prefix_too(dovecot: Dovecot) -> None:
    user = dovecot.user(prefix="INBOX.")
    user.deliver(mails(1), "INBOX.Done")
    settings = Mailbox(**user.settings(folder="INBOX.Done", processed="Done"))
    source = ImapSource(settings, lambda name, epoch: {})
    with pytest.raises(ConfigError, match="the folder that is read"):
        source.settle(["1"])
    source.close()
