"""The screens on reports, and on one of them: browsing, conflicts, quarantine, who is genuine."""

import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.web.components.report_text import AUTHENTICITIES, CODES, KINDS, STATES
from dashboards.web.components.table import PAGE
from dashboards.web.screens.reports.retry import read_again
from schemas.config.access import LOGIN
from schemas.errors import AccessDenied
from schemas.store.row_access import Scope
from schemas.store.store import Store
from tests.integration.screens.test_auth import claims
from tests.support.mails.report_documents import Report, store_of
from tests.support.mails.tls_documents import Said
from tests.support.paths import GOLDEN
from tests.support.screens.screens import Opened, opener, tables_of, words
from tests.support.stores.read_here import read_here

DAY = date(2026, 11, 19)
REFUSED_RECORD = GOLDEN / "dmarc" / "record-refused-among-good-ones.xml"
VIEWS = ("browse", "conflicts", "quarantine", "genuine", "coverage")
MANY = 60


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    return opener(monkeypatch, tmp_path, DAY.isoformat())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty reports, a conflict, a TLS report, one that cannot be read, and four such records."""
    folder = tmp_path_factory.mktemp("reports") / "s"
    reports = [Report(DAY, source_ip=f"192.0.2.{n}", count=n + 1) for n in range(MANY - 1)]
    path = store_of([*reports, Report(DAY, "b.example", count=5)], folder)
    more = folder / "more"
    more.mkdir()
    Report(DAY, "b.example", count=900).write(more / "conflict.xml")
    Said(DAY).write(more / "tls.json")
    (more / "bad.xml").write_text("<feedback/>")
    (more / "records.xml").write_bytes(REFUSED_RECORD.read_bytes())
    read_here(path, more)
    return path


def ids(app: AppTest, table: str, column: str = "link") -> list[int]:
    links = list(tables_of(app)[table][column])
    assert all(link.startswith("report?report=") for link in links)
    return [int(link.split("=")[1].split("&")[0]) for link in links]


def test_every_report_is_on_one_of_the_pages(store: Path, opened: Opened) -> None:
    app = opened(store, "reports")
    first = ids(app, "Reports")
    assert len(first) == PAGE
    assert f"1 – {PAGE} of {MANY + 2} reports" in words(app)
    found = [*first]
    for page in range(2, -(-(MANY + 2) // PAGE) + 1):
        app.pagination[0].set_value(page).run()
        found += ids(app, "Reports")
    assert len({*found}) == len(found) == MANY + 2
    assert found == sorted(found, reverse=True)


def test_reports_are_chosen_by_kind_state_reporter_and_domain(store: Path, opened: Opened) -> None:
    app = opened(store, "reports")
    boxes = {each.label: each for each in app.selectbox}
    boxes["Kind"].set_value("tls").run()
    (row,) = tables_of(app)["Reports"].to_dict("records")
    assert (row["kind"], row["domains"], row["state"]) == ("TLS", "example.com", "counted")
    assert f"until={DAY}" in row["link"]
    app = opened(store, "reports")
    {each.label: each for each in app.selectbox}["Counted"].set_value("conflict").run()
    (row,) = tables_of(app)["Reports"].to_dict("records")
    assert (row["domains"], row["messages"]) == ("b.example", 900)
    app = opened(store, "reports", domain="b.example")
    assert len(tables_of(app)["Reports"]) == 2
    app = opened(store, "reports", days="7")
    {each.label: each for each in app.selectbox}["Authenticity"].set_value("failed").run()
    assert "No report matches in this period" in words(app)


def test_all_pages_are_saved_as_one_file(store: Path, opened: Opened) -> None:
    app = opened(store, "reports")
    labels = [each.proto.label for each in app.get("download_button")]
    assert labels == [f"Save {MANY + 2} reports as CSV"]


def test_a_conflict_stands_beside_what_it_contradicts(store: Path, opened: Opened) -> None:
    app = opened(store, "reports", view="conflicts")
    (row,) = tables_of(app)["Conflicts"].to_dict("records")
    assert (row["messages"], row["of_messages"]) == (900, 5)
    assert row["counts"] == "the other"
    assert ids(app, "Conflicts") != ids(app, "Conflicts", "other")
    elsewhere = opened(store, "reports", view="conflicts", domain="example.com")
    assert "No conflicts in this period" in words(elsewhere)


def test_quarantine_says_why_and_where(store: Path, opened: Opened) -> None:
    app = opened(store, "reports", view="quarantine")
    rows = tables_of(app)["Quarantine"].to_dict("records")
    assert len(rows) == 5
    documents = [row for row in rows if row["place"] == "the whole document"]
    assert [row["path"] for row in documents] == ["bad.xml"]
    assert all(row["reason"] for row in rows)
    assert {each.label: each.value for each in app.metric}["Documents"] == "1"
    app.selectbox(key="quarantine code").set_value("malformed").run()
    assert not app.exception
    assert set(tables_of(app)["Quarantine"]["code"]) == {"malformed"}


def test_reading_again_says_what_it_came_to(tmp_path: Path, opened: Opened) -> None:
    """A report whose bytes were cut off on their way into the store, and are whole by now."""
    store, path = tmp_path / "rua.duckdb", tmp_path / "cut.xml.gz"
    whole = gzip.compress(Report(DAY, count=7).xml().encode())
    path.write_bytes(whole[:200])
    assert read_here(store, path).refused == 1
    app = opened(store, "reports", view="quarantine")
    again = [each for each in app.button if each.label == "Retry 1 document"]
    again[0].click().run()
    assert "Retried 1 document: 0 read, 1 still unreadable." in words(app)
    with Store(store).write() as con:
        con.execute("update document set bytes = $1, size = $2", [whole, len(whole)])
    app = opened(store, "reports", view="quarantine")
    next(each for each in app.button if each.label.startswith("Retry")).click().run()
    assert "Retried 1 document: 1 read, 0 still unreadable." in words(app)
    assert "Quarantine is empty" in words(app)
    app = opened(store, "reports")
    assert list(tables_of(app)["Reports"]["messages"]) == [7]


ACCESS = """
[domains."example.com"]
group = "a"

