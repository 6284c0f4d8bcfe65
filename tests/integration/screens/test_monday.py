"""Monday: the app itself over real stores, and its words, tables and charts."""

import math
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pandas as pd
import pytest

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.reports.coverage import arrivals
from dashboards.common import formatting
from dashboards.common.palette import ON_LIGHT
from dashboards.common.verdicts import VERDICTS
from dashboards.web.components import action_list, coverage_strip, domain_cards
from dashboards.web.screens.monday import tables
from schemas.store import lock
from schemas.store.store import Store
from tests.conftest import DEMO_UNTIL, Demo
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.opened_app import TODAY, Open, links_of, measured, tables_of, words
from tests.support.stores.read_here import read_here

WINDOW = Window(date(2026, 11, 1), TODAY, TODAY)
HOSTILE = (
    "<script>alert(1)</script> **bold** `tick` [link](https://evil.example) www.evil.example "
    ":material/home: :red[x] $x$ \u202e \x1b[31m\n# head"
)


def test_a_full_store_answers_in_numbers_charts_and_tables(demo: Demo, app_on: Open) -> None:
    app = app_on(demo.store, until=DEMO_UNTIL.isoformat(), days="35")
    assert app.title[0].value == "Monday"
    assert [each.value for each in app.header] == [
        "Reports received",
        "Mail volume",
        "Verdicts",
        "Decisions",
        "Changes since last week",
        "Messages per day",
        "Legitimate mail that passes",
        "Domains",
        "Broken sources",
        "Undecided sources",
    ]
    found = measured(app)
    assert found["Messages"][0] == f"{demo.truth['totals']['messages']:,}"
    assert found["Legitimate mail that passes"][0].endswith(" %")
    assert found["All mail that passes"][0].endswith(" %")
    domains, broken, undecided = (each.value for each in app.dataframe)
    assert set(domains["domain"]) <= set(demo.truth["domains"])
    assert int(domains["messages"].sum()) == demo.truth["totals"]["messages"]
    for sources in (broken, undecided):
        assert 0 < len(sources) <= tables.MOST_SOURCES
        assert all(sources["reason"])
    assert all(undecided["settled_by"])
    assert "settled_by" not in broken
    assert 0 < domains["raw"].max() <= 100
    assert "IPinfo" in words(app)
    assert "CC BY-SA 4.0" in words(app)
    assert "whole days in UTC" in words(app)
    assert len(app.get("vega_lite_chart")) == 3


def test_each_domain_has_a_card_with_its_next_step_one_click_from_the_evidence(
    demo: Demo, app_on: Open
) -> None:
    names = set(demo.truth["domains"])
    app = app_on(demo.store, demo.folder / "rua.toml", until=DEMO_UNTIL.isoformat())
    linked = {parse_qs(query)["domain"][0] for page, query in links_of(app) if page == "domain"}
    assert linked == names
    cards = [each.value for each in app.html if "<b>Next:</b>" in each.value]
    assert len(cards) == len(names)
    said = [each.value for each in app.html if 'class="rua-say"' in each.value]
    for sure in ("inferred", "not known"):
        assert any(f">{sure}</span>" in each for each in said), sure
    assert not any(">observed</span>" in each for each in said)
    assert set(tables_of(app)["Domains"]["verdict"].dropna()) <= set(VERDICTS)


def test_what_changed_since_last_week_is_told_with_how_sure_it_is(
    tmp_path: Path, app_on: Open
) -> None:
    """A source fails in the last week that passed before."""
    days = [TODAY - timedelta(days=n) for n in range(1, 30)]
    reports = [
        Report(day, reporter=who, count=40, aligned=day <= TODAY - timedelta(days=7))
        for day in days
        for who in ("one.example", "two.example")
    ]
    app = app_on(store_of(reports, tmp_path / "s"))
    said = words(app)
    assert "The legitimate pass rate fell from 100 % to 0.0 %" in said
    assert "14 – 20 Nov" not in said
    assert "24 – 30 Nov 2026 compared with the week before, UTC." in said
    assert "Nothing changed" not in said


