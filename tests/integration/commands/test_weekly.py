"""`rua weekly`: the files of a week, held against `rua domains` of the same days."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Demo, Rua
from tests.support.mails.report_documents import Report, store_of
from tests.support.mails.tls_documents import Said, policy
from tests.support.mails.tls_documents import store_of as tls_store_of
from tests.support.screens.pdf import needs_pango, pages

WEEK = "2026-W44"  # the demo's last: it ends on a Sunday
DAYS = ("--since", "2026-10-26", "--until", "2026-11-01")
AS_OF = ("--as-of", "2026-11-03")
SUMS = ("reports", "messages", "aligned", "legitimate", "legitimate_aligned")
FILES = {"report.html", "report.xlsx", "report.pdf"}
SHEETS = ["Summary", "Domains", "Sources", "Decisions", "Changes", "TLS", "Reporters"]


@pytest.fixture(scope="module", autouse=True)
def pango() -> None:
    needs_pango()


@pytest.fixture(scope="module")
def made(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The demo's week, and what the command said of it."""
    folder = tmp_path_factory.mktemp("weekly")
    said = Rua(folder).json(*demo.flags(), "weekly", "--out", folder, *AS_OF)
    return folder / WEEK, said


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_last_whole_week_is_taken_and_every_file_is_there(made: tuple[Path, Any]) -> None:
    folder, said = made
    assert said["week"] == folder.name
    assert (said["first"], said["last"]) == ("2026-10-26", "2026-11-01")
    for group in said["groups"]:
        written = {Path(path).relative_to(group["folder"]).as_posix() for path in group["files"]}
        assert written == FILES | {f"csv/{name.lower()}.csv" for name in SHEETS}
        assert all(Path(path).stat().st_size for path in group["files"])


def test_totals_equal_rua_domains_of_the_same_days(
    demo: Demo, rua: Rua, made: tuple[Path, Any]
) -> None:
    _, said = made
    known = {row["domain"]: row for row in rua.json(*demo.flags(), "domains", *DAYS, *AS_OF)}
    found: dict[str, dict[str, str]] = {}
    for group in said["groups"]:
        listed = rows(Path(group["folder"]) / "csv" / "domains.csv")
        for key in SUMS:
            assert sum(int(row[key.replace("_", " ")]) for row in listed) == group[key], key
        found |= {row["domain"]: row for row in listed}
    assert known.keys() <= found.keys()
    assert not any(int(found[name]["messages"]) for name in found.keys() - known.keys())
    for name, row in known.items():
        for key in SUMS:
            assert int(found[name][key.replace("_", " ")]) == row[key], (name, key)
        low, high = row["interval"] or (None, None)
        assert found[name]["interval from"] == ("" if low is None else repr(low))
        assert found[name]["interval to"] == ("" if high is None else repr(high))
        assert {key: int(found[name][key]) for key in row["classes"]} == row["classes"]
    for key in SUMS:
        assert said["totals"][key] == sum(row[key] for row in known.values())


def test_verdicts_are_those_of_rua_advise_on_that_sunday(
    demo: Demo, rua: Rua, made: tuple[Path, Any]
) -> None:
    _, said = made
    advised = rua.json(*demo.flags(), "advise", "--offline", "--until", "2026-11-01", *AS_OF)
    known = {row["domain"]: (row["verdict"], row["record"] or "") for row in advised}
    found = {
        row["domain"]: (row["verdict"], row["record"])
        for group in said["groups"]
        for row in rows(Path(group["folder"]) / "csv" / "domains.csv")
    }
    assert {name: told for name, told in found.items() if told[0]} == known
    for group in said["groups"]:
        html = (Path(group["folder"]) / "report.html").read_text()
        assert group["headline"] in html


def test_sources_and_domains_of_a_group_count_alike(made: tuple[Path, Any]) -> None:
    for group in made[1]["groups"]:
        listed = rows(Path(group["folder"]) / "csv" / "sources.csv")
        assert sum(int(row["messages"]) for row in listed) == group["messages"]
        assert sum(int(row["legitimate"]) for row in listed) == group["legitimate"]


