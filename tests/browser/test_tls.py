"""The screen on TLS: over real stores, full, empty, of one domain, of many, and hostile."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics.query.window import Window
from dashboards.common.formatting import day
from dashboards.web.components.bar_charts import (
    OTHERS,
    colours_of,
    largest_parts,
    stack,
    stack_frame,
)
from schemas.store.store import Store
from tests.support.mails.tls_documents import Said, policy, store_of
from tests.support.screens.browser import needs_chromium, page_at, running
from tests.support.screens.screens import Opened, opener, tables_of, words

DAY = date(2026, 11, 19)
WINDOW = Window(DAY - timedelta(days=6), DAY, DAY)
MARKUP = (
    "<script>alert(1)</script> **bold** `t` [l](https://evil.example) :red[x] $x$ \u202e\x1b[31m"
)
HUGE = 10**18 - 1
EXPIRED = {
    "result-type": "certificate-expired",
    "receiving-mx-hostname": "mx.example.com",
    "sending-mta-ip": "192.0.2.7",
    "failed-session-count": 60,
}
HOSTILE = {
    "result-type": f"=cmd {MARKUP}",
    "receiving-mx-hostname": MARKUP,
    "sending-mta-ip": MARKUP,
    "failure-reason-code": f"=1+1 {MARKUP}",
    "failed-session-count": HUGE,
}


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    return opener(monkeypatch, tmp_path, DAY.isoformat())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hostile = [
        policy(HUGE, HUGE, HOSTILE, domain="hostile.example"),
        policy(HUGE, 0, domain="hostile.example", kind=MARKUP),
    ]
    reports = [
        Said(DAY, [policy(400, 60, EXPIRED, mode="enforce")], "Google Inc.", "one"),
        Said(DAY - timedelta(days=1), [policy(500, 0)], "Google Inc.", "two"),
        Said(DAY, [policy(70, 9), policy(79, 0, kind="tlsa")], "Microsoft", "three"),
        Said(DAY, hostile, MARKUP, "four"),
    ]
    return store_of(reports, tmp_path_factory.mktemp("tls") / "s")


def test_sessions_failures_and_remedies_of_one_domain(store: Path, opened: Opened) -> None:
    app = opened(store, "tls", domain="example.com", days="7")
    found = {each.label: (each.value, each.delta) for each in app.metric}
    assert found["MTA-STS sessions"] == ("1,039", "69 failed; 93.4 % succeeded")
    assert found["DANE sessions"] == ("79", "0 failed, too few for a rate")
    said = words(app)
    assert "The mail server's certificate has expired." in said
    assert "Renew the certificate of mx.example.com" in said
    assert "Senders that follow this policy do not deliver such mail." in said
    assert "No report on 5 of 7 days." in said
    tables = tables_of(app)
    assert list(tables["Failures"]["mx"]) == ["mx.example.com"]
    sts, tlsa = tables["Policies"].to_dict("records")
    assert (sts["policy"], sts["mode"], sts["failed"]) == ("MTA-STS", "enforce", 69)
    assert "9 failed sessions without a result type" in sts["not_known"]
    assert "3 of 3 reports unverified" in sts["not_known"]
    assert tlsa["not_known"].startswith("too few sessions for a rate")
    assert len(app.get("vega_lite_chart")) == 2


def test_the_charts_show_one_policy_and_failures_by_each_part(store: Path, opened: Opened) -> None:
    app = opened(store, "tls", domain="example.com", days="7")
    assert list(app.segmented_control[1].options) == ["MTA-STS", "DANE"]
    for part in ("mx", "sender", "reporter"):
        app.segmented_control[2].set_value(part).run()
        assert not app.exception
        assert "A session may fail in several ways" in words(app)
    app.segmented_control[1].set_value("tlsa").run()
    assert "No failure in this period." in words(app)


def test_a_failure_that_later_reports_do_not_have_may_be_fixed(
    tmp_path: Path, opened: Opened
) -> None:
    failure = {"result-type": "certificate-expired", "failed-session-count": 9}
    days = [DAY - timedelta(days=n) for n in range(5)]
    for bad, is_over in ((days[0], False), (days[4], True)):
        reports = [
            Said(day, [policy(90, 9, failure) if day == bad else policy(99)]) for day in days
        ]
        store = store_of(reports, tmp_path / f"{is_over}")
        said = words(opened(store, "tls", domain="example.com", days="7"))
        assert ("It may be fixed" in said) == is_over


def test_what_reports_say_is_text(store: Path, opened: Opened) -> None:
    app = opened(store, "tls", days="7")
    for text in words(app).splitlines():
        assert "\x1b" not in text
        assert "\u202e" not in text
    labels = [each.label for each in app.metric]
    for text in [*labels, *(each.value for each in (*app.markdown, *app.caption))]:
        outside = text.split("`")[::2] if "``" not in text else [text.partition("``")[0]]
        assert not [piece for piece in outside if "<script>" in piece or "[l](" in piece], text
    for frame in tables_of(app).values():
        texts = [text for column in frame for text in frame[column] if isinstance(text, str)]
        assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]


def test_without_tls_reports_the_page_says_how_they_come(tmp_path: Path, opened: Opened) -> None:
    empty = tmp_path / "rua.duckdb"
    with Store(empty).write():
        pass
    assert "_smtp._tls.DOMAIN. TXT" in words(opened(empty, "tls"))


def test_days_without_reports_offer_the_last_ones_with_any(tmp_path: Path, opened: Opened) -> None:
    last = DAY - timedelta(days=60)
    store = store_of([Said(last)], tmp_path / "s")
    app = opened(store, "tls", days="7")
    assert "No TLS reports in this period" in words(app)
    (offer,) = [each for each in app.button if each.label == f"Show the days up to {day(last)}"]
    offer.click().run()
    assert [each.value for each in app.metric] == ["10"]


def test_domains_that_are_not_in_the_settings_stand_apart(store: Path, opened: Opened) -> None:
    config = store.with_name("mine.toml")
    config.write_text('[domains."example.com"]\n')
    tables = tables_of(opened(store, "tls", config))
    assert set(tables["Policies"]["domain"]) == {"example.com"}
    others = tables["Domains not in the settings"]
    assert set(others["domain"]) == {"hostile.example"}


def test_three_hundred_domains_go_on_for_pages(tmp_path: Path, opened: Opened) -> None:
    many = [policy(200, 2, EXPIRED, domain=f"d{n:03d}.example") for n in range(300)]
    app = opened(store_of([Said(DAY, many)], tmp_path / "s"), "tls")
    assert len(tables_of(app)["Policies"]) == 25
    assert "1 – 25 of 300 policies" in words(app)
    assert "The 5 largest of 300" in words(app)


def test_parts_beyond_the_largest_are_one() -> None:
    rows = [(DAY, f"mx{n}", 20 - n) for n in range(9)] + [(DAY, None, 3)]
    parts, order = largest_parts(rows, "no MX named")
    assert order == [*(f"mx{n}" for n in range(6)), OTHERS]
    assert sum(count for _, _, count in parts) == sum(count for _, _, count in rows)
    assert len(set(colours_of(order).values())) == len(order)


def test_a_part_that_calls_itself_the_rest_is_no_trouble() -> None:
    rows = [(DAY, OTHERS, 99), *((DAY, f"mx{n}", n + 1) for n in range(7)), (DAY, "x" * 500, 50)]
    parts, order = largest_parts(rows, "")
    assert len(order) == len(set(order))
    assert max(map(len, order)) <= 36
    assert set(colours_of(order)) == set(order)
    chart = stack(stack_frame(parts, order), WINDOW, colours_of(order), noun="n", counted_as="c")
    assert chart.to_dict()


@pytest.fixture(scope="module")
def url(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    needs_chromium()
    with running(["--store", str(store)], tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.mark.parametrize(("width", "dark"), [(1440, True)])
def test_it_is_drawn_in_a_browser_and_nothing_runs(url: str, width: int, dark: bool) -> None:
    with page_at(f"{url}/tls?until={DAY}", width=width, dark=dark) as page:
        assert page.get_by_role("heading", name="TLS", exact=True).is_visible()
        page.get_by_text("Failures and their fixes").wait_for()
        assert page.locator("script", has_text="alert(1)").count() == 0
        assert page.get_by_role("link", name="l", exact=True).count() == 0
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0
