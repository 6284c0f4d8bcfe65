"""The screen of unknown senders: who is new or undecided, and the map of where they are."""

import itertools
import json
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.sources.labels import labels
from dashboards.web.components import source_charts as charts_sources
from dashboards.web.components.countries import world
from schemas.store.store import Store
from tests.conftest import DEMO_UNTIL, Demo
from tests.support.mails.report_documents import Report, store_of
from tests.support.paths import ROOT
from tests.support.screens.source_screens import Screens, measured, pick, tables_of, words_of

TODAY = date(2026, 11, 30)
LONG_AGO = TODAY - timedelta(days=30)
SENDGRID = "149.72.133.8"  # of the United States, by the database
NOWHERE = "192.0.2.1"  # of a range for documentation, which no country has


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Screens:
    return Screens(tmp_path, monkeypatch)


def small_store(folder: Path) -> Path:
    """One old and known address, one old and undecided, one new without a country."""
    reports = [
        *(Report(LONG_AGO + timedelta(days=n), source_ip="209.85.208.5", count=9) for n in (0, 20)),
        *(
            Report(LONG_AGO + timedelta(days=n), source_ip=SENDGRID, count=7, aligned=False)
            for n in (0, 11)
        ),
        Report(TODAY, source_ip=NOWHERE, count=5),
    ]
    return store_of(reports, folder)


def test_a_full_store_tells_who_is_new_or_undecided(demo: Demo, screen: Screens) -> None:
    app = screen("senders", demo.store, until=DEMO_UNTIL.isoformat(), days="35")
    found = measured(app)
    assert found["Messages"] != "0"
    listed = tables_of(app)["Unknown senders"]
    assert len(listed) == 25
    assert all(listed["why"])
    assert all((listed["is_new"] == "new") | listed["likely"].str.startswith("undecided"))
    assert len(app.get("vega_lite_chart")) == 1
    assert tables_of(app)["Countries"]["messages"].is_monotonic_decreasing
    assert "IPinfo" in words_of(app)
    assert "in unverified reports" in words_of(app)
    assert "UTC" in words_of(app)


def test_each_choice_shows_its_addresses(tmp_path: Path, screen: Screens) -> None:
    store, last = small_store(tmp_path / "s"), TODAY.isoformat()
    app = screen("senders", store, until=last)
    found = measured(app)
    assert (found["Senders"], found["Undecided"], found["New"]) == ("2", "1", "1")
    assert list(tables_of(app)["Unknown senders"]["source_ip"]) == [SENDGRID, NOWHERE]
    app.segmented_control(key="senders show").set_value("new").run()
    assert app.query_params["show"] == "new"
    assert list(tables_of(app)["Unknown senders"]["source_ip"]) == [NOWHERE]
    app = screen("senders", store, until=last, show="undecided")
    assert list(tables_of(app)["Unknown senders"]["source_ip"]) == [SENDGRID]


def test_an_address_without_a_country_is_counted_and_said(tmp_path: Path, screen: Screens) -> None:
    app = screen("senders", small_store(tmp_path / "s"), until=TODAY.isoformat())
    assert measured(app)["No country known"] == "1"
    assert "5 messages from addresses without a country" in words_of(app)
    table = tables_of(app)["Countries"]
    assert table["messages"].sum() == 19
    row = list(table["name"]).index("unknown")
    pick(app, "Countries", row)
    assert app.query_params["country"] == "none"
    assert list(tables_of(app)["Unknown senders"]["source_ip"]) == [NOWHERE]
    next(each for each in app.button if each.label == "Show all countries").click().run()
    assert len(tables_of(app)["Unknown senders"]) == 2


def test_a_row_leads_to_its_records(tmp_path: Path, screen: Screens) -> None:
    app = screen("senders", small_store(tmp_path / "s"), until=TODAY.isoformat())
    pick(app, "Unknown senders", 0)
    assert app.title[0].value == "Sources"
    assert app.query_params["ip"] == SENDGRID
    assert tables_of(app)["Records"]["messages"].sum() == 14


def test_a_sender_is_labelled_in_place(tmp_path: Path, screen: Screens) -> None:
    store = small_store(tmp_path / "s")
    app = screen("senders", store, until=TODAY.isoformat(), show="undecided")
    next(each for each in app.selectbox if each.label == "Class").set_value("spoof")
    next(each for each in app.button if each.label == "Label").click().run()
    with Store(store).read() as con:
        assert [(row["match"], row["class"]) for row in labels(con)] == [(SENDGRID, "spoof")]
    assert "is labelled spoof" in words_of(app)
    assert "No new or undecided sender in this period" in words_of(app)