def test_days_without_an_expected_report_are_hatched(tmp_path: Path, app_on: Open) -> None:
    gone = TODAY - timedelta(days=9)
    days = [TODAY - timedelta(days=n) for n in range(1, 30)]
    reports = [Report(day, reporter="steady.example") for day in days if day != gone]
    app = app_on(store_of(reports, tmp_path / "s"))
    assert "1 day without any report and 1 day without an expected report from 1 reporter" in words(
        app
    )
    with Store(tmp_path / "s" / "rua.duckdb").read() as reader:
        frame = coverage_strip.arrivals_frame(arrivals(Question(reader, WINDOW)))
    gaps = frame[frame["state"] == coverage_strip.GAP]
    assert list(gaps["reporter"]) == ["all reporters", "steady.example"]
    assert set(gaps["day"]) == {gone.isoformat()}
    chart = coverage_strip.arrivals_strip(frame, WINDOW, ON_LIGHT).to_dict()
    hatched = [
        layer for layer in chart["layer"] if layer["mark"].get("shape") == coverage_strip.HATCH
    ]
    assert hatched


def test_every_panel_can_be_downloaded(demo: Demo, app_on: Open) -> None:
    app = app_on(demo.store, until=DEMO_UNTIL.isoformat(), days="35")
    labels = {each.proto.label for each in app.get("download_button")}
    assert labels == {
        "Save reports received as CSV",
        "Save verdicts as CSV",
        "Save decisions as CSV",
        "Save changes as CSV",
        "Save messages per day as CSV",
        "Save pass rate per day as CSV",
    }
    assert all(each.proto.spec for each in app.get("vega_lite_chart"))


def test_one_domain_is_chosen_by_the_url_and_in_the_page(tmp_path: Path, app_on: Open) -> None:
    reports = [Report(TODAY, "a.example", count=80), Report(TODAY, "b.example", count=90)]
    app = app_on(store_of(reports, tmp_path / "s"), domain="a.example", days="7")
    assert app.selectbox[0].value == "a.example"
    assert app.segmented_control[0].value == 7
    assert measured(app)["Messages"] == ("80", "on 1 of 7 days")
    assert list(app.dataframe[0].value["domain"]) == ["a.example"]
    app.selectbox[0].set_value("b.example").run()
    assert measured(app)["Messages"][0] == "90"


@pytest.mark.parametrize("query", [{"days": "8"}, {"domain": "x.example"}, {"until": "soon"}])
def test_a_broken_link_shows_the_default_view(
    tmp_path: Path, app_on: Open, query: dict[str, str]
) -> None:
    app = app_on(store_of([Report(TODAY)], tmp_path / "s"), **query)
    assert app.segmented_control[0].value == Window.DAYS
    assert app.selectbox[0].value is None


def test_without_a_store_the_page_says_what_to_run(tmp_path: Path, app_on: Open) -> None:
    missing = tmp_path / "no `store`.duckdb"
    said = words(app_on(missing))
    assert "No store yet" in said
    assert f"rua --store '{missing}' ingest PATH" in said
    assert "rua demo --out demo" in said


def test_an_empty_store_says_what_to_run(tmp_path: Path, app_on: Open) -> None:
    store = tmp_path / "rua.duckdb"
    with Store(store).write():
        pass
    said = words(app_on(store))
    assert "No DMARC reports yet" in said
    assert f"rua --store {store} ingest PATH" in said


def test_a_window_without_mail_offers_the_last_days_with_reports(
    tmp_path: Path, app_on: Open
) -> None:
    last = TODAY - timedelta(days=200)
    app = app_on(store_of([Report(last, count=100)], tmp_path / "s"))
    assert "No reports in this period" in words(app)
    assert not app.dataframe
    (offer,) = [each for each in app.button if each.label.startswith("Show the days up to")]
    assert offer.label == f"Show the days up to {formatting.day(last)}"
    offer.click().run()
    assert measured(app)["Messages"][0] == "100"
    assert f"As of {formatting.day(last)}, not today" in words(app)


def test_a_window_before_all_reports_says_so(tmp_path: Path, app_on: Open) -> None:
    app = app_on(store_of([Report(TODAY)], tmp_path / "s"), until="2026-01-31")
    assert "All reports in the store are later than 31 Jan 2026" in words(app)


def test_a_busy_store_is_no_error(tmp_path: Path, app_on: Open) -> None:
    store = store_of([Report(TODAY)], tmp_path / "s")
    with lock.exclusive(store, 1):
        app = app_on(store)
    assert "The store is busy" in words(app)
    assert "held by process" in words(app)
    app.button[0].click().run()
    assert measured(app)["Messages"][0] == "1"


def test_a_file_that_is_no_store_is_a_plain_message(tmp_path: Path, app_on: Open) -> None:
    store = tmp_path / "rua.duckdb"
    store.write_bytes(b"no database" * 1000)
    assert "cannot read the store" in words(app_on(store))


