"""`rua advise` keeps the advice of each week: what stands, what is kept beside it, what is told."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.advice.history import given, keep, read_week, week_of
from schemas.errors import ConfigError
from schemas.store import lock
from schemas.store.store import Store
from tests.conftest import Rua
from tests.support.mails.report_documents import Report, store_of
from tests.support.process.rua_command import derived
from tests.support.servers.knot import Dns

DOMAIN = "example.com"
TODAY = datetime.now(UTC).date()
MONDAY = date(2026, 11, 9)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month of mail that passes, and an address from which nothing does."""
    days = [TODAY - timedelta(days=back) for back in range(1, 30)]
    reports = [Report(day, count=20) for day in days]
    reports += [Report(day, source_ip="192.0.2.77", aligned=False, count=3) for day in days]
    return store_of(reports, tmp_path_factory.mktemp("made"))


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "rua.duckdb"
    copy.write_bytes(made.read_bytes())
    return copy


def advise(rua: Rua, store: Path, *words: str) -> Any:
    return rua.json("--store", store, "advise", *words)


def history(rua: Rua, store: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = advise(rua, store, DOMAIN, "--history", *words)["advice"]
    return found


def test_the_advice_of_today_is_kept_once_as_it_was_given(rua: Rua, store: Path) -> None:
    (told,) = advise(rua, store, DOMAIN)
    once = Store(store).state()
    advise(rua, store, DOMAIN)
    assert Store(store).state() == once  # what says nothing new writes nothing
    (row,) = history(rua, store)
    assert (row["week"], row["as_of"], row["stands"]) == (week_of(TODAY), str(TODAY), True)
    assert (row["verdict"], row["reason"]) == (told["verdict"], told["reason"])
    assert (row["target"], row["inputs"]) == (told["changes"], told["inputs"])
    (again,) = advise(rua, store, DOMAIN, "--week", week_of(TODAY))
    assert {key: again[key] for key in told} == told


def test_a_verdict_that_changes_within_the_week_is_kept_beside(rua: Rua, store: Path) -> None:
    (before,) = advise(rua, store, DOMAIN)
    assert before["blockers"][0]["class"] == "undecided"
    rua("--store", store, "label", DOMAIN, "192.0.2.77", "broken")
    (after,) = advise(rua, store, DOMAIN)
    assert (before["verdict"], after["verdict"]) == ("wait", "fix")
    assert after["inputs"] != before["inputs"]
    newest, older = history(rua, store)
    assert (newest["stands"], older["stands"]) == (True, False)
    assert [newest["verdict"], older["verdict"]] == [after["verdict"], before["verdict"]]
    told = rua("--store", store, "advise", DOMAIN, "--week", week_of(TODAY)).stdout
    assert before["reason"] in told
    assert after["reason"] in told
    assert told.index("replaced later in the week") < told.index(after["reason"])


def test_other_days_than_the_usual_up_to_today_are_no_advice_of_the_week(
    rua: Rua, store: Path
) -> None:
    yesterday = str(TODAY - timedelta(days=1))
    for words in (("--as-of", yesterday), ("--days", "7"), ("--until", yesterday)):
        advise(rua, store, DOMAIN, *words)
    assert history(rua, store) == []


def test_what_was_said_later_is_not_seen_as_of_an_earlier_day(rua: Rua, store: Path) -> None:
    advise(rua, store, DOMAIN)
    assert len(history(rua, store)) == 1
    assert history(rua, store, "--as-of", str(TODAY - timedelta(days=1))) == []


def test_rebuild_and_snapshot_keep_it(rua: Rua, store: Path, tmp_path: Path) -> None:
    advise(rua, store)
    before = history(rua, store)
    assert rua("--store", store, "rebuild").returncode == 0
    assert history(rua, store) == before
    derived(store)  # every table is either kept or made again
    copy = tmp_path / "copy.duckdb"
    assert rua("--store", store, "snapshot", copy).returncode == 0
    assert history(rua, copy) == before


def test_a_store_that_others_hold_does_not_hold_up_the_answer(rua: Rua, store: Path) -> None:
    with lock.shared(store, 1):  # others read: nobody may write
        done = rua("--store", store, "--lock-timeout", "0.3", "advise", DOMAIN)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{DOMAIN}: wait")
    assert done.stderr.startswith("this advice is not stored")
    assert done.stderr.count("\n") == 1
    assert history(rua, store) == []


def test_what_was_not_kept_is_said_with_what_to_do(rua: Rua, store: Path) -> None:
    nothing = rua("--store", store, "advise", DOMAIN, "--history")
    assert "no advice is stored yet" in nothing.stderr
    assert "first seen: p=none" in nothing.stdout
    for words, says in (
        ((DOMAIN, "--week", "2020-W07"), "no advice on example.com is stored for 2020-W07"),
        ((DOMAIN, "--week", "last"), "write it as 2026-W46"),
        (("--history",), "--history needs a DOMAIN"),
        ((DOMAIN, "--history", "--week", "2026-W46"), "cannot be used together"),
    ):
        done = rua("--store", store, "advise", *words)
        assert done.returncode == 2
        assert says in done.stderr


def test_the_history_is_a_table_and_csv_newest_first(rua: Rua, store: Path) -> None:
    advise(rua, store, DOMAIN)
    table = rua("--store", store, "advise", DOMAIN, "--history").stdout.splitlines()
    assert [line.split()[:2] for line in table if "192.0.2" not in line][:3] == [
        ["when", "what"],
        [week_of(TODAY), "advice"],
        [str(TODAY - timedelta(days=29)), "policy"],
    ]
    rows = rua("--store", store, "advise", DOMAIN, "--history", "--format", "csv").stdout
    header, newest, oldest = rows.splitlines()
    assert header.startswith("when,what,as_of,made_at,stands,verdict,target")
    assert newest.startswith(f"{week_of(TODAY)},advice")
    assert ",reports,,p=none,1," in oldest


def asked_of(dns: Dns) -> dict[str, str]:
    return {"RUA_DNS__OFFLINE": "false", "RUA_DNS__NAMESERVERS": json.dumps([dns.nameserver])}


def test_what_dns_publishes_is_told_beside_what_reports_saw(
    rua: Rua, store: Path, dns: Dns
) -> None:
    dns.text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=quarantine; rua=mailto:d@example.com")
    assert rua("--store", store, "advise", DOMAIN, env=asked_of(dns)).returncode == 0
    told = advise(rua, store, DOMAIN, "--history")["policy_changes"]
    seen = [(each["by"], each["after"]["p"], each["day"]) for each in told]
    assert seen[0] == ("dns", "quarantine", str(TODAY))
    assert seen[1][:2] == ("reports", "none")


def test_dns_that_cannot_be_kept_does_not_hold_up_the_answer(
    rua: Rua, store: Path, dns: Dns
) -> None:
    dns.text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=quarantine")
    with lock.shared(store, 1):
        words = ("--store", store, "--lock-timeout", "0.3", "advise", DOMAIN)
        done = rua(*words, env=asked_of(dns))
    assert done.returncode == 0
    assert done.stdout.startswith(f"{DOMAIN}: wait")
    first, second = done.stderr.splitlines()
    assert first.startswith("the answers of DNS are not stored")
    assert second.startswith("this advice is not stored")


def row(verdict: str, **tags: str) -> dict[str, Any]:
    words = {"reason": f"because of {verdict}", "record": None, "inputs": "0"}
    return {"domain": DOMAIN, "verdict": verdict, "changes": tags, **words}


def test_the_last_of_a_week_stands_and_other_steps_before_it_stay(tmp_path: Path) -> None:
    store = Store(tmp_path / "rua.duckdb")
    with store.write():
        pass
    steps = [row("fix"), row("fix"), row("wait", p="quarantine"), row("wait", p="reject")]
    steps += [row("fix"), row("fix"), row("fix"), row("done")]
    for back, each in enumerate(steps):  # Monday to the Monday after
        day = MONDAY + timedelta(days=back)
        assert keep(store, [each], day, datetime.combine(day, time(8))) == 1
        assert keep(store, [each], day, datetime.combine(day, time(9))) == 0
    with store.read() as con:
        kept = given(con, DOMAIN)
        then = given(con, DOMAIN, "2026-W46", datetime.combine(MONDAY, time(8)))
    assert [(r["week"], r["as_of"].day, r["verdict"], r["stands"]) for r in kept] == [
        ("2026-W47", 16, "done", True),
        ("2026-W46", 15, "fix", True),
        ("2026-W46", 12, "wait", False),
        ("2026-W46", 11, "wait", False),
        ("2026-W46", 10, "fix", False),
    ]
    assert kept[2]["target"] == {"p": "reject"}
    assert json.dumps(kept[0]["given"]) == json.dumps(row("done"))
    assert then == []  # Monday's own was replaced on Tuesday, which that moment cannot know


def test_weeks_are_those_of_the_calendar() -> None:
    assert week_of(date(2026, 12, 31)) == week_of(date(2027, 1, 1)) == "2026-W53"
    assert read_week(" 2026-w7 ") == "2026-W07"
    for text in ("2025-W53", "2026-W00", "46", "2026-W461"):
        with pytest.raises(ConfigError, match="is not an ISO week"):
            read_week(text)