def test_one_domain_is_looked_at_alone(tmp_path: Path, screen: Screens) -> None:
    reports = [Report(TODAY, "a.example", count=8), Report(TODAY, "b.example", count=9)]
    store = store_of(reports, tmp_path / "s")
    app = screen("senders", store, until=TODAY.isoformat(), domain="b.example")
    assert list(tables_of(app)["Unknown senders"]["domain"]) == ["b.example"]
    assert measured(app)["Messages"] == "9"


def test_three_hundred_domains_are_paged(tmp_path: Path, screen: Screens) -> None:
    reports = [Report(TODAY, f"d{n:03d}.example", count=n + 1) for n in range(300)]
    app = screen("senders", store_of(reports, tmp_path / "s"), until=TODAY.isoformat())
    assert len(tables_of(app)["Unknown senders"]) == 25
    assert "1 – 25 of 300 senders" in words_of(app)
    assert any(each.label == "Save 300 unknown senders as CSV" for each in app.download_button)


def test_empty_stores_and_days_say_so(tmp_path: Path, screen: Screens) -> None:
    store = tmp_path / "rua.duckdb"
    with Store(store).write():
        pass
    assert "No DMARC reports yet" in words_of(screen("senders", store))
    filled = small_store(tmp_path / "s")
    assert "No reports in this period" in words_of(screen("senders", filled, until="2027-06-01"))


def test_the_shapes_are_whole_and_small() -> None:
    found = world()
    objects = found.topology["objects"]["countries"]["geometries"]
    codes = [each["properties"]["code"] for each in objects if "code" in each["properties"]]
    places = [each["code"] for each in found.places]
    assert len(set(codes) | set(places)) == len(codes) + len(places) > 230
    assert all(re.fullmatch("[A-Z]{2}", code) for code in (*codes, *places))
    arcs = {abs(n) if n >= 0 else ~n for each in objects for n in numbers(each["arcs"])}
    assert arcs == set(range(len(found.topology["arcs"])))
    assert found.name("DE") == "Germany"
    assert found.name("ZZ") == "ZZ"
    file = ROOT / "dashboards/web/components/shapes/countries.json"
    assert file.stat().st_size < 150_000


def numbers(arcs: Any) -> list[int]:
    return [arcs] if isinstance(arcs, int) else [n for each in arcs for n in numbers(each)]


def test_the_map_has_each_country_that_it_can_show() -> None:
    found = [
        {"country": country, "addresses": 2, "undecided": 1, "messages": 10 ** (n + 1)}
        for n, country in enumerate(("DE", "SG", None, "ZZ"))
    ]
    chart = charts_sources.world_chart(found, world(), dark=False)
    drawn = chart.to_dict()
    assert "http" not in json.dumps(drawn).replace("https://vega.github.io/schema", "")
    land, filled, dots = (drawn["datasets"][each["data"]["name"]] for each in drawn["layer"])
    assert filled is land
    told = [each["properties"] for each in filled["objects"]["countries"]["geometries"]]
    (germany,) = (each for each in told if each)
    assert (germany["name"], germany["level"]) == ("Germany", "10 – 99")
    (dot,) = dots
    assert (dot["name"], dot["messages"]) == ("Singapore", 100)


@pytest.mark.parametrize(
    "steps", [charts_sources.ON_LIGHT_STEPS, charts_sources.ON_DARK_STEPS], ids=["light", "dark"]
)
def test_lightness_alone_tells_the_steps_apart(steps: tuple[str, ...]) -> None:
    """WCAG's relative luminance: what is left of a colour for whoever sees none."""
    found = [luminance(each) for each in steps]
    pairs = [sorted(pair) for pair in itertools.pairwise(found)]
    assert found in (sorted(found), sorted(found, reverse=True))
    assert all((high + 0.05) / (low + 0.05) > 1.6 for low, high in pairs)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_shapes_are_read_for_the_map_alone() -> None:
    code = (
        "from dashboards.web.components import source_charts;"
        "from dashboards.web.screens.senders import panels;"
        "from dashboards.web.components.countries import world;"
        "import sys; sys.exit(world.cache_info().currsize)"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0
