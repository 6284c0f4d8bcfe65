"""The owner's word on a source: `rua label`, `approved` of the settings, and what they change."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics.sources.labels import read
from tests.conftest import Rua
from tests.support.mails.report_documents import Report, store_of

TODAY = date(2026, 11, 30)
SENDGRID = ("149.72.133.8", "167.89.120.65")
STRANGER = "198.51.100.7"
AS_OF = ("--as-of", TODAY.isoformat())


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """example.com: own mail from 192.0.2.1, and failing mail of SendGrid's and a stranger's."""
    failing = [
        Report(TODAY - timedelta(days=n), source_ip=ip, count=4, aligned=False)
        for n, ip in enumerate((*SENDGRID, STRANGER))
    ]
    other = Report(TODAY, domain="other.example", source_ip=SENDGRID[0], aligned=False)
    folder = tmp_path_factory.mktemp("labels") / "s"
    return store_of([Report(TODAY, count=90), *failing, other], folder)


@pytest.fixture
def store(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(original, tmp_path / "labels.duckdb"))


def classes(rua: Rua, store: Path) -> dict[tuple[str, str], str]:
    rows = rua.json("--store", store, "sources", *AS_OF)
    return {(row["domain"], row["source_ip"]): row["class"] for row in rows}


def test_a_label_changes_every_answer_at_once_and_goes_again(rua: Rua, store: Path) -> None:
    before = classes(rua, store)
    assert before["example.com", SENDGRID[0]] != "broken"
    (was,) = rua.json("--store", store, "domains", "--domain", "example.com", *AS_OF)
    done = rua.json(
        "--store", store, "label", "example.com", "SendGrid", "broken", "--note", "invoices", *AS_OF
    )
    assert (done["sources"], done["messages"]) == (2, 8)
    assert done["otherwise"] == {before["example.com", SENDGRID[0]]: 8}
    after = classes(rua, store)
    changed = {key for key in before if after[key] != before[key]}
    assert changed == {("example.com", ip) for ip in SENDGRID}
    assert {after[key] for key in changed} == {"broken"}
    (row,) = rua.json("--store", store, "domains", "--domain", "example.com", *AS_OF)
    assert row["legitimate"] == was["legitimate"] + 8
    assert row["classes"]["broken"] == was["classes"]["broken"] + 8
    (source,) = [
        row
        for row in rua.json("--store", store, "sources", "--source", "sendgrid", *AS_OF)
        if row["domain"] == "example.com" and row["source_ip"] == SENDGRID[0]
    ]
    assert source["decided_by"] == "label"
    assert source["reason"].endswith("invoices")
    gone = rua.json("--store", store, "label", "--remove", "example.com", "sendgrid", *AS_OF)
    assert gone["messages"] == 8
    assert classes(rua, store) == before


@pytest.mark.parametrize(
    ("match", "sources"),
    [
        (STRANGER, 1),
        ("149.72.0.0/16", 1),
        ("sendgrid", 2),
        ("SENDGRID", 2),
        ("192.0.2.1", 1),
        ("unseen.example.net", 0),
        ("2001:db8::/32", 0),
    ],
)
def test_a_label_says_how_much_it_decides(rua: Rua, store: Path, match: str, sources: int) -> None:
    done = rua("--store", store, "label", "example.com", match, "list", *AS_OF)
    assert done.returncode == 0, done.stderr
    wanted = f"{sources} source" if sources else "it matches no mail"
    assert done.stdout.startswith(f"{match} for example.com is list: {wanted}")


def test_labels_are_listed_and_survive_a_rebuild(rua: Rua, store: Path) -> None:
    rua("--store", store, "label", "example.com", "sendgrid", "own")
    rua("--store", store, "label", "other.example", "192.0.2.0/24", "spoof", "--note", "a test")
    rows = rua.json("--store", store, "label", "--list")
    assert [list(row) for row in rows] == [["domain", "match", "class", "note", "made_at"]] * 2
    assert [row["class"] for row in rows] == ["own", "spoof"]
    assert rua("--store", store, "rebuild").returncode == 0
    assert rua.json("--store", store, "label", "--list") == rows
    one = rua.json("--store", store, "label", "--list", "--domain", "Other.example.")
    assert [row["match"] for row in one] == ["192.0.2.0/24"]
    table = rua("--store", store, "label", "--list").stdout
    assert "a test" in table
    as_csv = rua("--store", store, "label", "--list", "--format", "csv").stdout
    assert as_csv.startswith("domain,match,class,note,made_at\n")


def test_a_later_label_takes_the_place_of_an_equal_one(rua: Rua, store: Path) -> None:
    rua("--store", store, "label", "example.com", "sendgrid", "own")
    again = rua.json("--store", store, "label", "example.com", "SendGrid", "spoof", *AS_OF)
    assert again["otherwise"] == {"own": 8}
    assert len(rua.json("--store", store, "label", "--list")) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("exmaple.com", "sendgrid", "own"), "did you mean example.com"),
        (("example.com", "sengrid", "own"), "did you mean SendGrid"),
        (("example.com", "qqqq", "own"), "MATCH is a service (sendgrid), an address (192.0.2.1)"),
        (("example.com", "192.0.2.0/33", "own"), "not a network"),
        (("example.com", "sendgrid", "brokn"), "did you mean broken?"),
        (("example.com", "sendgrid"), "DOMAIN MATCH CLASS"),
        (("--remove", "example.com", "sendgrid"), "has no label on 'sendgrid'"),
        (("--remove", "--list"), "cannot be used together"),
        (("--list", "example.com"), "--list takes no arguments"),
        (("--domain", "example.com", "example.com", "sendgrid", "own"), "needs --list"),
        (("example.com", "sendgrid", "own", "--note", "x" * 501), "at most 500"),
    ],
)
def test_mistakes_are_told_and_change_nothing(
    rua: Rua, store: Path, words: tuple[str, ...], says: str
) -> None:
    done = rua("--store", store, "label", *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert rua.json("--store", store, "label", "--list") == []


def test_a_source_of_the_store_can_be_named_as_it_is_shown(rua: Rua, tmp_path: Path) -> None:
    store = store_of([Report(TODAY, source_ip="217.37.12.5", count=9)], tmp_path / "t")
    (row,) = rua.json("--store", store, "sources", *AS_OF)
    done = rua.json("--store", store, "label", "example.com", row["source"].lower(), "list", *AS_OF)
    assert done["messages"] == 9


def test_a_label_needs_a_store(rua: Rua) -> None:
    done = rua("label", "example.com", "sendgrid", "own")
    assert done.returncode == 4
    assert not (rua.folder / "rua.duckdb").exists()


def test_a_domain_of_the_settings_can_be_labelled_before_its_first_report(
    rua: Rua, store: Path
) -> None:
    (rua.folder / "rua.toml").write_text('[domains."new.example"]\n')
    assert rua("--store", store, "label", "new.example", "sendgrid", "own").returncode == 0


def test_an_approval_makes_failing_mail_broken_and_a_label_stands_over_it(
    rua: Rua, store: Path
) -> None:
    settings = rua.folder / "rua.toml"
    settings.write_text(f'[domains."example.com"]\napproved = ["sendgrid", "{STRANGER}"]\n')
    found = classes(rua, store)
    assert {found["example.com", ip] for ip in (*SENDGRID, STRANGER)} == {"broken"}
    assert found["other.example", SENDGRID[0]] != "broken"
    (row,) = rua.json("--store", store, "domains", "--domain", "example.com", *AS_OF)
    assert row["classes"]["broken"] == 12
    rua("--store", store, "label", "example.com", STRANGER, "spoof")
    assert classes(rua, store)["example.com", STRANGER] == "spoof"


def test_a_misspelt_approval_is_told(rua: Rua, store: Path) -> None:
    """It may also be a service that has not been seen yet, so it is no error."""
    (rua.folder / "rua.toml").write_text('[domains."example.com"]\napproved = ["sengrid"]\n')
    done = rua("--store", store, "sources", *AS_OF)
    assert done.returncode == 0
    assert "'sengrid' is no known sender and no source in this period" in done.stderr
    assert "did you mean SendGrid" in done.stderr
    (rua.folder / "rua.toml").write_text('[domains."example.com"]\napproved = ["sendgrid"]\n')
    assert "no known sender" not in rua("--store", store, "sources", *AS_OF).stderr


@pytest.mark.parametrize("command", ["sources", "domains"])
def test_an_approval_that_names_nothing_is_told_with_its_key(
    rua: Rua, store: Path, command: str
) -> None:
    (rua.folder / "rua.toml").write_text('[domains."example.com"]\napproved = ["192.0.2.0/99"]\n')
    done = rua("--store", store, command)
    assert done.returncode == 2
    assert 'key domains."example.com".approved' in done.stderr
    assert "192.0.2.0/99 is not a network" in done.stderr


@pytest.mark.parametrize(
    ("match", "meant"),
    [
        ("::ffff:192.0.2.1", ("address", "192.0.2.1")),
        ("192.0.2.9/24", ("network", "192.0.2.0/24")),
        ("Mail.Example.NET.", ("domain", "mail.example.net")),
        ("SendGrid", ("source", "sendgrid")),
        ("Some Mail A/S", ("source", "some mail a/s")),
    ],
)
def test_a_match_is_read_as_what_it_looks_like(match: str, meant: tuple[str, str]) -> None:
    assert read(match) == meant