def test_the_workbook_has_typed_cells_and_neither_formula_nor_link(
    made: tuple[Path, Any],
) -> None:
    group = made[1]["groups"][0]
    book = openpyxl.load_workbook(Path(group["folder"]) / "report.xlsx")
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)
    head, *body = book["Domains"].iter_rows(values_only=True)
    messages = head.index("messages")
    assert sum(row[messages] for row in body) == group["messages"]
    head, *body = book["Sources"].iter_rows(values_only=True)
    first_seen = head.index("first seen")
    assert all(row[first_seen].year == 2026 for row in body)


def test_the_pdf_tells_the_same(made: tuple[Path, Any]) -> None:
    for group in made[1]["groups"]:
        text = " ".join(" ".join(pages(Path(group["folder"]) / "report.pdf")).split())
        assert group["headline"] in text
        for row in rows(Path(group["folder"]) / "csv" / "domains.csv"):
            assert row["domain"] in text.replace(" ", "")


def test_the_same_store_gives_the_same_bytes(rua: Rua, tmp_path: Path) -> None:
    reports = [
        Report(date(2026, 10, 12 + n), name, count=30)
        for n in range(14)
        for name in ("a.example", "b.example")
    ]
    store = store_of(reports, tmp_path / "s")
    contents = []
    for out in ("one", "two"):
        rua.json("--store", store, "weekly", "--out", out, "--week", "2026-W43")
        made = rua.folder / out
        contents.append({path.relative_to(made): path.read_bytes() for path in made.rglob("*.*")})
    assert len(contents[0]) == len(FILES) + len(SHEETS)
    assert contents[0] == contents[1]


def test_a_quiet_week_says_so(rua: Rua, tmp_path: Path) -> None:
    days = [date(2026, 10, 12 + n) for n in range(18)]  # they go on after that week
    store = store_of([Report(day, count=30) for day in days], tmp_path / "s")
    group = rua.json("--store", store, "weekly", "--out", "out", "--week", "2026-W43")["groups"][0]
    html = (rua.folder / group["folder"] / "report.html").read_text()
    assert (group["changes"], group["decisions"]) == (0, 0)
    assert "A quiet week: no change, and no decision to take." in html


def test_reports_that_stop_are_told_as_known_on_the_day_of_the_telling(
    rua: Rua, tmp_path: Path
) -> None:
    """Six silent days by Monday, eight by Wednesday: then no record is to be published."""
    days = [date(2026, 10, 20) - timedelta(days=n) for n in range(60)]
    sent = [
        Report(day, reporter=name, count=30)
        for day in days
        for name in ("google.com", "yahoo", "gmx")
    ]
    store = store_of(sent, tmp_path / "s")
    words = ("--store", store, "weekly", "--out", "out", "--week", "2026-W43", "--as-of")
    monday = rua.json(*words, "2026-10-26")["groups"][0]
    publish = rows(rua.folder / monday["folder"] / "csv" / "decisions.csv")
    assert [row["kind"] for row in publish] == ["publish"]
    later = rua.json(*words, "2026-10-28")["groups"][0]
    (row,) = rows(rua.folder / later["folder"] / "csv" / "decisions.csv")
    assert (row["kind"], row["record"]) == ("check", "")
    assert row["what"].startswith("no report for 8 days")
    html = (rua.folder / later["folder"] / "report.html").read_text()
    assert "no report for 8 days" in html.lower()


def test_a_week_without_reports_says_so_and_is_written(rua: Rua, tmp_path: Path) -> None:
    store = store_of([Report(date(2026, 10, 14), count=30)], tmp_path / "s")
    done = rua("--store", store, "weekly", "--out", "out", "--week", "2026-W43")
    assert done.returncode == 0
    assert "no report covers this week" in done.stderr
    html = (rua.folder / "out/2026-W43/all-domains/report.html").read_text()
    assert "No report covers this week" in html
    assert "No pass rate: no report covers this week." in html