[access]
server_metadata_url = "https://login.example/.well-known/openid-configuration"
client_id = "rua"
client_secret_env = "OIDC_SECRET"
redirect_uri = "https://rua.example/oauth2callback"
cookie_secret_env = "COOKIE_SECRET"

[[access.allow]]
emails = ["viewer@msp.example"]

[[access.allow]]
emails = ["editor@msp.example"]
role = "editor"

[[access.allow]]
emails = ["client@a.example"]
domain_groups = ["a"]
role = "editor"
"""


@pytest.mark.parametrize(
    ("who", "sees", "may_retry"),
    [
        ("viewer@msp.example", True, False),
        ("editor@msp.example", True, True),
        ("client@a.example", False, False),
    ],
)
def test_reading_again_is_for_who_may_change_the_whole_store(
    store: Path,
    tmp_path: Path,
    opened: Opened,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    sees: bool,
    may_retry: bool,
) -> None:
    (hidden,) = ids(opened(store, "reports", view="conflicts"), "Conflicts")
    monkeypatch.setenv(LOGIN, "required")
    config = tmp_path / "rua.toml"
    config.write_text(ACCESS)
    app = opened(store, "reports", config, claims(who, 0), view="quarantine")
    # Of a report on his domain, the records that could not be read.
    assert len(tables_of(app)["Quarantine"]) == (5 if sees else 4)
    assert any(each.label == "Retry 1 document" for each in app.button) is may_retry
    if not may_retry:
        with pytest.raises(AccessDenied):
            read_again(Store(store, scope=Scope(None, frozenset())), 1)
    report = opened(store, "report", config, claims(who, 0), report=str(hidden))
    assert ("There is no report" in words(report)) is not sees


def test_who_is_genuine_and_why(store: Path, opened: Opened) -> None:
    app = opened(store, "reports", view="genuine")
    found = {each.label: each.value for each in app.metric}
    assert found["Unverified"] == str(MANY + 2)
    assert found["Counted"] == str(MANY + 1)
    table = tables_of(app)["By reporter"]
    assert int(table["reports"].sum()) == MANY + 2
    assert all(tables_of(app)["Reasons"]["reason"])


def test_reporters_and_who_fell_silent(tmp_path: Path, opened: Opened) -> None:
    days = [DAY - timedelta(days=n) for n in range(30)]
    reports = [Report(day) for day in days]
    reports += [Report(day, reporter="silent.example") for day in days[10:]]
    app = opened(store_of(reports, tmp_path / "s"), "reports", view="coverage")
    rows = tables_of(app)["Reporters"].to_dict("records")
    assert next((row["reporter"], row["missing"]) for row in rows) == (
        "silent.example",
        "silent",
    )
    assert "1 reporter stopped: no DMARC report for 7 days" in words(app)
    assert len(app.get("vega_lite_chart")) == 1


@pytest.mark.parametrize("view", VIEWS)
def test_an_empty_store_is_said_in_every_view(tmp_path: Path, opened: Opened, view: str) -> None:
    empty = tmp_path / "rua.duckdb"
    with Store(empty).write():
        pass
    app = opened(empty, "reports", view=view)
    assert len(app.info) == 1
    assert not app.dataframe


def test_a_broken_link_shows_the_first_view(store: Path, opened: Opened) -> None:
    app = opened(store, "reports", view="nonsense")
    assert "Reports" in tables_of(app)


def test_one_report_with_records_mails_and_document(store: Path, opened: Opened) -> None:
    number = next(
        int(row["link"].split("=")[1].split("&")[0])
        for row in tables_of(opened(store, "reports", domain="b.example"))["Reports"].to_dict(
            "records"
        )
        if row["messages"] == 5
    )
    app = opened(store, "report", report=str(number))
    said = words(app)
    assert f"Report {number}" in [each.value for each in app.title]
    assert "**Counted**" in said
    assert "DMARC report from `receiver.example` on `b.example`" in said
    (record,) = tables_of(app)["Records"].to_dict("records")
    assert (record["source_ip"], record["messages"]) == ("192.0.2.1", 5)
    assert len(tables_of(app)["Deliveries"]) == 1
    assert len(app.get("download_button")) == 1
    assert "<org_name>receiver.example</org_name>" in app.code[0].value


def test_a_large_document_is_fetched_when_it_is_asked_for(
    store: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.web.screens.report.panels.AT_ONCE", 100)
    app = opened(store, "report", report="1")
    assert not app.get("download_button")
    next(each for each in app.button if each.label.startswith("Fetch the original")).click().run()
    assert app.get("download_button")
    assert "<org_name>receiver.example</org_name>" in app.code[0].value


def test_a_conflict_says_what_it_contradicts(store: Path, opened: Opened) -> None:
    (number,) = ids(opened(store, "reports", view="conflicts"), "Conflicts")
    app = opened(store, "report", report=str(number))
    assert "Not counted: it contradicts report" in words(app)


def test_records_that_could_not_be_read_are_shown(store: Path, opened: Opened) -> None:
    rows = tables_of(opened(store, "reports", view="quarantine"))["Quarantine"]
    link = next(r["link"] for r in rows.to_dict("records") if r["place"] != "the whole document")
    app = opened(store, "report", report=link.split("=")[1].split("&")[0])
    assert len(tables_of(app)["Unreadable records"]) == 4


@pytest.mark.parametrize("number", ["999999", "0", "-1", "x", "9" * 30, "1e3", "²"])
def test_a_report_that_is_not_there(store: Path, opened: Opened, number: str) -> None:
    app = opened(store, "report", report=number)
    assert len(app.info) == 1


def test_every_word_of_the_store_has_its_own() -> None:
    assert set(KINDS) == {"dmarc", "tls"}
    assert set(STATES) == {"counted", "unproven", "conflict", "flagged", "failed"}
    assert set(AUTHENTICITIES) == {"verified", "unverified", "failed"}
    assert {"malformed", "limit", "dropped", "broken-container", "forbidden"} <= set(CODES)
