"""Every screen in the real Chromium: without an error, accessible, by keyboard, and unharmed by
what strangers wrote."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from dashboards.web.session.navigation import SCREENS
from schemas.store.store import Store
from tests.browser.test_reports import VIEWS
from tests.conftest import DEMO_UNTIL, Demo, Rua
from tests.support.screens.browser import (
    Windows,
    needs_chromium,
    running,
    wait_until_drawn,
    whole_page,
    windows,
)
from tests.support.stores.hostile_store import MARK, hostile_store

UNTIL = date(2026, 11, 20)
FIRST = next(iter(SCREENS))
TABS = 60  # stops of the keyboard looked at on each screen
# Streamlit's own parts, which a screen cannot change; each with why it is left out.
NOT_OURS = {
    "scrollable-region-focusable": "Streamlit's main area scrolls, and is not focusable itself",
}


@pytest.fixture(scope="module")
def shown(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    needs_chromium()
    with running(demo.flags(), tmp_path_factory.mktemp("shown")) as url:
        yield url


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    needs_chromium()
    folder = tmp_path_factory.mktemp("hostile")
    store = hostile_store(folder, UNTIL)
    with running(["--store", str(store)], folder) as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Windows]:
    needs_chromium()
    with windows() as found:
        yield found


def at(url: str, screen: str, until: date, **query: str) -> str:
    path = "" if screen == FIRST else screen
    words = "".join(f"&{key}={value}" for key, value in query.items())
    return f"{url}/{path}?until={until.isoformat()}{words}"


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_has_no_error_and_is_accessible(
    chromium: Windows, shown: str, screen: str
) -> None:
    with chromium.page_at(at(shown, screen, DEMO_UNTIL, domain="example.com")) as page:
        assert page.get_by_role("heading", level=1).count() == 1
        assert serious(page) == []
        assert unnamed_stops(page) == []


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_fits_a_phone_in_the_dark(chromium: Windows, shown: str, screen: str) -> None:
    view = at(shown, screen, DEMO_UNTIL, domain="example.com")
    with chromium.page_at(view, width=390, height=844, dark=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert serious(page) == []


@pytest.mark.parametrize(
    ("screen", "query"),
    [
        *((screen, {}) for screen in SCREENS if screen not in ("reports", "report")),
        *(("reports", {"view": view}) for view in VIEWS),
        *(("report", {"report": number}) for number in ("1", "2")),
    ],
)
def test_what_strangers_wrote_stays_text(
    chromium: Windows, harmed: str, screen: str, query: dict[str, str]
) -> None:
    """The page fails on any request that leaves the loopback. What has views is looked at on a
    phone, where long words would push it wide."""
    width = 390 if query else 1440
    with chromium.page_at(at(harmed, screen, UNTIL, **query), width=width) as page:
        unharmed(page)
        for expander in page.locator("[data-testid=stExpander] summary").all() if query else ():
            expander.click()
        for tab in page.get_by_role("tab").all():
            tab.click()
            wait_until_drawn(page)
            unharmed(page)
        unharmed(page)
        if query:
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_from_monday_to_a_domain_and_its_what_if(
    chromium: Windows, shown: str, tmp_path: Path
) -> None:
    with chromium.page_at(at(shown, "monday", DEMO_UNTIL, days="7")) as page:
        page.get_by_role("heading", name="Undecided sources").wait_for()
        assert page.get_by_test_id("stMetric").count() == 5
        assert page.get_by_role("link", name="example.net").count() >= 1
        page.get_by_text("35", exact=True).click()
        page.wait_for_url(lambda changed: "days=7" not in changed)
        assert whole_page(page, tmp_path / "monday.png").stat().st_size > 20_000
        page.get_by_role("link", name="example.net").first.click()
        page.wait_for_url(lambda changed: "domain=example.net" in changed)
        wait_until_drawn(page)
        assert page.get_by_role("heading", name="The road to reject").count() == 1
        charts = page.query_selector_all(".stVegaLiteChart[aria-label]")
        names = [each.get_attribute("aria-label") or "" for each in charts]
        assert any(name.startswith("example.net is at p=none") for name in names)
        page.get_by_role("button", name="Try another policy").click()
        page.wait_for_url(lambda changed: "p=quarantine" in changed)
        page.get_by_text("What if example.net published p=quarantine?").wait_for()
        wait_until_drawn(page)
        page.set_viewport_size({"width": 390, "height": 844})
        wait_until_drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1440, 390])
def test_the_way_to_the_map(chromium: Windows, shown: str, tmp_path: Path, width: int) -> None:
    with chromium.page_at(
        at(shown, "pipeline", DEMO_UNTIL), width=width, dark=width == 390
    ) as page:
        if width == 390:
            page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_role("link", name="Unknown senders").click()
        page.get_by_role("heading", name="Map").wait_for()
        wait_until_drawn(page)
        assert page.get_by_test_id("stMetric").count() == 5
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert whole_page(page, tmp_path / "map.png").stat().st_size > 20_000


def test_a_document_is_saved_as_it_came(
    chromium: Windows, shown: str, demo: Demo, rua: Rua
) -> None:
    with Store(demo.store).read() as con:
        ((number,),) = con.execute("select min(document_id) from dmarc_report").fetchall()
    raw = rua(*demo.flags(), "show", str(number), "--raw").stdout
    with chromium.page_at(at(shown, "report", DEMO_UNTIL, report=str(number))) as page:
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save the original document").click()
        assert saved.value.suggested_filename == f"report-{number}.xml"
        assert Path(saved.value.path()).read_text() == raw


def unharmed(page: Page) -> None:
    assert page.evaluate("window.pwned") is None
    assert page.locator("#injected").count() == 0
    assert page.locator(f"[href*='{MARK}'], [src*='{MARK}']").count() == 0
    assert page.locator("[data-testid=stMain] script").count() == 0


def serious(page: Page) -> list[str]:
    """What axe calls serious or critical: rule, and the first element that breaks it."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical") and each["id"] not in NOT_OURS
    ]


def unnamed_stops(page: Page) -> list[str]:
    """Walk with the Tab key: what has the focus, and no name that a screen reader could say."""
    unnamed = []
    page.mouse.click(1, 1)
    for _ in range(TABS):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const at = document.activeElement
                if (!at || at === document.body) return null
                const labels = [...(at.labels || [])].map(label => label.innerText).join(' ')
                const by = (at.getAttribute('aria-labelledby') || '').split(' ')
                    .map(id => document.getElementById(id)?.innerText || '').join(' ')
                const table = at.closest('[data-testid=stDataFrame]')  // its cells are a canvas
                const name = [at.getAttribute('aria-label'), labels, by, at.innerText,
                    at.getAttribute('title'), at.getAttribute('alt'),
                    table?.closest('[aria-label]')?.getAttribute('aria-label'),
                    table?.querySelector('[aria-label]')?.getAttribute('aria-label')
                ].join('').trim()
                return name ? '' : at.outerHTML.slice(0, 200)
            }"""
        )
        if stop is None:
            break
        if stop:
            unnamed.append(stop)
    return unnamed
