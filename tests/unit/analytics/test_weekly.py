"""The week as data: which days it has, what it asks for, and what it says of a group."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.advice.action_items import decisions, headline
from analytics.query.isoweek import label_of, last_whole_week, read_week
from analytics.query.question import Owner, Question
from analytics.query.statement import Certainty
from analytics.weekly import Week, weeks
from dashboards.weekly.paths import folder_names
from dashboards.weekly.svg_charts import messages_chart, rate_chart, strip
from schemas.errors import ConfigError
from schemas.store.store import Store
from tests.support.mails.report_documents import Report, store_of

SUNDAY = date(2026, 11, 15)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-W46", date(2026, 11, 9), SUNDAY),
        ("2026W46", date(2026, 11, 9), SUNDAY),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("2027-W01", date(2027, 1, 4), date(2027, 1, 10)),
        ("2025-W01", date(2024, 12, 30), date(2025, 1, 5)),
    ],
)
def test_iso_8601_weeks_begin_on_monday_and_may_lie_in_two_years(
    text: str, first: date, last: date
) -> None:
    window = read_week(text)
    assert (window.first, window.last, window.days) == (first, last, 7)
    assert label_of(window).replace("-", "") == text.replace("-", "")


@pytest.mark.parametrize("text", ["2027-W53", "2026-W00", "2026-46", "W46", "2026-W046", "", "x"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not an ISO week"):
        read_week(text)


@pytest.mark.parametrize(
    ("today", "label"),
    [(date(2026, 11, 15), "2026-W45"), (date(2026, 11, 16), "2026-W46"), (SUNDAY, "2026-W45")],
)
def test_the_last_whole_week_is_over(today: date, label: str) -> None:
    window = last_whole_week(today)
    assert label_of(window) == label
    assert window.last < today


def advised(domain: str, verdict: str, **more: Any) -> dict[str, Any]:
    """A row of `rua advise` in what decisions go by."""
    return {
        "domain": domain,
        "verdict": verdict,
        "reason": "so it is",
        "record": "v=DMARC1; p=quarantine" if verdict in ("advance", "roll-back") else None,
        "record_note": None,
        "changes": {"p": "quarantine", "adkim": "r", "pct": None},
        "published": {"p": "reject", "adkim": "s", "pct": 50},
        "blockers": [],
        "window": {"messages": 100, "legitimate": 90},
    } | more


def blocker(source: str, class_: str, messages: int) -> Mapping[str, Any]:
    told = {"source": source, "class": class_, "messages": messages}
    return {**told, "reason": "it fails", "remedy": f"mend {source}"}


def test_a_headline_counts_what_each_domain_may_do() -> None:
    names = ["a", "b", "c", "d", "e"]
    rows = [
        *(advised("a", "advance"), advised("b", "advance"), advised("c", "roll-back")),
        advised("d", "fix"),
    ]
    told = "2 of 5 domains can advance; 1 loses mail now; 1 needs a fix; "
    assert headline(names, rows) == f"{told}1 has no reports."
    assert headline(["a", "b"], [advised("a", "wait"), advised("b", "wait")]) == (
        "Of 2 domains 2 have to wait."
    )
    assert headline(["a"], [advised("a", "advance")]) == "The domain can advance."
    assert headline(["a"], []) == "The domain has no reports."
    assert headline([], []) == "There are no domains."


def test_decisions_begin_with_a_loss_and_leave_out_who_only_waits() -> None:
    rows = decisions(
        [
            advised("ahead.example", "advance"),
            advised("waits.example", "wait"),
            advised("done.example", "done"),
            advised("mend.example", "fix", blockers=[blocker("A", "broken", 4)]),
            advised("ask.example", "wait", blockers=[blocker("B", "undecided", 9)]),
            advised("loses.example", "roll-back", blockers=[blocker("C", "broken", 50)]),
            advised("mute.example", "wait", reason="no report for 9 days"),
            advised("nameless.example", "fix", reason="no report yet: its record names no rua"),
            advised("parked.example", "wait", reason="looks parked: confirm"),
        ]
    )
    assert [(row["kind"], row["domain"]) for row in rows] == [
        ("roll back", "loses.example"),
        ("fix", "mend.example"),
        ("is it yours?", "ask.example"),
        ("publish", "ahead.example"),
        ("check", "mute.example"),
        ("check", "nameless.example"),
        ("check", "parked.example"),
    ]
    by_domain = {row["domain"]: row for row in rows}
    assert by_domain["ask.example"]["certainty"] == Certainty.NOT_KNOWN
    assert by_domain["ahead.example"]["record"] == "v=DMARC1; p=quarantine"
    assert by_domain["mend.example"]["todo"] == "mend A"
    assert by_domain["loses.example"]["todo"] == (
        "Publish the record for _dmarc.loses.example: p=quarantine instead of p=reject,"
        " without adkim=s, without pct=50."
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Week]:
    """Two weeks of two domains and a third that nobody reports on, in two groups."""
    backs = [SUNDAY - timedelta(days=back) for back in range(14)]
    reports = [
        *(Report(day, "a.example", count=40) for day in backs),
        *(
            Report(day, "b.example", source_ip="192.0.2.9", count=30, aligned=day.day % 2 == 0)
            for day in backs
        ),
        Report(SUNDAY, "stranger.example", count=7),
    ]
    store = store_of(reports, tmp_path_factory.mktemp("weekly") / "s")
    groups = {"one": ["a.example"], "two": ["b.example", "never.example"], "none": []}
    owners = {name: Owner() for names in groups.values() for name in names}
    with Store(store).read() as reader:
        found = weeks(Question(reader, read_week("2026-W46"), owners=owners), groups)
    return {week.group: week for week in found}


def test_groups_know_nothing_of_one_another(told: dict[str, Week]) -> None:
    assert [row["domain"] for row in told["one"].domains] == ["a.example"]
    assert told["one"].total["messages"] == told["one"].evidence.messages == 280
    assert told["two"].total["messages"] == 210
    for week in told.values():
        names = {row["domain"] for row in week.domains}
        listed = (week.sources, week.decisions, week.spoofing, week.changes)
        assert {row["domain"] for rows in listed for row in rows} <= names | {None}


def test_verdicts_go_by_35_days_up_to_sunday_and_totals_by_the_week(told: dict[str, Week]) -> None:
    (row,) = told["one"].domains
    asked = row["advice"]["window"]
    assert (asked["begin"], asked["end"]) == (SUNDAY - timedelta(days=34), SUNDAY)
    assert (asked["messages"], row["messages"]) == (560, 280)


def test_a_domain_without_a_report_is_told_of(told: dict[str, Week]) -> None:
    (row,) = [each for each in told["two"].domains if each["domain"] == "never.example"]
    assert (row["reports"], row["messages"]) == (0, 0)
    assert row["advice"] is None or row["advice"]["verdict"] == "wait"


def test_a_group_of_no_domains_is_empty(told: dict[str, Week]) -> None:
    week = told["none"]
    assert not week.has_reports
    assert (week.total["messages"], week.reporters, week.tls) == (0, [], [])
    assert messages_chart(week) is None
    assert rate_chart(week) is None


def test_charts_draw_every_message(told: dict[str, Week]) -> None:
    week = told["two"]
    chart = messages_chart(week)
    assert chart
    top = float(chart.rows[-1].text.replace(",", ""))
    drawn = sum(bar.height for bar in chart.bars if not bar.is_past) / 138 * top
    assert drawn == pytest.approx(week.total["messages"])
    assert all(bar.y >= 0 and bar.y + bar.height <= 148.1 for bar in chart.bars)
    assert sum(bar.width for bar in strip(week.domains[0])) == pytest.approx(100)
    rates = rate_chart(told["one"])
    assert rates
    assert len(rates.points) == 14
    assert not any(point.is_firm for point in rates.points)  # 40 messages say little


def test_folder_names_stay_in_their_folder_and_are_another_each() -> None:
    names = [
        "../../etc",
        "etc",
        "CON",
        "",
        "Ünïcode GmbH",
        "北京",
        "a" * 300,
        ".",
        "x/y",
        "no-group",
    ]
    found = folder_names(names)
    assert len(set(found.values())) == len(names)
    assert found[""] == "no-group"
    assert found["Ünïcode GmbH"] == "unicode-gmbh"
    for name in found.values():
        assert Path(name).name == name
        assert name == name.strip(".- ").lower()
        assert 0 < len(name) <= 70
        assert name.partition(".")[0] not in ("con", "nul")
    assert folder_names([""]) == {"": "all-domains"}


def test_a_groups_folder_stays_when_another_of_its_name_goes_by() -> None:
    """The names of colliding groups hang on each alone."""
    pair = folder_names(["Client A", "client-a"])
    assert folder_names(["Client A", "client-a", "CLIENT A"]).items() >= pair.items()