def test_tls_failures_are_told_with_their_remedy(rua: Rua, tmp_path: Path) -> None:
    failure = {
        "result-type": "certificate-expired",
        "receiving-mx-hostname": "mx.example.com",
        "failed-session-count": 40,
    }
    report = Said(date(2026, 10, 21), [policy(60, 40, failure)])
    store = tls_store_of([report], tmp_path / "t")
    (tmp_path / "rua.toml").write_text(f'store = "{store}"\n[domains."example.com"]\n')
    words = ("--config", "rua.toml", "weekly", "--out", "out", "--week", "2026-W43")
    rua.json(*words)
    folder = rua.folder / "out/2026-W43/all-domains"
    assert "Renew the certificate of mx.example.com" in (folder / "report.html").read_text()
    (row,) = rows(folder / "csv" / "tls.csv")
    assert (row["successful"], row["failed"]) == ("60", "40")
    assert rows(folder / "csv" / "changes.csv")[0]["kind"] == "TLS failures"


def test_groups_have_folders_of_their_own_and_strangers_domains_none(
    rua: Rua, tmp_path: Path
) -> None:
    day = date(2026, 10, 21)
    names = ("one.example", "two.example", "three.example", "stranger.example")
    store = store_of([Report(day, name, count=30) for name in names], tmp_path / "s")
    (tmp_path / "rua.toml").write_text(
        f'store = "{store}"\n'
        '[domains."one.example"]\ngroup = "../../etc"\n'
        '[domains."two.example"]\ngroup = "ETC"\n'
        '[domains."three.example"]\n'
    )
    done = rua(
        *("--config", "rua.toml", "weekly", "--out", "out", "--week", "2026-W43"),
        *("--format", "json"),
    )
    assert "1 domain with reports but not in the settings" in done.stderr
    said = json.loads(done.stdout)
    folders = {group["group"]: Path(group["folder"]).name for group in said["groups"]}
    assert folders.keys() == {"../../etc", "ETC", None}
    assert folders[None] == "no-group"
    assert len(set(folders.values())) == 3
    assert all(name.startswith("etc-") for group, name in folders.items() if group)
    written = {path.name for path in (rua.folder / "out").iterdir()}
    assert written == {"2026-W43"}
    assert said["totals"]["messages"] == 90


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--week", "2026-W60"), "is not an ISO week; write it as 2026-W46"),
        (("--week", "soon"), "is not an ISO week"),
        (("--week", "2026-W45", "--as-of", "2026-11-04"), "the last whole week is 2026-W44"),
    ],
)
def test_a_week_that_is_none_is_refused(
    demo: Demo, rua: Rua, words: tuple[str, ...], says: str
) -> None:
    done = rua(*demo.flags(), "weekly", "--out", "out", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert not (rua.folder / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(rua: Rua, tmp_path: Path) -> None:
    store = store_of([Report(date(2026, 10, 21), count=30)], tmp_path / "s")
    (rua.folder / "out").mkdir()
    (rua.folder / "out" / "2026-W43").write_text("in the way")
    done = rua("--store", store, "weekly", "--out", "out", "--week", "2026-W43")
    assert done.returncode == 2
    assert "out/2026-W43/all-domains/report.html: cannot be written" in done.stderr


def test_without_pango_the_other_files_are_written_and_an_older_pdf_goes(
    rua: Rua, tmp_path: Path
) -> None:
    store = store_of([Report(date(2026, 10, 21), count=30)], tmp_path / "s")
    words = ("--store", store, "weekly", "--out", "out", "--week", "2026-W43", "--format", "json")
    assert rua(*words).returncode == 0
    folder = rua.folder / "out/2026-W43/all-domains"
    assert (folder / "report.pdf").is_file()
    broken = tmp_path / "fault"
    broken.mkdir()
    (broken / "weasyprint.py").write_text(
        'print("a guide to installing it")\n'
        "raise OSError(\"cannot load library 'libpango-1.0-0'\")\n"
    )
    done = rua(*words, env={"PYTHONPATH": str(broken)})
    assert done.returncode == 2
    assert "no PDF was written: the system has no Pango" in done.stderr
    assert "Traceback" not in done.stderr
    json.loads(done.stdout)  # and nothing of the library's talk
    assert not (folder / "report.pdf").exists()
    assert (folder / "report.html").is_file()
