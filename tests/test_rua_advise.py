"""`rua advise`: the verdict on each domain of the demo, whatever the seed; what a person reads."""

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.standing import Owner, standings
from analytics.verdict import decide
from analytics.window import Window
from schemas.gates import Gates
from schemas.store import Store
from tests.conftest import Demo, Rua
from tests.quick_store import quick_store
from tests.test_rua_classes import Record

UNTIL = date(2026, 11, 20)
WINDOW = Window(UNTIL - timedelta(days=Window.DAYS - 1), UNTIL, UNTIL)
VERDICTS = ("advance", "fix", "wait", "done", "roll-back")
UNSAFE = ("fix", "wait", "roll-back")  # when the truth says so, advance would be an unsafe step
KEYS = {
    *("domain", "published", "verdict", "target", "record", "reason", "blockers", "gates"),
    *("window", "impact"),
}


def given(store: Path, truth: dict[str, Any]) -> Counter[tuple[str, str]]:
    """(verdict of the truth, verdict given): how many domains. Where the truth holds several for
    right on that day, the one given of them is the truth's."""
    domains = truth["domains"]
    owners = {name: Owner(each["goal"], each["parked"]) for name, each in domains.items()}
    with Store(store).read() as con:
        found = standings(con, WINDOW, Gates(), owners)
    counts: Counter[tuple[str, str]] = Counter()
    for each in found:
        told, verdict = domains[each.domain], decide(each, Gates()).verdict
        right = told["allowed"][-1]["verdicts"]
        counts[verdict if verdict in right else told["verdict"], verdict] += 1
    return counts


def table(title: str, counts: Counter[tuple[str, str]]) -> str:
    lines = [title, f"{'truth':10}" + "".join(f"{name:>11}" for name in VERDICTS)]
    lines += [
        f"{true:10}" + "".join(f"{counts[true, verdict]:11}" for verdict in VERDICTS)
        for true in VERDICTS
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("first", [1, 6, 11, 16])
def test_no_step_is_unsafe_and_every_verdict_is_found(
    first: int, tmp_path: Path, record_property: Record
) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for seed in range(first, first + 5):
        folder = tmp_path / str(seed)
        folder.mkdir()
        counts += given(*quick_store(folder, seed=seed, until=UNTIL))
    record_property("table", table(f"verdicts, seeds {first} to {first + 4}", counts))
    assert sum(counts[true, "advance"] for true in UNSAFE) == 0
    for true in VERDICTS:
        total = sum(counts[true, verdict] for verdict in VERDICTS)
        assert total >= 5
        assert counts[true, true] >= 0.95 * total, true


def advice(rua: Rua, demo: Demo, *words: str) -> Any:
    until = demo.truth["run"]["until"]
    flags = ("--config", demo.folder / "rua.toml", "--store", demo.store)
    return rua(*flags, "advise", *words, "--offline", "--as-of", until)


def test_json_has_the_keys_of_the_contract(rua: Rua, demo: Demo) -> None:
    rows = json.loads(advice(rua, demo, "--format", "json").stdout)
    assert {row["domain"] for row in rows} == set(demo.truth["totals"]["by_day"])
    for row in rows:
        assert row.keys() >= KEYS
        assert row["verdict"] in VERDICTS
        assert (row["record"] or "v=DMARC1").startswith("v=DMARC1")


def test_the_screen_of_one_domain_names_the_next_step_first(rua: Rua, demo: Demo) -> None:
    done = advice(rua, demo, "harbour-group.example")
    first, second, *rest = done.stdout.splitlines()
    assert first.startswith("harbour-group.example: advance")
    assert 'TXT "v=DMARC1; p=reject; sp=reject; np=reject; adkim=s; aspf=s"' in second
    assert len(rest) <= 22
    assert "rua reports --domain harbour-group.example" in done.stdout


def test_an_unknown_domain_is_one_line_with_the_nearest(rua: Rua, demo: Demo) -> None:
    done = advice(rua, demo, "harbor.example")
    assert done.returncode == 2
    assert "harbour.example" in done.stderr
    assert done.stderr.count("\n") == 1


def test_evidence_is_the_same_bytes_again(rua: Rua, demo: Demo, tmp_path: Path) -> None:
    for name in ("first", "second"):
        done = advice(rua, demo, "example.net", "--evidence", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
    first, second = (
        {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.*")}
        for folder in (tmp_path / "first", tmp_path / "second")
    )
    assert first == second
    assert {Path("advice.json"), Path("reports.csv"), Path("sql/classes.sql")} <= first.keys()


def test_evidence_is_not_written_into_a_folder_in_use(rua: Rua, demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = advice(rua, demo, "example.net", "--evidence", str(tmp_path))
    assert done.returncode == 2
    assert "mine.txt" in done.stderr


def test_what_had_not_arrived_is_left_out(rua: Rua, demo: Demo) -> None:
    flags = ("--config", demo.folder / "rua.toml", "--store", demo.store)
    until = date.fromisoformat(demo.truth["run"]["until"])
    last = (until - timedelta(days=3)).isoformat()
    now = rua.json(*flags, "domains", "--until", last, "--as-of", until.isoformat())
    then = rua.json(*flags, "domains", "--as-of", last)
    total = [sum(row["messages"] for row in rows) for rows in (then, now)]
    assert 0 < total[0] < total[1]
