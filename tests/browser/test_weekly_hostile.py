"""Reports whose every text is an attack: the weekly files show them as text, and nothing else."""

import csv
import re
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.conftest import Rua
from tests.support.mails.hostile_reports import ATTACKS, GROUP, SUNDAY, hostile_store
from tests.support.screens.browser import CHROMIUM, QUIET, needs_chromium
from tests.support.screens.pdf import links, needs_pango, pages

LONGEST_CELL = 32_767
# All that the page may hold: whatever else is in it, somebody else put there.
TAGS = """html head meta title style body header main footer h1 h2 h3 p span ol ul li article div
pre figure figcaption svg desc line rect circle text table thead tbody tr th td"""
SHOWN = [attack for attack in ATTACKS if attack.isascii() and len(attack) < 100]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weekly files of a store of attacks, whose group's name is one as well."""
    needs_pango()
    home = tmp_path_factory.mktemp("hostile")
    store = hostile_store(home / "s")
    name = GROUP.replace("\\", "\\\\").replace('"', '\\"')
    (home / "rua.toml").write_text(
        f'store = "{store}"\n[domains."example.com"]\ngroup = "{name}"\n', encoding="utf-8"
    )
    week = f"{SUNDAY:%G-W%V}"
    words = ("--config", "rua.toml", "weekly", "--out", "out", "--week", week)
    (group,) = Rua(home).json(*words)["groups"]
    made = Path(group["folder"])
    assert made == Path("out") / week / made.name
    assert re.fullmatch(r"[a-z0-9-]+", made.name)
    return home / made


@pytest.fixture(scope="module", params=[1280, 390])
def page(folder: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page in Chromium, at the width of a desk and of a phone."""
    needs_chromium()
    doings: list[str] = []
    own = (folder / "report.html").as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        context = browser.new_context(viewport={"width": request.param, "height": 900})
        opened = context.new_page()
        opened.on("request", lambda asked: doings.extend({asked.url} - {own}))
        opened.on("dialog", lambda dialog: doings.append(f"dialog: {dialog.message}"))
        opened.on("console", lambda line: doings.append(f"console: {line.text}"))
        opened.on("pageerror", lambda error: doings.append(f"error: {error}"))
        context.on("page", lambda another: doings.append(f"page: {another.url}"))
        opened.goto(own)
        opened.wait_for_load_state("networkidle")
        yield opened
        browser.close()
    assert doings == []


def test_no_node_is_injected_and_nothing_runs(page: Page) -> None:
    tags = page.evaluate("[...document.querySelectorAll('*')].map(each => each.localName)")
    assert set(tags) <= set(TAGS.split())
    handlers = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(each => each.getAttributeNames())"
        ".filter(name => name.startsWith('on') || ['href', 'src', 'action'].includes(name))"
    )
    assert handlers == []
    assert page.evaluate("window.pwned") is None


def test_attacks_stand_there_as_text(page: Page) -> None:
    text = page.evaluate("document.body.textContent").lower()
    assert [attack for attack in SHOWN if attack.lower() not in text] == []
    assert "\\u202ehostile" in text
    assert not set("\u202e\u202d\u200b\u2066") & set(text)


def test_nothing_scrolls_sideways(page: Page) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_reader_of_the_page_finds_its_way(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "en"
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].map(each => Number(each.localName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    unnamed = page.evaluate(
        "[...document.querySelectorAll('svg')].filter(each =>"
        " !each.hasAttribute('aria-hidden') && !each.hasAttribute('aria-label') &&"
        " !(each.getAttribute('aria-labelledby') || '').split(' ').every(id =>"
        " document.getElementById(id))).length"
    )
    assert unnamed == 0
    assert page.evaluate("document.querySelectorAll('th:not([scope])').length") == 0


def test_the_workbook_holds_them_as_text(folder: Path) -> None:
    path = folder / "report.xlsx"
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    texts = {cell.value for cell in cells if isinstance(cell.value, str)}
    assert max(map(len, texts)) <= LONGEST_CELL
    assert any(text.startswith("=cmd|") for text in texts)
    assert not any("\u202e" in text for text in texts)
    with zipfile.ZipFile(path) as packed:
        sheets = [packed.read(name) for name in packed.namelist() if "worksheets/" in name]
    assert sheets
    assert not any(b"<f>" in sheet or b"<hyperlink" in sheet for sheet in sheets)


def test_no_csv_cell_is_a_formula(folder: Path) -> None:
    seen = 0
    for path in (folder / "csv").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
                assert not set("\u202e\u202d\u200b\u2066\x1b") & set("".join(row))
                seen += any("cmd|" in cell for cell in row)
    assert seen


def test_the_pdf_shows_them_as_text_and_links_nowhere(folder: Path) -> None:
    path = folder / "report.pdf"
    text = "".join("".join(pages(path)).split())
    assert "<script>window.pwned=" in text
    assert links(path) == 0
    assert b"/JavaScript" not in path.read_bytes()


def test_advice_goes_on_where_a_report_shows_a_policy_that_nobody_knows(folder: Path) -> None:
    rua = Rua(folder.parents[2])
    (row,) = rua.json("--config", "rua.toml", "advise", "--offline", "--until", SUNDAY.isoformat())
    assert "unknown" not in (row["record"] or "")
