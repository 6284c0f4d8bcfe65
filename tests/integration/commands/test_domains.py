"""`rua domains` and `rua status` as a person reads them."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import DEMO_UNTIL, Demo, Rua
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.terminal import Terminal

TODAY = date(2026, 11, 30)
AS_OF = ("--as-of", TODAY.isoformat())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Much mail, little, and none that is legitimate; a reporter that stopped."""
    steady = [Report(TODAY - timedelta(days=n), "much.example", count=100) for n in range(7)]
    little = Report(TODAY, "little.example", count=12)
    failing = Report(TODAY, "none.example", source_ip="203.0.113.9", count=3, aligned=False)
    stopped = [
        Report(TODAY - timedelta(days=n), "much.example", "quiet.example") for n in range(8, 14)
    ]
    folder = tmp_path_factory.mktemp("domains") / "s"
    return store_of([*steady, little, failing, *stopped], folder)


def test_a_rate_is_shown_where_it_says_something(rua: Rua, store: Path) -> None:
    lines = rua("--store", store, "domains", *AS_OF).stdout.splitlines()
    table = {line.split()[0]: line for line in lines if not line.startswith(" ")}
    assert "100 %       100 %  99.4 – 100 %" in table["much.example"]
    assert "–  too few messages: 12 of 12" in table["little.example"]
    assert "0.0 %           –  no legitimate mail" in table["none.example"]


def test_shares_by_class_stand_below_each_domain(demo: Demo, rua: Rua) -> None:
    words = (*demo.flags(), "domains", "--as-of", DEMO_UNTIL.isoformat())
    rows = rua.json(*words)
    lines = rua(*words).stdout.splitlines()
    below = {
        line.split()[0]: shares for line, shares in pairwise(lines[1:]) if not line.startswith(" ")
    }
    for row in rows:
        classes = row["classes"]
        named = {word.split()[0] for word in below[row["domain"]].strip().split(", ")}
        indirect = {"forwarder": "indirect", "list": "indirect"}
        assert named == {indirect.get(name, name) for name, count in classes.items() if count}


def test_csv_holds_the_messages_of_each_class(rua: Rua, store: Path) -> None:
    head, *lines = rua("--store", store, "domains", "--format", "csv", *AS_OF).stdout.splitlines()
    assert head.endswith(",enough,verdict,own,broken,forwarder,list,spoof,undecided")
    much = next(line for line in lines if line.startswith("much.example"))
    assert much.endswith(",yes,wait,706,0,0,0,0,0")


@pytest.mark.parametrize("width", [80, 120])
def test_domains_fit_a_terminal(demo: Demo, tmp_path: Path, width: int) -> None:
    words = ("domains", "--as-of", DEMO_UNTIL.isoformat())
    at = Terminal(tmp_path, *demo.flags(), *words, COLUMNS=str(width), NO_COLOR="1")
    assert at.end() == 0
    assert max(map(len, at.seen.splitlines())) <= width
    for row in Rua(tmp_path).json(*demo.flags(), *words):
        assert row["domain"] in at.seen


def test_status_says_who_reports_how_often_and_how_soon(demo: Demo, rua: Rua) -> None:
    status = rua.json(*demo.flags(), "status", "--as-of", DEMO_UNTIL.isoformat())
    reporters = {row["reporter"]: row for row in status["reporters"]}
    google = reporters["google.com"]
    assert 0 < google["recent_days"] <= 12
    assert 0 < google["delay_hours"] < 48
    assert status["coverage"].startswith("Only receivers that send reports are counted")


def test_status_names_who_has_gone_silent(rua: Rua, store: Path) -> None:
    said = rua("--store", store, "status", *AS_OF).stdout
    assert "\nGone silent: quiet.example.\nOnly receivers that send reports are counted" in said
    (quiet,) = [
        row
        for row in rua.json("--store", store, "status", *AS_OF)["reporters"]
        if row["reporter"] == "quiet.example"
    ]
    assert (quiet["is_missing"], quiet["recent_days"]) == (True, 6)
