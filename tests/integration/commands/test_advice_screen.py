"""The advice on one domain fits a screen, and each of its numbers can be followed."""

import json
import shlex
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analytics.query.window import Window
from dashboards.cli.advice_text import flags_for, in_full, on_a_screen
from dashboards.cli.main import main
from dashboards.cli.tables import rows_taken
from tests.conftest import Rua
from tests.support.screens.terminal import Terminal
from tests.support.stores.quick_store import quick_store

UNTIL = date(2026, 11, 20)
FLAGS = f"--as-of {UNTIL}"
INDIRECT = ("list", "forwarder")
Row = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("screen")
    quick_store(made, seed=1, until=UNTIL)
    return made


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Row]:
    found: list[Row] = Rua(folder).json(
        "--config", folder / "rua.toml", "advise", "--as-of", str(UNTIL)
    )
    return found


def taken(lines: Sequence[str], width: int) -> int:
    return sum(rows_taken(line, width) for line in lines)


@pytest.mark.parametrize("width", [80, 120])
def test_every_domain_of_the_demo_fits_and_names_the_next_step_first(
    rows: list[Row], width: int
) -> None:
    assert len(rows) >= 15
    for row in rows:
        lines = on_a_screen(row, FLAGS, width)
        assert taken(lines, width) <= 23, row["domain"]
        assert lines[0].startswith(f"{row['domain']}: {row['verdict']}")
        then = "Publish: " if row["verdict"] in ("advance", "roll-back") else "Next: "
        assert any(line.startswith(then) for line in lines[1:3])
        for blocker in row["blockers"][:1]:
            assert any(line.startswith(f"1. {blocker['source']}") for line in lines)
        _failed_checks_come_first(row, lines)


def _failed_checks_come_first(row: Row, lines: Sequence[str]) -> None:
    marks = [line.split()[0] for line in lines if line.startswith(("failed  ", "ok      "))]
    failed = sum(not gate["ok"] for gate in row["gates"])
    assert marks[:failed] == ["failed"] * failed
    assert marks[failed:] in ([], ["ok"])


def on_the_terminal(folder: Path, *words: str) -> list[str]:
    terminal = Terminal(folder, *words, RUA_CONFIG=str(folder / "rua.toml"), COLUMNS="80")
    assert terminal.end() == 0
    return terminal.seen.splitlines()


def test_a_terminal_of_80_columns_shows_it_so(folder: Path, rows: list[Row]) -> None:
    row = next(row for row in rows if len(row["blockers"]) > 1)
    words = ("advise", row["domain"], "--as-of", str(UNTIL))
    shown = on_the_terminal(folder, *words)
    assert shown == on_a_screen(row, FLAGS, 80)
    whole = on_the_terminal(folder, *words, "--full")
    assert whole == in_full(row, FLAGS, 80)
    said = " ".join(" ".join(whole).split())
    for blocker in row["blockers"]:
        for key in ("reason", "remedy", "fixed_when"):
            assert " ".join(blocker[key].split()) in said


