"""Domain: the road, the gates, what blocks, and the what-if mode, over real stores."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.advice.advise import advise
from analytics.policy.replay import Replayed, Tags
from analytics.policy.whatif import whatif
from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.totals import source_rates
from schemas.store.store import Store
from tests.conftest import DEMO_UNTIL, Demo
from tests.support.mails.policy_reports import Seen, stored_policies
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.opened_app import TODAY, Open, links_of, measured, tables_of, words

WINDOW = Window(TODAY - timedelta(days=34), TODAY, TODAY)
SENDGRID = "149.72.133.8"


@pytest.fixture
def failing(tmp_path: Path) -> tuple[Path, Path]:
    """A store in which a vendor's mail fails that is approved, and the settings that say so."""
    days = [TODAY - timedelta(days=n) for n in range(1, 31)]
    reporters = ("google.com", "yahoo", "gmx")
    reports = [Report(day, reporter=who, count=20) for day in days for who in reporters]
    reports += [
        Report(day, reporter=who, source_ip=SENDGRID, count=5, aligned=False)
        for day in days[:10]
        for who in reporters
    ]
    config = tmp_path / "rua.toml"
    config.write_text('[domains."example.com"]\napproved = ["sendgrid"]\n')
    return store_of(reports, tmp_path / "s"), config


def chart_names(app: AppTest) -> list[str]:
    return [each.proto.alt for each in app.get("vega_lite_chart")]


def test_a_domain_shows_its_road_what_blocks_and_what_a_fix_brings(
    failing: tuple[Path, Path], app_on: Open
) -> None:
    app = app_on(*failing, screen="domain", domain="example.com")
    said = words(app)
    assert app.title[0].value == "Domain"
    assert [each.value for each in app.header] == [
        "The road to reject",
        "What blocks",
        "At p=quarantine",
        "Legitimate mail that passes",
        "Pass rate by source",
        "Messages per day",
        "Reports received",
        "What is not known",
    ]
    assert "150 messages of yours fail: SendGrid" in said
    assert "Fix SendGrid." in said
    assert "At p=quarantine 150 of 1,950 legitimate messages would be lost" in said
    assert "Fix this one, SendGrid, and the loss falls to nothing." in said
    assert measured(app)["Legitimate lost"][0] == "150"
    road_, loss, *_ = chart_names(app)
    assert road_.startswith("example.com is at p=none, here since 31 Oct 2026, 30 days; the")
    assert road_.endswith("legitimate mail that passes.")
    assert "Fix this one" in loss
    gates = tables_of(app)["Checks"]
    assert set(gates["state"]) == {"passes", "fails"}
    assert "RFC 9989" in " ".join(gates["basis"])


def test_every_panel_has_a_name_and_can_be_downloaded(
    failing: tuple[Path, Path], app_on: Open
) -> None:
    app = app_on(*failing, screen="domain", domain="example.com")
    assert all(chart_names(app))
    assert {each.proto.label for each in app.get("download_button")} == {
        "Save blockers as CSV",
        "Save pass rate per day as CSV",
        "Save pass rate by source as CSV",
        "Save messages per day as CSV",
        "Save reports received as CSV",
    }
    assert set(tables_of(app)) == {"Checks", "Sources that would lose mail"}


def test_the_what_if_mode_replays_every_panel_and_is_kept_in_the_url(
    failing: tuple[Path, Path], app_on: Open
) -> None:
    app = app_on(*failing, screen="domain", domain="example.com")
    assert not app.warning
    app.button(key="try").click().run()
    assert app.query_params["p"] == "quarantine"
    assert "What if** `example.com` published `p=quarantine`" in app.warning[0].value
    control = next(each for each in app.segmented_control if each.key == "what if p")
    control.set_value("none").run()
    assert not app.exception
    assert app.query_params["p"] == "none"
    assert measured(app)["Legitimate lost"][0] == "0"
    assert "What blocks" not in [each.value for each in app.header]
    assert any("What if: p=none." in name for name in chart_names(app))
    app.button(key="leave").click().run()
    assert "p" not in app.query_params
    assert not app.warning
    assert measured(app)["Legitimate lost"][0] == "150"


def test_a_shared_what_if_says_its_tags(failing: tuple[Path, Path], app_on: Open) -> None:
    query = {"p": "reject", "sp": "none", "np": "sp", "adkim": "s"}
    app = app_on(*failing, screen="domain", domain="example.com", **query)
    assert "published `p=reject; sp=none; adkim=s`" in app.warning[0].value
    strict = next(each for each in app.segmented_control if each.key == "what if adkim")
    assert strict.value == "s"


