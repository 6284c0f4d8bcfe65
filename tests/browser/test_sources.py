"""The screen of sources: from services down to records, and its filters."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.drilldown import Drilldown, network_of, records
from analytics.sources.unclassified import likely
from dashboards.web.components import download
from dashboards.web.components import source_charts as charts_sources
from schemas.errors import ConfigError
from schemas.store.store import Store
from tests.conftest import DEMO_UNTIL, Demo
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.browser import needs_chromium, page_at, running, wait_until_drawn
from tests.support.screens.source_screens import Screens, measured, pick, press, tables_of, words_of

TODAY = date(2026, 11, 30)
WINDOW = Window(date(2026, 11, 1), TODAY, TODAY)
HOSTILE = (
    "<img src=x onerror=alert(1)> **bold** `tick` [go](https://evil.example) www.evil.example "
    ":material/home: :red[x] $x$ \u202e"
)
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Screens:
    return Screens(tmp_path, monkeypatch)


@dataclass(frozen=True)
class Named(Report):
    """A report whose record bears one text wherever a record has a name."""

    name: str = "x"

    def xml(self) -> str:
        text = self.name.replace("&", "&amp;").replace("<", "&lt;")
        names = f"<header_from>{text}</header_from><envelope_from>{text}</envelope_from>"
        signed = f"<dkim><domain>{text}</domain><selector>{text}</selector><result>fail</result>"
        return (
            super()
            .xml()
            .replace("</auth_results>", f"{signed}</dkim></auth_results>")
            .replace(f"<header_from>{self.domain}</header_from>", names)
        )


def query(app: AppTest) -> dict[str, str]:
    shared = ("until", "days", "domain")
    return {key: value for key, value in app.query_params.items() if key not in shared}


def test_a_full_store_leads_from_services_down_to_records(demo: Demo, screen: Screens) -> None:
    app = screen("sources", demo.store, until=DEMO_UNTIL.isoformat(), days="35", failing="1")
    services = tables_of(app)["Services"]
    assert 0 < len(services) <= 25
    assert services["messages"].is_monotonic_decreasing
    assert set(services["aligned"]) == {0}
    assert all(services["days"] > 0)
    chosen = services.iloc[0]
    pick(app, "Services", 0)
    assert query(app) == {"source": chosen["source"], "of": chosen["domain"], "failing": "1"}
    assert measured(app)["Messages"] == f"{chosen['messages']:,}"
    networks = tables_of(app)["Networks"]
    assert networks["messages"].sum() == chosen["messages"]
    assert networks["source_ips"].sum() == chosen["source_ips"]
    network = networks.iloc[0]
    pick(app, "Networks", 0)
    addresses = tables_of(app)["Addresses"]
    assert "Networks" not in tables_of(app)
    assert addresses["messages"].sum() == network["messages"]
    assert {network_of(each) for each in addresses["source_ip"]} == {network["network"]}
    pick(app, "Addresses", 0)
    found = tables_of(app)["Records"]
    assert found["messages"].sum() == addresses.iloc[0]["messages"]
    assert set(found["source_ip"]) == {addresses.iloc[0]["source_ip"]}
    assert "IPinfo" in words_of(app)
    assert "in unverified reports: " in words_of(app)
    press(app, f"`{network['network']}`")
    assert query(app)["network"] == network["network"]
    assert "ip" not in query(app)
    press(app, "All sources")
    assert query(app) == {"failing": "1"}
    assert len(tables_of(app)["Services"]) == len(services)


def test_filters_stand_in_the_url_and_narrow_every_number(tmp_path: Path, screen: Screens) -> None:
    reports = [
        Report(TODAY, reporter="one.example", count=5),
        Report(TODAY, reporter="two.example", count=70),
        Report(TODAY, reporter="two.example", source_ip="192.0.2.2", count=3, aligned=False),
    ]
    app = screen("sources", store_of(reports, tmp_path / "s"), until=TODAY.isoformat())
    assert tables_of(app)["Services"]["messages"].sum() == 78
    app.selectbox(key="sources reporter").set_value("one.example").run()
    assert query(app) == {"reporter": "one.example"}
    assert tables_of(app)["Services"]["messages"].sum() == 5
    assert "Messages seen by `one.example` only." in words_of(app)
    app.selectbox(key="sources reporter").set_value(None).run()
    app.toggle(key="sources failing").set_value(True).run()
    assert query(app) == {"failing": "1"}
    assert tables_of(app)["Services"]["messages"].sum() == 3
    app.toggle(key="sources failing").set_value(False).run()
    app.selectbox(key="sources class").set_value("own").run()
    assert query(app) == {"class": "own"}
    assert set(tables_of(app)["Services"]["class"]) == {"own"}
    app.selectbox(key="sources class").set_value("list").run()
    assert "No source matches in this period" in words_of(app)


def test_one_address_of_two_domains_is_looked_at_for_one(tmp_path: Path, screen: Screens) -> None:
    reports = [Report(TODAY, "a.example", count=8), Report(TODAY, "b.example", count=9)]
    store, last = store_of(reports, tmp_path / "s"), TODAY.isoformat()
    both = screen("sources", store, until=last, ip="192.0.2.1")
    assert measured(both)["Messages"] == "17"
    assert set(tables_of(both)["Class for each domain"]["domain"]) == {
        "a.example",
        "b.example",
    }
    one = screen("sources", store, until=last, ip="192.0.2.1", of="a.example")
    assert measured(one)["Messages"] == "8"
    other = screen("sources", store, until=last, ip="192.0.2.1", of="a.example", domain="b.example")
    assert measured(other)["Messages"] == "9"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"source": "nobody"}, "No such mail in this period"),
        ({"ip": "no address"}, "No such mail in this period"),
        ({"reporter": "nobody"}, "No source matches in this period"),
        ({"network": "nowhere", "class": "?", "failing": "maybe", "of": "x"}, "Tick a row"),
    ],
)
def test_a_broken_link_says_what_is_there(
    tmp_path: Path, screen: Screens, broken: dict[str, str], said: str
) -> None:
    store = store_of([Report(TODAY)], tmp_path / "s")
    assert said in words_of(screen("sources", store, None, until=TODAY.isoformat(), **broken))


def test_an_empty_store_says_what_to_run(tmp_path: Path, screen: Screens) -> None:
    store = tmp_path / "rua.duckdb"
    with Store(store).write():
        pass
    assert "No DMARC reports yet" in words_of(screen("sources", store))


def test_days_without_mail_are_said(tmp_path: Path, screen: Screens) -> None:
    store = store_of([Report(TODAY - timedelta(days=200))], tmp_path / "s")
    app = screen("sources", store, until=TODAY.isoformat())
    assert "No reports in this period" in words_of(app)
    assert not app.dataframe


def test_three_hundred_domains_are_paged_and_saved_whole(tmp_path: Path, screen: Screens) -> None:
    reports = [Report(TODAY, f"d{n:03d}.example", count=n + 1) for n in range(300)]
    app = screen("sources", store_of(reports, tmp_path / "s"), until=TODAY.isoformat())
    first = tables_of(app)["Services"]
    assert list(first["domain"])[:2] == ["d299.example", "d298.example"]
    app.pagination[0].set_value(12).run()
    last = tables_of(app)["Services"]
    assert list(last["domain"])[-1] == "d000.example"
    assert len(first) == len(last) == 25
    assert "276 – 300 of 300 services" in words_of(app)
    assert "Save 300 services as CSV" in [each.label for each in app.download_button]


def test_many_records_are_saved_when_they_are_asked_for(
    tmp_path: Path, screen: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "EAGER_ROWS", 2)
    reports = [Report(TODAY, reporter=f"r{n}.example") for n in range(3)]
    store = store_of(reports, tmp_path / "s")
    app = screen("sources", store, until=TODAY.isoformat(), ip="192.0.2.1")
    saved = "Save 3 records as CSV"
    assert saved not in [each.label for each in app.download_button]
    press(app, "Prepare 3 records as CSV")
    assert saved in [each.label for each in app.download_button]


def test_pages_of_records_hold_each_record_once(tmp_path: Path) -> None:
    reports = [
        Report(TODAY - timedelta(days=n % 3), reporter=f"r{n}.example", count=n + 1)
        for n in range(60)
    ]
    with Store(store_of(reports, tmp_path / "s")).read() as reader:
        q = Question(reader, WINDOW)
        pages = [records(q, Drilldown(), most=25, skip=skip) for skip in (0, 25, 50)]
    assert [len(page) for page in pages] == [25, 25, 10]
    found = [row for page in pages for row in page]
    assert len({(row["report"], row["ordinal"]) for row in found}) == 60
    assert [row["day"] for row in found] == sorted((row["day"] for row in found), reverse=True)
    assert sum(row["messages"] for row in found) == 60 * 61 // 2


def test_a_network_of_either_family_is_sought_by_its_numbers(tmp_path: Path) -> None:
    ips = ("192.0.2.1", "192.0.2.255", "192.0.3.1", "2001:db8::1", "2001:db8:0:ffff::1")
    reports = [Report(TODAY, source_ip=ip) for ip in ips]
    with Store(store_of(reports, tmp_path / "s")).read() as reader:
        q = Question(reader, WINDOW)
        four = records(q, Drilldown(network="192.0.2.0/24"), most=9)
        six = records(q, Drilldown(network=network_of("2001:db8::1")), most=9)
        with pytest.raises(ConfigError, match="not a network"):
            records(q, Drilldown(network="192.0.2.0/99"), most=9)
    assert {row["source_ip"] for row in four} == {"192.0.2.1", "192.0.2.255"}
    assert {row["source_ip"] for row in six} == {"2001:db8::1", "2001:db8:0:ffff::1"}


@pytest.mark.parametrize("name", [HOSTILE, FORMULA])
def test_hostile_names_stay_text_in_tables_and_downloads(
    tmp_path: Path, screen: Screens, name: str
) -> None:
    reports = [Named(TODAY, reporter=name, aligned=False, name=name)]
    app = screen("sources", store_of(reports, tmp_path / "s"), until=TODAY.isoformat())
    pick(app, "Services", 0)
    found = tables_of(app)["Records"].to_dict("records")[0]
    texts = [found[key] for key in ("reporter", "header_from", "envelope_from", "dkim_results")]
    for text in texts:
        assert "\u202e" not in text
        assert text[0] not in "=+-@"
    saved = download.csv_of([{"reporter": name}], ("reporter",)).splitlines()[1]
    assert "\u202e" not in saved
    assert saved.lstrip('"')[0] not in "=+-@"
    filtered = screen(
        "sources",
        tmp_path / "s" / "rua.duckdb",
        until=TODAY.isoformat(),
        reporter=name.strip().lower(),
    )
    assert tables_of(filtered)["Services"]["messages"].sum() == 1
    assert all("<img" not in each.proto.alt for each in filtered.dataframe)


def test_days_of_services_are_cells_with_a_step_each() -> None:
    order = [("a.example", "One"), ("b.example", "One")]
    rows = [
        {"domain": domain, "source": "One", "day": TODAY, "messages": count, "aligned": 0}
        for (domain, _), count in zip(order, (9, 1234), strict=True)
    ]
    frame = charts_sources.strip_frame(rows, order)
    assert list(frame["name"]) == ["One · a.example", "One · b.example"]
    assert list(frame["level"]) == ["1 – 9", "1,000 and more"]
    chart = charts_sources.strip_chart(frame, order, WINDOW, dark=False).to_dict()
    layer = chart["layer"][0]["encoding"]
    assert len(layer["x"]["scale"]["domain"]) == WINDOW.days
    assert layer["y"]["scale"]["domain"] == list(frame["name"])


def test_a_day_of_a_source_is_split_into_what_passes_and_what_fails() -> None:
    day = {"day": TODAY, "messages": 10, "aligned": 6, "indeterminate": 1}
    frame = charts_sources.day_frame([day])
    assert dict(zip(frame["result"], frame["messages"], strict=True)) == {
        "passes": 6,
        "no result": 1,
        "fails": 3,
    }


@pytest.mark.parametrize(
    ("evidence", "class_"),
    [
        ({"class": "spoof"}, "spoof"),
        ({"decided_by": "label"}, None),
        ({"rule": "temporary"}, None),
        ({"rhythm": "weekly"}, "broken"),
        ({"rule": "undecided-vendor", "other_dkim": "sendgrid.net"}, "broken"),
        ({"days": 2}, "spoof"),
        ({"days": 3}, None),
        ({"days": 4, "other_spf": "x.example", "messages": 40}, "forwarder"),
        ({"days": 4, "other_spf": "x.example", "messages": 41}, None),
    ],
)
def test_an_undecided_source_leans_to_what_its_signs_say(
    evidence: dict[str, object], class_: str | None
) -> None:
    row = {"class": "undecided", "decided_by": "rule", "rule": "undecided", "source": "x"}
    signs = {"rhythm": None, "other_dkim": None, "other_spf": None, "days": 1, "messages": 1}
    found, why = likely({**row, **signs, "reason": "as seen", **evidence})
    assert found == class_
    assert "as seen" in why


def test_hostile_names_in_a_browser(tmp_path: Path) -> None:
    needs_chromium()
    reports = [Named(DEMO_UNTIL, reporter=HOSTILE, aligned=False, name=HOSTILE)]
    store = store_of(reports, tmp_path / "s")
    with (
        running(["--store", str(store)], tmp_path) as url,
        page_at(f"{url}/?until={DEMO_UNTIL.isoformat()}", height=1600) as page,
    ):
        page.get_by_role("link", name="Sources", exact=True).click()
        page.get_by_role("heading", name="Services").wait_for()
        page.get_by_role("combobox", name="Reporter").click()
        page.get_by_role("option").first.click()
        page.get_by_text("Messages seen by").wait_for()
        wait_until_drawn(page)
        assert page.locator("a[href*=evil], img[src=x]").count() == 0
        assert "<img src=x" in page.get_by_text("Messages seen by").inner_text()