def one_of_each(rows: list[Row]) -> list[Row]:
    """One domain of each verdict and kind of blocker."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        kind = row["blockers"][0]["class"] if row["blockers"] else ""
        found.setdefault((row["verdict"], kind), row)
    return list(found.values())


def commands(lines: Sequence[str]) -> list[list[str]]:
    found = [line[line.index("rua ") :] for line in lines if " rua " in f" {line}"]
    return [shlex.split(each)[1:] for each in found if not each.startswith("rua label")]


def test_every_command_works_as_printed_and_gives_the_numbers(
    folder: Path,
    rows: list[Row],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RUA_CONFIG", str(folder / "rua.toml"))
    monkeypatch.setenv("RUA_DNS__OFFLINE", "true")
    asked = set()
    for row in one_of_each(rows):
        lines = [*on_a_screen(row, FLAGS, 80), *in_full(row, FLAGS, 80)]
        for words in {tuple(words) for words in commands(lines)}:
            assert main([*words, "--format", "json"]) == 0, words
            found = json.loads(capsys.readouterr().out)
            asked.add(words[0])
            CHECKS[words[0]](row, words, found)
    assert asked == set(CHECKS)


def _whatif(row: Row, words: Sequence[str], found: Row) -> None:
    for key, value in row["impact"].items():
        assert found[key] == value, (words, key)
    assert found["legitimate"] == row["window"]["legitimate"]


def _sources(row: Row, words: Sequence[str], found: list[Row]) -> None:
    name = words[words.index("--source") + 1]
    mine = [each for each in row["blockers"] if each["source"] == name]
    classes = {each["class"] for each in mine}
    classes |= set(INDIRECT) if "list" in classes else set()
    sent = sum(each["messages"] for each in found if each["class"] in classes)
    assert sent == sum(each["messages"] for each in mine), words


def _domains(row: Row, words: Sequence[str], found: list[Row]) -> None:
    (told,) = found
    for key in ("messages", "legitimate", "unverified"):
        assert told[key] == row["window"][key]


def _reports(row: Row, words: Sequence[str], found: list[Row]) -> None:
    counted = [each for each in found if each["counted"] and each["kind"] == "dmarc"]
    assert counted
    if "--source" not in words:
        assert sum(each["messages"] for each in counted) == row["window"]["messages"]
        unverified = [each for each in counted if each["authenticity"] != "verified"]
        assert sum(each["messages"] for each in unverified) == row["window"]["unverified"]


def _advise(row: Row, words: Sequence[str], found: Any) -> None:
    if "--history" in words:
        days = [each["day"] for each in found["policy_changes"] if each["by"] == "reports"]
        assert row["window"]["policy_since"] in days
    else:
        assert found[0]["gates"] == row["gates"]


CHECKS: dict[str, Callable[[Row, Sequence[str], Any], None]] = {
    "whatif": _whatif,
    "sources": _sources,
    "domains": _domains,
    "reports": _reports,
    "advise": _advise,
}


def test_names_and_texts_of_any_length_fit_and_stay_text(rows: list[Row]) -> None:
    row = deepcopy(next(row for row in rows if row["blockers"]))
    row["reason"] = "a reason that goes on and on " * 8
    source = "O'Brien; rm -rf $HOME \x1b[2J\u202e " + "Enormous Holdings " * 6
    one = row["blockers"][0] | {"source": source, "remedy": "step " * 300, "reason": "why " * 300}
    row["blockers"] = [dict(one) for _ in range(40)]
    for width in (80, 120):
        for lines in (on_a_screen(row, FLAGS, width), in_full(row, FLAGS, width)):
            assert not any("\x1b" in line or "\u202e" in line for line in lines)
            for line in lines:
                if "rua sources" in line:
                    words = shlex.split(line)
                    assert words[words.index("--source") + 1].startswith("O'Brien; rm -rf $HOME ")
        assert taken(on_a_screen(row, FLAGS, width), width) <= 23
    assert "39 more" in " ".join(on_a_screen(row, FLAGS, 80))


def test_a_source_of_the_months_before_is_looked_for_in_them(rows: list[Row]) -> None:
    row = deepcopy(next(row for row in rows if row["blockers"]))
    row["blockers"][0] |= {"source": "Biller", "last_seen": "2026-09-01"}
    line = next(line for line in on_a_screen(row, FLAGS, 80) if "--source Biller" in line)
    assert "--since 2026-07-09 --until 2026-10-16 --as-of 2026-11-20" in line


def test_the_days_asked_about_are_asked_about_again() -> None:
    usual = Window.up_to(UNTIL)
    assert flags_for(usual, UNTIL) == ""
    assert flags_for(usual, date(2026, 11, 21)) == "--as-of 2026-11-20"
    assert flags_for(Window(date(2026, 11, 14), UNTIL, UNTIL), UNTIL) == "--days 7"
    parted = Window(date(2026, 10, 1), date(2026, 10, 31), UNTIL)
    assert flags_for(parted, UNTIL) == "--since 2026-10-01 --until 2026-10-31"
