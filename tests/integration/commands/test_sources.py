"""`rua sources` in all its forms, and `rua reports` of one source."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import DEMO_UNTIL, Demo, Rua
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.terminal import Terminal

TODAY = date(2026, 11, 30)
AS_OF = ("--as-of", TODAY.isoformat())
OWN, NEW, GONE = "192.0.2.1", "149.72.133.8", "217.37.12.5"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An own source of six days, one that is new and fails, and one that has gone."""
    own = [Report(TODAY - timedelta(days=n), source_ip=OWN, count=10 + n) for n in range(0, 60, 10)]
    second = Report(TODAY, reporter="second.example", source_ip=OWN, count=5)
    new = Report(TODAY - timedelta(days=2), source_ip=NEW, count=3, aligned=False)
    gone = [Report(TODAY - timedelta(days=n), source_ip=GONE, count=7) for n in (36, 124)]
    long_gone = Report(TODAY - timedelta(days=126), source_ip="192.0.2.99")
    folder = tmp_path_factory.mktemp("sources") / "s"
    return store_of([*own, second, new, *gone, long_gone], folder)


def test_new_sources_are_those_first_seen_in_the_last_seven_days(rua: Rua, store: Path) -> None:
    (row,) = rua.json("--store", store, "sources", "--new", *AS_OF)
    assert (row["source_ip"], row["is_new"]) == (NEW, True)
    before = rua.json("--store", store, "sources", "--new", "--as-of", "2026-11-27")
    assert before == []
    (service,) = rua.json("--store", store, "sources", "--new", "--by", "source", *AS_OF)
    assert service["source"] == row["source"]


def test_gone_sources_have_mail_in_the_90_days_before_and_none_since(rua: Rua, store: Path) -> None:
    (row,) = rua.json("--store", store, "sources", "--gone", *AS_OF)
    assert row.keys() >= {"domain", "source_ip", "source", "messages", "first_seen", "last_seen"}
    assert (row["source_ip"], row["messages"]) == (GONE, 14)
    assert (row["first_seen"], row["last_seen"]) == ("2026-07-29", "2026-10-25")
    assert rua.json("--store", store, "sources", "--gone", "--days", "37", *AS_OF) != [row]


def test_by_day_tells_volume_and_what_passes(rua: Rua, store: Path) -> None:
    rows = rua.json("--store", store, "sources", "--by", "day", *AS_OF)
    days = {(row["source"], row["day"]): row for row in rows}
    assert len(days) == len(rows) == 5
    last = days[OWN, "2026-11-30"]
    assert (last["messages"], last["aligned"], last["reporters"]) == (15, 15, 2)
    assert (last["dkim_aligned"], last["spf_aligned"], last["indeterminate"]) == (15, 0, 0)
    assert (last["legitimate"], last["legitimate_aligned"]) == (15, 15)
    total = sum(row["messages"] for row in rua.json("--store", store, "sources", *AS_OF))
    assert sum(row["messages"] for row in rows) == total
    some = rua.json("--store", store, "sources", "--by", "day", "--class", "own", *AS_OF)
    assert {row["source"] for row in some} == {OWN}


@pytest.mark.parametrize("name", ["sendgrid", "SendGrid", "Twilio SendGrid"])
def test_a_source_is_chosen_by_any_of_its_names(rua: Rua, store: Path, name: str) -> None:
    done = rua("--store", store, "sources", "--source", name, "--format", "csv", *AS_OF)
    assert [line.split(",")[1] for line in done.stdout.splitlines()[1:]] == [NEW]


def test_a_name_that_nobody_bears_is_an_error(rua: Rua, store: Path) -> None:
    done = rua("--store", store, "sources", "--source", "sengrid", *AS_OF)
    assert done.returncode == 2
    assert "did you mean SendGrid?" in done.stderr
    assert rua.json("--store", store, "sources", "--source", "mailchimp", *AS_OF) == []