def test_a_new_report_is_seen_at_the_next_look(tmp_path: Path, app_on: Open) -> None:
    store = store_of([Report(TODAY, count=5)], tmp_path / "s")
    app = app_on(store)
    more = tmp_path / "more.xml"
    Report(TODAY, source_ip="192.0.2.2", count=6).write(more)
    assert read_here(store, more).stored == 1
    app.run()
    assert measured(app)["Messages"][0] == "11"


def test_the_owners_word_is_seen_at_the_next_look(tmp_path: Path, app_on: Open) -> None:
    """A label changes the file, an approval only the settings: both are keys of the cache."""
    config = tmp_path / "rua.toml"
    config.write_text('[domains."example.com"]\n')
    sendgrid = Report(TODAY, source_ip="149.72.133.8", count=7, aligned=False)
    store = store_of([Report(TODAY, count=80), sendgrid], tmp_path / "s")
    app = app_on(store, config)
    assert "Broken sources" not in tables_of(app)
    config.write_text('[domains."example.com"]\napproved = ["sendgrid"]\n')
    app.run()
    (row,) = tables_of(app)["Broken sources"].to_dict("records")
    assert (row["source"], row["messages"], row["aligned"]) == ("SendGrid", 7, 0)
    assert "approved in the settings as sendgrid" in row["reason"]
    from dashboards.cli.main import main  # noqa: PLC0415 - as a user would, between two looks

    words = ["label", "example.com", "sendgrid", "undecided"]
    assert main(["--store", str(store), *words]) == 0
    app.run()
    found = tables_of(app)
    assert "Broken sources" not in found
    (row,) = found["Undecided sources"].to_dict("records")
    assert row["settled_by"] == "your label: is it yours?"


def test_three_hundred_domains_are_all_listed(tmp_path: Path, app_on: Open) -> None:
    reports = [Report(TODAY, f"d{n:03d}.example", count=n + 1) for n in range(300)]
    app = app_on(store_of(reports, tmp_path / "s"))
    assert len(app.dataframe[0].value) == 300
    assert len(app.selectbox[0].options) == 300
    assert measured(app)["Messages"][0] == "45,150"
    assert (
        len(links_of(app))
        <= domain_cards.MOST_CARDS + 2 * action_list.MOST_ACTIONS + action_list.MOST_CHANGES
    )
    pages = next(each for each in app.pagination if each.key == "page of cards")
    assert pages.num_pages == math.ceil(300 / domain_cards.MOST_CARDS)
    first = links_of(app)
    pages.set_value(2).run()
    assert not app.exception
    assert links_of(app) != first


def test_domains_that_are_not_in_the_settings_stand_apart(tmp_path: Path, app_on: Open) -> None:
    config = tmp_path / "rua.toml"
    config.write_text('[domains."mine.example"]\n[domains."unseen.example"]\n')
    reports = [Report(TODAY, "mine.example", count=80), Report(TODAY, "theirs.example", count=7)]
    app = app_on(store_of(reports, tmp_path / "s"), config)
    ours, others = (each.value for each in app.dataframe)
    assert list(ours["domain"]) == ["mine.example", "unseen.example"]
    assert list(ours["policy"]) == ["none", "not seen"]
    assert list(others["domain"]) == ["theirs.example"]
    assert measured(app)["Messages"][0] == "80"


def test_a_small_rate_is_not_shown_as_a_number(tmp_path: Path, app_on: Open) -> None:
    app = app_on(store_of([Report(TODAY, count=12)], tmp_path / "s"))
    assert measured(app)["Legitimate mail that passes"] == ("–", "too few messages")
    assert "Too few messages for a rate: 12 of 12 messages pass." in words(app)
    row = app.dataframe[0].value.iloc[0]
    assert row["interval"] == "too few messages: 12 of 12"
    assert pd.isna(row["rate"])


def test_hostile_names_are_shown_as_text(tmp_path: Path, app_on: Open) -> None:
    """A reporter's name stands in the line on missing reporters, which is Markdown."""
    late = [TODAY - timedelta(days=10 + n) for n in range(6)]
    names = [HOSTILE, "=cmd|' /C calc'!A0", "x" * 10_000]
    reports = [Report(day, reporter=name) for name in names for day in late]
    (line,) = [
        each.value
        for each in app_on(store_of(reports, tmp_path / "s")).markdown
        if each.value.startswith("Silent reporters")
    ]
    assert "\u202e" not in line
    assert "\x1b" not in line
    assert "\n" not in line
    assert "``<script>alert(1)</script>" in line
    assert "x" * 1000 not in line
