"""`rua whatif` as a person calls it."""

import csv
import io
from pathlib import Path

import pytest

from tests.conftest import DEMO_UNTIL, Demo, Rua
from tests.support.mails.made_mail import LAST, Mail, days_back, on_working_days, stored
from tests.support.screens.terminal import Terminal

AS_OF = ("--as-of", DEMO_UNTIL.isoformat())
KEYS = """domain policy messages rejected quarantined legitimate_lost interval undecided by_class
by_source dialects observed best worst not_replayed indirect_lost spoof_stopped"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Own mail, a gateway that breaks signatures, and a stranger who sends once."""
    signed = [("example.com", "pass")]
    days = on_working_days(30)
    own = Mail(["192.0.2.1"], days, 10, dkim=signed, spf=("example.com", "pass"))
    gateway = Mail(["192.0.2.1"], days, 1, dkim=[("example.com", "fail")])
    below = Mail(["192.0.2.1"], days, 2, dkim=signed, header_from="shop.example.com")
    stranger = Mail(["203.0.113.9"], days_back(3), 5, header_from="x1.example.com")
    return stored([own, gateway, below, stranger], tmp_path_factory.mktemp("whatif") / "s")


def test_the_answer_has_the_promised_keys(demo: Demo, rua: Rua) -> None:
    found = rua.json(*demo.flags(), "whatif", "example.com", "--p", "reject", *AS_OF)
    assert set(KEYS.split()) <= found.keys()
    assert set(found["policy"]) == {"p", "sp", "np", "adkim", "aspf"}
    assert found["rejected"] == sum(row["rejected"] for row in found["by_class"].values())
    assert found["messages"] == sum(row["messages"] for row in found["by_class"].values())
    source = {"source", "source_ips", "class", "messages", "lost", "share", "left_after"}
    assert all(source <= row.keys() for row in found["by_source"])
    (domain,) = rua.json(*demo.flags(), "domains", "--domain", "example.com", *AS_OF)
    assert found["legitimate"] == domain["legitimate"]
    assert found["legitimate_lost"] == domain["legitimate"] - domain["legitimate_aligned"]


def test_what_fails_is_lost_where_its_tag_enforces(rua: Rua, store: Path) -> None:
    words = ("--store", store, "whatif", "example.com", "--until", LAST.isoformat())
    rejecting = rua.json(*words, "--p", "reject")
    days, receivers = len(on_working_days(30)), 3
    assert rejecting["legitimate_lost"] == days * receivers
    assert rejecting["rejected"] == days * receivers + 15
    low, high = rejecting["interval"]
    assert low < rejecting["legitimate_lost"] < high
    nothing = rua.json(*words, "--p", "none")
    assert (nothing["rejected"], nothing["legitimate_lost"], nothing["interval"]) == (0, 0, [0, 0])
    below = rua.json(*words, "--p", "none", "--np", "quarantine")
    assert (below["quarantined"], below["legitimate_lost"]) == (15, 0)
    assert below["unknown_names"] == 15
    exact = rua.json(*words, "--p", "reject", "--adkim", "s", "--aspf", "s")
    assert (
        exact["legitimate_lost"] == days * receivers * 3
    )  # shop.example.com, signed by its parent
    assert exact["by_source"][0]["left_after"] == 0


def test_csv_is_what_is_lost_by_source(rua: Rua, store: Path) -> None:
    done = rua(
        *("--store", store, "whatif", "example.com", "--p", "reject", "--format", "csv"),
        *("--until", LAST.isoformat()),
    )
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [int(row["lost"]) for row in rows] == sorted(
        (int(r["lost"]) for r in rows), reverse=True
    )
    assert rows[0]["class"] in ("own", "broken")


@pytest.mark.parametrize("domain", ["example.com", "example.net", "tallship.example"])
def test_it_fits_a_small_terminal_and_says_the_answer_first(
    demo: Demo, tmp_path: Path, domain: str
) -> None:
    words = ("whatif", domain, "--p", "reject", *AS_OF)
    at = Terminal(tmp_path, *demo.flags(), *words, COLUMNS="80", NO_COLOR="1")
    assert at.end() == 0
    lines = at.seen.splitlines()
    assert len(lines) <= 23  # and one for the prompt
    assert max(map(len, lines)) <= 80
    told = Rua(tmp_path).json(*demo.flags(), *words)
    lost, legitimate = told["legitimate_lost"], told["legitimate"]
    assert lines[0].startswith(f"At p=reject {lost:,} of {legitimate:,} legitimate messages in 35")
    assert f"by {told['reporters']} reporters" in at.seen
    assert "in unverified reports" in at.seen.replace("\r\n", " ")


def test_a_mistyped_domain_is_answered_with_the_nearest(demo: Demo, rua: Rua) -> None:
    done = rua(*demo.flags(), "whatif", "exmaple.com", "--p", "reject")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no reports about exmaple.com; did you mean example.com" in done.stderr
    assert rua(*demo.flags(), "whatif", "example.com").returncode == 2
    assert rua(*demo.flags(), "whatif", "example.com", "--p", "rejct").returncode == 2


def test_days_without_mail_are_said(rua: Rua, store: Path) -> None:
    past = ("--store", store, "whatif", "example.com", "--p", "reject", "--until", "2020-01-01")
    done = rua(*past)
    assert (done.returncode, done.stdout) == (0, "")
    assert "no mail in these days" in done.stderr
    assert rua.json(*past)["messages"] == 0


def test_names_from_reports_drive_neither_terminal_nor_spreadsheet(
    rua: Rua, tmp_path: Path
) -> None:
    hostile = "=cmd\x9b2J\u202e.example"
    mail = Mail(["203.0.113.9"], days_back(*range(9)), spf=(hostile, "pass"))
    store = stored([mail], tmp_path / "s")
    words = ("--store", store, "whatif", "example.com", "--p", "reject")
    as_of = ("--until", LAST.isoformat())
    table, as_csv = rua(*words, *as_of).stdout, rua(*words, *as_of, "--format", "csv").stdout
    for printed in (table, as_csv):
        assert "cmd" in printed
        assert not {"\x9b", "\u202e"} & set(printed)
    assert "\n'=cmd" in as_csv