def test_gone_goes_with_few_other_flags(rua: Rua, store: Path) -> None:
    for words in (("--class", "own"), ("--new",), ("--by", "day")):
        done = rua("--store", store, "sources", "--gone", *words)
        assert done.returncode == 2
        assert "--gone can be combined with" in done.stderr


def test_the_reports_behind_a_source(rua: Rua, store: Path) -> None:
    behind = rua.json("--store", store, "reports", "--source-ip", OWN, *AS_OF)
    assert len(behind) == 5
    for row in behind:
        contents = rua.json("--store", store, "show", str(row["id"]))["contents"]
        assert OWN in {each["source_ip"] for each in contents}
    (one,) = rua.json("--store", store, "reports", "--source", "SENDGRID", *AS_OF)
    assert one["day"] == "2026-11-28"
    assert rua.json("--store", store, "reports", "--source-ip", "192.0.2.77", *AS_OF) == []
    bad = rua("--store", store, "reports", "--source-ip", "192.0.2")
    assert bad.returncode == 2
    assert "is not an IP address" in bad.stderr


def test_an_address_is_found_however_it_is_written(rua: Rua, tmp_path: Path) -> None:
    store = store_of([Report(TODAY, source_ip="2001:db8::1")], tmp_path / "t")
    words = ("reports", "--source-ip", "2001:0DB8:0:0::0001")
    assert len(rua.json("--store", store, *words, *AS_OF)) == 1


CLASSES = ("own", "broken", "forwarder", "list", "spoof", "undecided")


@pytest.mark.parametrize("class_", CLASSES)
def test_each_class_can_be_chosen(demo: Demo, rua: Rua, class_: str) -> None:
    words = ("sources", "--class", class_, "--as-of", DEMO_UNTIL.isoformat())
    assert {row["class"] for row in rua.json(*demo.flags(), *words)} <= {class_}


@pytest.mark.parametrize("width", [80, 120])
def test_reasons_are_readable_on_a_terminal(demo: Demo, tmp_path: Path, width: int) -> None:
    """Each stands below its row, within the terminal, with no word of it lost."""
    run = Rua(tmp_path)
    rows = run.json(*demo.flags(), "sources", "--as-of", DEMO_UNTIL.isoformat())
    at = Terminal(
        tmp_path,
        *(*demo.flags(), "sources", "--as-of", DEMO_UNTIL.isoformat()),
        COLUMNS=str(width),
    )
    assert at.end() == 0
    seen = COLOUR.sub("", at.seen)
    assert max(map(len, seen.splitlines())) <= width
    one_line = " ".join(seen.split())
    for row in rows:
        assert row["reason"] in one_line
        if row["settled_by"]:
            assert f"to decide: {row['settled_by']}" in one_line


def test_a_class_has_its_colour_on_a_terminal_alone(store: Path, tmp_path: Path) -> None:
    words = ("--store", store, "sources", *AS_OF)
    coloured = Terminal(tmp_path, *words)
    assert coloured.end() == 0
    assert "\x1b[32mown\x1b[0m" in coloured.seen
    plain = Terminal(tmp_path, *words, NO_COLOR="1")
    assert plain.end() == 0
    assert "\x1b" not in plain.seen
    assert "\x1b" not in Rua(tmp_path)(*words).stdout


def test_numbers_are_aligned_at_their_right(rua: Rua, store: Path) -> None:
    lines = rua("--store", store, "sources", *AS_OF).stdout.splitlines()
    end = lines[0].index("messages") + len("messages")
    rows = [line for line in lines[1:] if not line.startswith(" ")]
    assert all(line[end - 1].isdigit() and line[end] == " " for line in rows)


def test_csv_holds_the_reasons(rua: Rua, store: Path) -> None:
    lines = rua("--store", store, "sources", "--format", "csv", *AS_OF).stdout.splitlines()
    assert lines[0].endswith(",reason,settled_by")
