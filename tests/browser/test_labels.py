"""Labels written from a screen: in place, calmly refused, taken back; and in a real browser."""

import csv
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.sources.labels import labels
from dashboards.web.components import label_form
from dashboards.web.components.label_write import put_label
from dashboards.web.session.auth import Viewer
from schemas.errors import ConfigError
from schemas.store import lock
from schemas.store.row_access import Scope
from schemas.store.store import Store
from tests.conftest import DEMO_UNTIL, Demo
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.browser import (
    needs_chromium,
    page_at,
    running,
    wait_until_drawn,
    whole_page,
)
from tests.support.screens.source_screens import Screens, pick, press, tables_of, words_of

TODAY = date(2026, 11, 30)
SENDGRID = "149.72.133.8"


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Screens:
    return Screens(tmp_path, monkeypatch)


def undecided_store(folder: Path) -> Path:
    reports = [
        Report(TODAY, count=80),
        Report(TODAY, source_ip=SENDGRID, count=7, aligned=False),
    ]
    return store_of(reports, folder)


def fill(app: AppTest, class_: str, note: str) -> None:
    of_form = [each for each in app.selectbox if each.label == "Class" and each.form_id]
    of_form[0].set_value(class_)
    app.text_input[0].set_value(note)


def test_a_source_is_labelled_in_place_and_every_number_follows(
    tmp_path: Path, screen: Screens
) -> None:
    store = undecided_store(tmp_path / "s")
    app = screen("sources", store, until=TODAY.isoformat())
    (row,) = tables_of(app)["Undecided sources"].to_dict("records")
    assert row["settled_by"] == "your label: is it yours?"
    fill(app, "broken", "the shop's invoices")
    press(app, "Label")
    with Store(store).read() as con:
        (label,) = labels(con)
    assert (label["match"], label["class"]) == ("SendGrid", "broken")
    assert label["note"] == "the shop's invoices"
    assert "`SendGrid` for `example.com` is labelled broken" in words_of(app)
    assert "Undecided sources" not in tables_of(app)
    services = tables_of(app)["Services"].set_index("source")
    assert services.loc["SendGrid", "class"] == "broken"
    pick(app, "Services", list(services.index).index("SendGrid"))
    assert "the shop's invoices" in words_of(app)
    press(app, "Remove label")
    with Store(store).read() as con:
        assert labels(con) == []
    assert "Removed the label on" in words_of(app)
    assert "**Class: undecided.**" in words_of(app)


def test_a_busy_store_loses_nothing_of_a_label(tmp_path: Path, screen: Screens) -> None:
    store = undecided_store(tmp_path / "s")
    app = screen("sources", store, until=TODAY.isoformat())
    fill(app, "broken", "the shop's invoices")
    with lock.exclusive(store, 1):
        press(app, "Label")
    assert "The store is busy" in words_of(app)
    assert app.text_input[0].value == "the shop's invoices"
    press(app, "Label")
    with Store(store).read() as con:
        assert [row["note"] for row in labels(con)] == ["the shop's invoices"]


def test_a_label_without_a_class_is_not_written(tmp_path: Path, screen: Screens) -> None:
    store = undecided_store(tmp_path / "s")
    app = press(screen("sources", store, until=TODAY.isoformat()), "Label")
    assert "Choose a class first" in words_of(app)
    for domain, class_ in (("other.example", "own"), ("example.com", "mine")):
        with pytest.raises(ConfigError):
            put_label(domain, "sendgrid", class_, None)
    with Store(store).read() as con:
        assert labels(con) == []


def test_down_to_a_record_and_a_label_in_a_browser(demo: Demo, tmp_path: Path) -> None:
    needs_chromium()
    store = tmp_path / "copy.duckdb"
    shutil.copy(demo.store, store)
    flags = ("--config", str(demo.folder / "rua.toml"), "--store", str(store))
    with (
        running(flags, tmp_path) as url,
        page_at(f"{url}/?until={DEMO_UNTIL.isoformat()}&days=7", height=1600) as page,
    ):
        page.get_by_role("link", name="Sources", exact=True).click()
        page.get_by_role("heading", name="Sources", exact=True).wait_for()
        wait_until_drawn(page)
        button = page.get_by_role("button", name=re.compile(r"^Save [\d,]+ services as CSV"))
        with page.expect_download() as saving:
            button.click()
        said = button.inner_text().split()[1].replace(",", "")
        lines = list(csv.DictReader(saving.value.path().read_text("utf-8").splitlines()))
        assert len(lines) == int(said) > 25
        for table in ("Services", "Addresses"):
            grid = page.get_by_test_id("stDataFrame").filter(has=page.get_by_label(table))
            grid.first.click(position={"x": 16, "y": 50})  # the tick of the first row
            page.wait_for_url("**source=**" if table == "Services" else "**ip=**")
            wait_until_drawn(page)
        assert page.get_by_role("heading", name="Records").count() == 1
        page.get_by_text("Label it: your label overrides every rule").click()
        wait_until_drawn(page)  # opened to the end, or the list of choices closes again
        page.get_by_role("combobox", name="Class").nth(1).click()
        page.get_by_role("option", name="spoof: somebody else uses the domain").click()
        page.get_by_role("textbox", name="Note").fill("seen in a browser")
        page.get_by_role("button", name="Label", exact=True).click()
        page.get_by_text("is labelled spoof").wait_for()
        with Store(store).read() as con:
            assert [row["class"] for row in labels(con)] == ["spoof"]
        assert whole_page(page, tmp_path / "one.png").stat().st_size > 20_000
        page.set_viewport_size({"width": 390, "height": 844})
        page.get_by_role("button", name="All sources").click()
        page.get_by_role("heading", name="Services").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def one_form() -> None:
    from dashboards.web.components.label_form import Target, label_form  # noqa: PLC0415 - a page of its own

    label_form("one", [Target("a.example", "192.0.2.1", "192.0.2.1")])


@pytest.mark.parametrize(
    ("editable", "is_offered"),
    [(None, True), ({"a.example"}, True), ({"b.example"}, False), (set(), False)],
)
def test_the_form_is_offered_to_who_may_label_that_domain(
    monkeypatch: pytest.MonkeyPatch, editable: set[str] | None, is_offered: bool
) -> None:
    scope = Scope(editable=None if editable is None else frozenset(editable))
    viewer = Viewer("", "", scope, logged_in=True)
    monkeypatch.setattr(label_form, "viewer", lambda: viewer)
    app = AppTest.from_function(one_form).run()
    assert not app.exception
    assert [each.label for each in app.button] == (["Label"] if is_offered else [])
