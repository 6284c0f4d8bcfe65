"""Fetching against a real Dovecot."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from imapclient import IMAPClient

from ingest.sources import imap as module
from ingest.sources.imap import ImapSource
from schemas.config.settings import Mailbox
from schemas.errors import FolderMissing, SourceError, Unreachable
from tests.support.servers.dovecot import Dovecot, User, checked
from tests.support.servers.imap_mailbox import Opened, fetched, keys, mails


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_fetches_whole_mails_over_an_encrypted_connection(
    imap_user: User, opened: Opened, security: str, host: str
) -> None:
    imap_user.deliver(mails(3), received=datetime(2026, 11, 1, 12, 30, tzinfo=UTC))
    arrived = fetched(opened(security=security, host=host))
    assert [arrival.raw for arrival in arrived] == mails(3)
    assert [arrival.key for arrival in arrived] == ["1", "2", "3"]
    assert {arrival.epoch for arrival in arrived} == {imap_user.uidvalidity()}
    assert {arrival.received_at for arrival in arrived} == {
        datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
    }
    assert {arrival.received_at.tzinfo for arrival in arrived if arrival.received_at} == {UTC}
    assert all(arrival.is_mail and arrival.too_large is None for arrival in arrived)


def test_name_and_ledger_name_are_those_of_the_settings(opened: Opened) -> None:
    source = opened(name="box", folder="Reports")
    assert (source.name, source.ledger_name) == ("box", "imap:box:Reports")


def test_an_empty_folder_yields_nothing(opened: Opened) -> None:
    assert list(opened().arrivals()) == []


def test_batches_hold_at_most_the_configured_number_oldest_first(
    imap_user: User, opened: Opened
) -> None:
    imap_user.deliver(mails(7))
    batches = [[a.key for a in batch] for batch in opened(batch=3).arrivals()]
    assert batches == [["1", "2", "3"], ["4", "5", "6"], ["7"]]


def test_one_request_holds_a_bounded_number_of_bytes(
    imap_user: User, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REQUEST_BYTES", 2500)
    imap_user.deliver([*mails(4, size=1000), *mails(1, size=9000)])
    sizes = [len(batch) for batch in opened().arrivals()]
    assert sizes == [2, 2, 1]


def test_fetching_sets_no_flag(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(3))
    fetched(opened())
    assert set(imap_user.flags().values()) == {frozenset()}


def test_what_the_ledger_has_seen_is_not_fetched_again(
    imap_user: User, opened: Opened, commands: list[str]
) -> None:
    imap_user.deliver(mails(4))
    assert keys(opened({"1": False, "3": False})) == [2, 4]
    asked = [line for line in commands if "FETCH" in line]
    assert asked
    assert all(" UID FETCH 2,4 " in line for line in asked)


def test_the_ledger_is_asked_for_this_folder_and_epoch(imap_user: User) -> None:
    asked: list[tuple[str, int]] = []

    def seen(name: str, epoch: int) -> dict[str, bool]:
        asked.append((name, epoch))
        return {}

    source = ImapSource(Mailbox(**imap_user.settings()), seen)
    fetched(source)
    source.close()
    assert asked == [("imap:reports:INBOX", imap_user.uidvalidity())]


def test_a_report_committed_but_not_settled_is_moved_before_anything_is_fetched(
    imap_user: User, opened: Opened
) -> None:
    imap_user.deliver(mails(3))
    arrivals = opened({"1": True, "2": False}).arrivals()
    first = next(iter(arrivals))
    assert [arrival.key for arrival in first] == ["3"]
    assert imap_user.uids() == [2, 3]
    assert imap_user.count("Processed") == 1


def test_a_recreated_folder_is_a_new_epoch(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(1), "Reports")
    before = fetched(opened(folder="Reports"))
    imap_user.recreate("Reports")
    imap_user.deliver(mails(1), "Reports")
    after = fetched(opened(folder="Reports"))
    assert before[0].key == after[0].key == "1"
    assert before[0].epoch != after[0].epoch


def test_uids_of_a_folder_that_was_replaced_are_not_settled(
    imap_user: User, opened: Opened
) -> None:
    imap_user.deliver(mails(1), "Reports")
    source = opened(folder="Reports")
    fetched(source)
    imap_user.kick()
    imap_user.recreate("Reports")
    imap_user.deliver(mails(1), "Reports")
    with pytest.raises(Unreachable):
        source.settle(["1"])
    source.settle(["1"])
    assert imap_user.count("Reports") == 1


def test_a_missing_folder_names_those_there_are(imap_user: User, opened: Opened) -> None:
    with imap_user.session() as other:
        for number in range(12):
            checked(other.create(f"F{number:02}"))
    with pytest.raises(FolderMissing) as caught:
        fetched(opened(folder="Nope"))
    assert str(caught.value) == (
        f'mailbox "reports" (localhost:{imap_user.server.tls_port}): there is no folder "Nope"; '
        "set folder to an existing one: "
        "F00, F01, F02, F03, F04, F05, F06, F07, F08, F09 and 3 more"
    )


def test_folder_names_do_not_reach_the_terminal_raw(imap_user: User, opened: Opened) -> None:
    imap_user.deliver([], "red &ABs-[31m")  # ESC in modified UTF-7
    with pytest.raises(FolderMissing) as caught:
        fetched(opened(folder="Nope\x1b[2J"))
    assert "\x1b" not in str(caught.value)
    assert r"red \x1b[31m" in str(caught.value)


def test_a_large_mail_arrives_as_its_headers_with_its_size(
    imap_user: User, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MESSAGE_BYTES", 1000)
    raw = mails(1, size=5000)[0]
    imap_user.deliver([raw, *mails(1)])
    arrived = {arrival.key: arrival for arrival in fetched(opened())}
    assert arrived["1"].raw == raw[: raw.index(b"\r\n\r\n") + 4]
    assert (arrived["1"].too_large, arrived["2"].too_large) == (len(raw), None)


def test_the_headers_of_a_large_mail_are_bounded(
    imap_user: User, opened: Opened, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MESSAGE_BYTES", 1000)
    monkeypatch.setattr(module, "HEADER_BYTES", 200)
    imap_user.deliver([b"X-Long: " + b"y" * 900 + b"\r\n" + mails(1, size=5000)[0]])
    assert [len(arrival.raw) for arrival in fetched(opened())] == [200]
    assert any("BODY.PEEK[HEADER]<0.200>" in line for line in commands)


def test_a_size_that_the_server_only_estimated_does_not_lift_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MESSAGE_BYTES", 10)
    arrival = module._arrival(1, b"x" * 11, {b"RFC822.SIZE": 5}, 7)
    assert arrival.too_large == 11


def test_a_mail_that_vanishes_is_skipped(imap_user: User, opened: Opened) -> None:
    imap_user.deliver(mails(4))
    arrivals = opened(batch=2).arrivals()
    next(iter(arrivals))
    imap_user.expunge([3])
    assert [a.key for batch in arrivals for a in batch] == ["4"]


def test_a_mail_that_the_server_cannot_give_holds_up_no_other(
    imap_user: User, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = IMAPClient.fetch

    def fetch(self: IMAPClient, uids: list[int], items: list[str]) -> Any:
        if 2 in uids and "BODY.PEEK[]" in items:
            raise IMAPClient.Error("fetch failed: [SERVERBUG] Internal error")
        return ask(self, uids, items)

    monkeypatch.setattr(IMAPClient, "fetch", fetch)
    imap_user.deliver(mails(3))
    source = opened()
    assert keys(source) == [1, 3]
    assert len(source.problems) == 1
    assert "refused to fetch mail 2: fetch failed: [SERVERBUG]" in source.problems[0]


def test_a_server_that_gives_no_mail_at_all_is_an_error(
    imap_user: User, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(self: IMAPClient, uids: list[int], items: list[str]) -> Any:
        raise IMAPClient.Error("fetch failed: [LIMIT] Too much")

    monkeypatch.setattr(IMAPClient, "fetch", fetch)
    imap_user.deliver(mails(3))
    with pytest.raises(SourceError, match=re.escape("[LIMIT] Too much")):
        fetched(opened())


@pytest.mark.parametrize("body", [None, b""])
def test_an_answer_without_the_mail_is_no_empty_mail(opened: Opened, body: bytes | None) -> None:
    facts = {1: {b"RFC822.SIZE": 5}, 2: {b"RFC822.SIZE": 0}}
    came = opened()._arrived(facts, {1: {b"BODY[]": body}, 2: {b"BODY[]": b""}}, b"BODY[]")
    assert [arrival.key for arrival in came] == ["2"]


def test_a_long_folder_is_listed_in_windows(
    imap_user: User, opened: Opened, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEARCH_MAILS", 4)
    imap_user.deliver(mails(10))
    imap_user.expunge([1, 5])
    assert keys(opened()) == [2, 3, 4, 6, 7, 8, 9, 10]
    sent = [line.split(" UID SEARCH ")[1] for line in commands if " UID SEARCH " in line]
    assert sent == ["5:* ALL", "1:4 ALL"]


def test_a_server_that_goes_away_between_two_batches_is_unreachable(
    dovecot: Dovecot, imap_user: User, opened: Opened
) -> None:
    imap_user.deliver(mails(4))
    source = opened(batch=2)
    arrivals = source.arrivals()
    next(iter(arrivals))
    dovecot.halt()
    try:
        with pytest.raises(Unreachable, match=r'^mailbox "reports" \(localhost:\d+\): '):
            next(iter(arrivals))
        with pytest.raises(Unreachable, match="refused"):
            source.settle(["1"])
        source.close()
    finally:
        dovecot.restart()
    assert (imap_user.count(), imap_user.folders()) == (4, ["INBOX"])


def test_a_connection_that_broke_is_made_again_for_the_next_step(
    imap_user: User, opened: Opened
) -> None:
    imap_user.deliver(mails(4))
    source = opened(batch=2)
    arrivals = source.arrivals()
    first = next(iter(arrivals))
    imap_user.kick()
    with pytest.raises(Unreachable):
        source.settle([arrival.key for arrival in first])
    assert [a.key for batch in arrivals for a in batch] == ["3", "4"]
    source.settle([arrival.key for arrival in first])
    assert imap_user.count("Processed") == 2


def test_close_never_raises(imap_user: User, opened: Opened) -> None:
    opened().close()
    source = opened()
    fetched(source)
    imap_user.kick()
    source.close()
    source.close()


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (None, None),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        (
            datetime.fromisoformat("2026-01-01T23:30:00-05:00"),
            datetime(2026, 1, 2, 4, 30, tzinfo=UTC),
        ),
        (datetime.fromisoformat("0001-01-01T00:00:00+05:00"), None),
    ],
)
def test_times_are_utc(received: datetime | None, expected: datetime | None) -> None:
    assert module._to_utc(received) == expected
