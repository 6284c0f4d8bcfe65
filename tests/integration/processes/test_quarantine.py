"""Quarantine has a budget: over it mails stay where they are, and their owner makes room."""

from pathlib import Path

import pytest

from tests.support.mails.mails import Letter, make_broken_mail, make_report_mail
from tests.support.process.rua_command import derived, message_ids, rows, run, settings
from tests.support.servers.dovecot import User

BROKEN = [make_broken_mail(number) for number in range(1, 4)]
ROOM = len(BROKEN[0].document) + 1  # for one


def refused(store: Path) -> list[tuple[str, int]]:
    question = """
        select code, octet_length(bytes)
        from outcome
        join document using (document_id)
        where status = 'refused'
        order by document_id
    """
    return rows(store, question)


def deliver(user: User, *letters: Letter) -> None:
    user.deliver(letter.raw for letter in letters)


def test_over_the_budget_mails_stay_and_are_tried_again(tmp_path: Path, imap_user: User) -> None:
    report = make_report_mail(1)
    deliver(imap_user, *BROKEN, report)
    config = settings(tmp_path, imap_user.toml(), quarantine_budget=ROOM)
    store = tmp_path / "rua.duckdb"
    done = run("--config", config, "ingest", "--format", "json")
    assert done.code == 4
    assert "over the quarantine budget" in done.line
    assert "rua quarantine drop" in done.line
    assert done.json["put_off"] == 2
    assert (done.json["messages"], done.json["refused"], done.json["stored"]) == (2, 1, 1)
    left = {letter.message_id: 1 for letter in BROKEN[1:]}
    moved = message_ids(imap_user, "Processed")
    assert (message_ids(imap_user) | moved).keys() >= left.keys()
    assert not set(left) & set(moved)
    assert rows(store, "select count(*) from carrier") == [(2,)]
    assert rows(store, "select max(put_off) from run") == [(2,)]

    status = run("--config", config, "status", "--format", "json").json
    assert status["quarantine"]["documents"] == 1
    assert 0 < status["quarantine"]["bytes"] <= status["quarantine"]["budget"] == ROOM

    config = settings(tmp_path, imap_user.toml(), quarantine_budget="1 MiB")
    done = run("--config", config, "ingest", "--format", "json")
    assert (done.code, done.err, done.json["refused"]) == (0, "", 2)


def test_what_is_dropped_makes_room_and_stays_refused(tmp_path: Path) -> None:
    store, mails = tmp_path / "rua.duckdb", tmp_path / "mails"
    mails.mkdir()
    for number, letter in enumerate([*BROKEN[:2], make_report_mail(1)]):
        (mails / f"{number}.eml").write_bytes(letter.raw)
    config = settings(tmp_path, quarantine_budget=ROOM)
    assert run("--config", config, "ingest", mails).code == 4
    (number,) = rows(store, "select document_id from outcome where status = 'refused'")[0]
    kept = run("--config", config, "quarantine", "drop", str(number))
    assert (kept.code, refused(store)[0][1] > 0) == (2, True)  # nobody was asked
    done = run("--config", config, "quarantine", "drop", "--yes", str(number), "--format", "json")
    assert (done.code, done.json["dropped"]) == (0, 1)
    assert refused(store) == [("dropped", 0)]
    again = run("--config", config, "quarantine", "drop", "--yes", str(number))
    assert (again.code, "no refused document" in again.line) == (2, True)

    assert run("--config", config, "ingest", mails, "--format", "json").json["put_off"] == 0
    assert [code for code, _ in refused(store)] == ["dropped", "broken-container"]
    before = derived(store)
    assert run("--config", config, "rebuild").code == 0
    assert derived(store) == before
    done = run("--config", config, "quarantine", "retry", "--format", "json")
    assert done.json == {"tried": 1, "read": 0, "refused": 1}
    assert derived(store) == before


@pytest.mark.parametrize("budget", ["plenty", "1 GB", -1])
def test_a_budget_that_is_none(tmp_path: Path, budget: object) -> None:
    done = run("--config", settings(tmp_path, quarantine_budget=budget), "status")
    assert done.code == 2
    assert "quarantine_budget" in done.line
