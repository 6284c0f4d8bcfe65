"""Words, days, shares and charts: what every screen says and draws with."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.totals import days, together
from dashboards.common import formatting
from dashboards.common.palette import ON_LIGHT
from dashboards.web.components import charts
from dashboards.web.session import filters, url_state
from schemas.store.store import Store
from tests.support.mails.report_documents import Report, store_of
from tests.support.screens.opened_app import TODAY

WINDOW = Window(date(2026, 11, 1), TODAY, TODAY)
HOSTILE = (
    "<script>alert(1)</script> **bold** `tick` [link](https://evil.example) www.evil.example "
    ":material/home: :red[x] $x$ \u202e \x1b[31m\n# head"
)


@pytest.mark.parametrize("text", ["`", "``a`", "a`b``c", HOSTILE, " ", ""])
def test_quoted_text_cannot_leave_its_code_span(text: str) -> None:
    """CommonMark §6.1: a code span ends at a run of backticks as long as its first."""
    found = formatting.quoted(text)
    fence = found[: len(found) - len(found.lstrip("`"))]
    inside = found[len(fence) : -len(fence)]
    assert fence
    assert found.endswith(fence)
    assert fence not in inside
    assert not inside.startswith("`")
    assert not inside.endswith("`")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1"])
def test_a_downloaded_table_holds_no_formula(text: str) -> None:
    shown = formatting.table_cell(text)
    assert shown is not None
    assert shown[0] not in "=+-@\t"


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (1.0, "100 %"),
        (0.99999, "99.9 %"),  # not 100: something fails
        (0.9996, "99.9 %"),
        (0.999, "99.9 %"),
        (0.99849, "99.8 %"),
        (0.9985, "99.9 %"),
        (0.98765, "98.8 %"),
        (0.6666, "66.7 %"),
        (0.0004, "under 0.1 %"),
        (0.0, "0.0 %"),
    ],
)
def test_rates_are_rounded_and_cut_only_near_100(rate: float, shown: str) -> None:
    assert formatting.percent(rate) == shown


def test_intervals_are_rounded_outwards() -> None:
    assert formatting.interval((0.98765, 0.99991)) == "98.7 – 100 %"


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (1, "address", "1 address"),
        (1234, "address", "1,234 addresses"),
        (2, "country", "2 countries"),
        (2, "day", "2 days"),
        (0, "message", "0 messages"),
    ],
)
def test_amounts_have_plurals(count: int, noun: str, words: str) -> None:
    assert formatting.amount(count, noun) == words


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 1), date(2026, 11, 1), "1 Nov 2026"),
        (date(2026, 11, 1), date(2026, 11, 7), "1 – 7 Nov 2026"),
        (date(2026, 10, 30), date(2026, 11, 7), "30 Oct – 7 Nov 2026"),
        (date(2025, 12, 30), date(2026, 1, 7), "30 Dec 2025 – 7 Jan 2026"),
    ],
)
def test_days_are_said_once(first: date, last: date, said: str) -> None:
    assert formatting.span(first, last) == said


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"p": "none", "sp": "none", "adkim": "r", "aspf": "r", "pct": 100}, "none"),
        (
            {"p": "reject", "sp": "none", "np": "reject"},
            "reject, subdomains none, non-existent reject",
        ),
        ({"p": "quarantine", "pct": 50, "t": "y"}, "quarantine, pct 50, test mode"),
        ({"p": "reject", "adkim": "s"}, "reject, strict DKIM"),
        ({"p": "reject", "adkim": "s", "aspf": "s"}, "reject, strict"),
        ({}, "not seen"),
    ],
)
def test_a_policy_is_said_in_few_words(tags: dict[str, Any], said: str) -> None:
    empty = dict.fromkeys(("p", "sp", "np", "adkim", "aspf", "pct", "t"))
    assert formatting.policy(empty | tags) == said


@pytest.mark.parametrize("until", [None, "", "soon", "0001-01-01", "99999-01-01", "2026-02-30"])
def test_a_senseless_last_day_means_today(until: str | None) -> None:
    last = url_state.UNTIL.read(until or "")
    assert filters.window_of(7, last, TODAY) == Window(date(2026, 11, 24), TODAY, TODAY)


def row(day: date, messages: int, legitimate: int, aligned: int, **others: int) -> Any:
    failing = legitimate - aligned
    shares = {
        "xx_n": aligned**2 / legitimate if legitimate else 0.0,
        "grouped_failures": failing if legitimate > 1 else 0,
        "joint_failures": failing * (failing - 1) / (legitimate - 1) if legitimate > 1 else 0.0,
    }
    cluster = {"clusters": 1, "xx": aligned**2, "xn": aligned * legitimate, "nn": legitimate**2}
    rest = {"aligned": aligned, "undecided": 0, "spoof": 0, "indirect": 0} | others
    counts = {"messages": messages, "legitimate": legitimate, "legitimate_aligned": aligned}
    one = {"day": day, **counts, **rest, **cluster, **shares}
    total = together([one])
    return one | {key: total[key] for key in ("interval", "enough")}


def test_a_day_is_split_into_shares_that_add_up() -> None:
    frame = charts.messages_frame([row(TODAY, 100, 60, 55, undecided=15, spoof=12, indirect=9)])
    assert dict(zip(frame["share"], frame["messages"], strict=True)) == {
        "passes": 55,
        "broken": 5,
        "forwarders and lists": 9,
        "spoof": 12,
        "undecided": 15,
        "no result": 4,
    }
    assert frame["messages"].sum() == 100


def test_a_day_with_few_messages_is_no_firm_point() -> None:
    frame = charts.rate_frame(
        [row(TODAY, 100, 100, 100), row(TODAY, 99, 99, 99), row(TODAY, 9, 0, 0)]
    )
    assert list(frame["kind"]) == [charts.FIRM, charts.HOLLOW]
    assert list(frame["words"]) == [
        "100 % (100 of 100), 95 % interval 96.3 – 100 %",
        "99 of 99: too few messages",
    ]


def test_the_line_breaks_where_a_day_is_missing() -> None:
    known = [TODAY - timedelta(days=n) for n in (4, 3, 1, 0)]
    frame = charts.rate_frame([row(day, 100, 100, 99) for day in known])
    chart = charts.pass_rate_per_day(frame, WINDOW, ON_LIGHT).to_dict()
    runs = [each["run"] for data in chart["datasets"].values() for each in data if "run" in each]
    assert runs[:4] == [1, 1, 2, 2]


def test_charts_hold_every_day_of_the_window_as_text() -> None:
    rows = [row(TODAY, 1000, 900, 750, undecided=100)]
    bars = charts.messages_per_day(charts.messages_frame(rows), WINDOW, ON_LIGHT).to_dict()
    rates = charts.pass_rate_per_day(charts.rate_frame(rows), WINDOW, ON_LIGHT).to_dict()
    for chart in (bars, rates):
        for layer in chart["layer"]:
            x = layer["encoding"]["x"]
            assert x["type"] == "ordinal"
            assert len(x["scale"]["domain"]) == WINDOW.days
    y = rates["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert y == [0.8, 1]


def test_a_total_takes_reporter_days_for_clusters(tmp_path: Path) -> None:
    """One receiver fails whole days: the interval is wider than that of single messages."""
    reports = [
        Report(TODAY - timedelta(days=n), reporter=who, count=50, aligned=n % 5 > 0)
        for n in range(20)
        for who in ("one.example", "two.example")
    ]
    with Store(store_of(reports, tmp_path / "s")).read() as reader:
        found = days(Question(reader, WINDOW))
    total = together(found)
    assert (total["messages"], total["legitimate_aligned"]) == (2000, 1600)
    assert total["clusters"] == 40
    low, high = total["interval"]
    assert high - low > 0.2