@pytest.mark.parametrize("p", ["", "monitor", "<b>", "p=reject"])
def test_a_senseless_policy_in_the_url_is_no_mode(
    failing: tuple[Path, Path], app_on: Open, p: str
) -> None:
    assert not app_on(*failing, screen="domain", domain="example.com", p=p).warning


def test_without_a_domain_all_are_offered(demo: Demo, app_on: Open) -> None:
    app = app_on(demo.store, screen="domain", until=DEMO_UNTIL.isoformat())
    assert "Choose a domain" in words(app)
    pages = {page for page, _ in links_of(app)}
    assert pages == {"domain"}
    assert len(links_of(app)) >= 10


@pytest.mark.parametrize(
    "name", ["harbour-group.example", "brightwater.example", "tallship.example", "example.org"]
)
def test_a_domain_of_any_kind_can_be_opened(demo: Demo, app_on: Open, name: str) -> None:
    """Parked, without reports, at reject, and with another policy for the names below."""
    flags = (demo.store, demo.folder / "rua.toml")
    app = app_on(*flags, screen="domain", until=DEMO_UNTIL.isoformat(), domain=name)
    assert name in words(app)


def test_an_empty_store_and_a_foreign_domain_say_so(tmp_path: Path, app_on: Open) -> None:
    empty = tmp_path / "empty.duckdb"
    with Store(empty).write():
        pass
    assert "No DMARC reports yet" in words(app_on(empty, screen="domain"))
    config = tmp_path / "rua.toml"
    config.write_text('[domains."mine.example"]\n')
    reports = [Report(TODAY, "mine.example"), Report(TODAY, "theirs.example", count=7)]
    store = store_of(reports, tmp_path / "s")
    said = words(app_on(store, config, screen="domain", domain="theirs.example"))
    assert "this domain is not in the settings" in said
    assert "The road to reject" not in said


def test_a_window_without_reports_offers_the_last_one_with_some(
    tmp_path: Path, app_on: Open
) -> None:
    store = store_of([Report(TODAY - timedelta(days=200), count=100)], tmp_path / "s")
    said = words(app_on(store, screen="domain", domain="example.com"))
    assert "No reports in this period" in said
    assert "No report for 200 days" in said


def test_policy_changes_stand_on_the_time_axis(tmp_path: Path, app_on: Open) -> None:
    change = TODAY - timedelta(days=10)
    seen = [
        Seen("example.com", day, who, {"p": "quarantine" if day >= change else "none"})
        for day in (TODAY - timedelta(days=n) for n in range(1, 25))
        for who in ("one.example", "two.example", "three.example")
    ]
    store = stored_policies(seen, tmp_path)
    app = app_on(store, screen="domain", domain="example.com")
    assert "20 Nov 2026: Reports show p=quarantine (before none), by 3 reporters." in words(app)
    specs = [json.loads(each.proto.spec) for each in app.get("vega_lite_chart")]
    assert sum("Seen by" in json.dumps(spec) for spec in specs) == 2


def test_the_replay_of_what_is_published_says_what_was_reported(tmp_path: Path) -> None:
    days = [TODAY - timedelta(days=n) for n in range(1, 20)]
    reports = [
        Report(day, reporter=who, count=9, aligned=day.weekday() > 0)
        for day in days
        for who in ("one.example", "two.example")
    ]
    with Store(store_of(reports, tmp_path / "s")).read() as reader:
        q = Question(reader, WINDOW, ("example.com",))
        told = source_rates(q)
        found = whatif(q, Tags("reject"))
        replayed = Replayed.of(q, Tags("reject"))
        again, each_day = replayed.rates(), replayed.days()
        fates = replayed.fates(found["in_force"])
    assert told == again
    assert [row["source"] for row in told] == ["192.0.2.1"]
    assert sum(row["messages"] for row in each_day) == found["messages"] == 342
    lost = sum(row["legitimate"] for row in fates if row["fate"] == "rejected")
    assert lost == found["legitimate_lost"] > 0
    assert sum(row["messages"] for row in fates) == found["messages"]


def test_advice_without_a_replay_is_the_advice(tmp_path: Path) -> None:
    """Monday leaves the impact out, and nothing else."""
    from dashboards.common.verdicts import advised  # noqa: PLC0415 - beside what it is held against

    reports = [Report(TODAY - timedelta(days=n), count=30) for n in range(1, 20)]
    with Store(store_of(reports, tmp_path / "s")).read() as reader:
        (whole,) = advise(Question(reader, WINDOW))
        (light,) = advised(Question(reader, WINDOW))
    left_out = {"impact", "blockers", "inputs"}
    assert {key: light[key] for key in light if key not in left_out} == {
        key: whole[key] for key in light if key not in left_out
    }
