"""What the advice rests on: a hash that changes with each of its inputs, and files that show it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from schemas.errors import ConfigError
from schemas.store.store import Store
from tests.support.asked import Asked, asked
from tests.support.moments import utc
from tests.support.stores.hand_made import DOMAIN, LAST, Record, Report, ago, moved, stored

OWN = "192.0.2.10"
REPORTS = [
    Report(ago(day), name, [Record(OWN, 300)]) for name in ("a.test", "b.test") for day in (9, 1)
]
ONE_MORE = [*REPORTS, Report(ago(2), "c.test", [Record(OWN, 1)])]


def publish(store: Path, at: datetime, record: str, name: str = DOMAIN) -> None:
    row = [name, at, at, f"_dmarc.{name}", "TXT", "found", [record]]
    with Store(store).write() as con:
        con.execute("insert into dns_snapshot values ($1, $2, $3, $4, $5, $6, $7)", row)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    store = stored([*REPORTS, *moved(REPORTS, "other.example")], tmp_path_factory.mktemp("usual"))
    with asked(store, LAST) as found:
        yield found


def hash_of(folder: Path, reports: list[Report], *records: tuple[datetime, str]) -> str:
    store = stored(reports, folder)
    for at, record in records:
        publish(store, at, record)
    with asked(store, LAST) as found:
        return found.inputs()


def test_equal_inputs_have_one_hash(usual: Asked, tmp_path: Path) -> None:
    assert usual.inputs() == usual.inputs()
    assert len(usual.inputs()) == 64


def test_each_input_changes_the_hash(usual: Asked, tmp_path: Path) -> None:
    changed = [
        usual,
        usual.with_gates(messages=299),
        usual.with_gates(break_days=3),
        usual.but(labels={OWN: "own"}),
        usual.but(days=34),
        usual.but(last=ago(1)),
        usual.but(domain="other.example"),
        usual.but(owner={"goal": "quarantine"}),
    ]
    assert len({each.inputs() for each in changed}) == len(changed)


def test_reports_and_dns_change_the_hash_and_the_hour_of_asking_does_not(tmp_path: Path) -> None:
    noon = utc(2026, 11, 19, 12)
    none = hash_of(tmp_path / "none", REPORTS)
    first = hash_of(tmp_path / "first", REPORTS, (noon, "v=DMARC1; p=none"))
    other = hash_of(tmp_path / "other", REPORTS, (noon, "v=DMARC1; p=none; fo=1"))
    more = hash_of(tmp_path / "more", ONE_MORE)
    assert len({none, first, other, more}) == 4


def test_files_show_what_the_advice_rests_on(usual: Asked, tmp_path: Path) -> None:
    found = usual.bundle(tmp_path / "once")
    assert found == usual.bundle(tmp_path / "twice")
    told = json.loads(found["advice.json"])
    assert (told["domain"], told["verdict"]) == (DOMAIN, usual.advice()["verdict"])
    assert all(found.values())


def test_files_go_into_a_folder_of_their_own(usual: Asked, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(ConfigError):
        usual.bundle(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep me"


@pytest.mark.parametrize(("required", "days"), [(10, 1), (11, 2), (15, 6)])
def test_a_gate_of_days_says_when_to_look_again(usual: Asked, required: int, days: int) -> None:
    """Nine days at this policy: from 9 days ago to the day of the newest report."""
    found = usual.with_gates(
        days_at_none=required, days_with_reports=1, reporters=2, large_reporters=0
    )
    advice = found.advice()
    assert advice["verdict"] == "wait"
    assert advice["next_look"] == LAST + timedelta(days=days)
