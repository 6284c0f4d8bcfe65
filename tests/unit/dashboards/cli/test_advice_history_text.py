"""Past advice as text: weeks and policy changes in their order, and a week as it was given."""

import json
from datetime import date, datetime, time
from typing import Any

import pytest

from analytics.policy.history import PolicyChange
from dashboards.cli.advice_history_text import print_history, print_week
from schemas.errors import ConfigError

DOMAIN = "example.com"
NONE = {"p": "none", "sp": None, "np": None, "adkim": None, "aspf": None, "pct": None, "t": None}
REJECT = NONE | {"p": "reject"}
FIRST = PolicyChange(DOMAIN, date(2026, 9, 1), "reports", None, NONE, ("p",), reporters=1)
CHANGE = PolicyChange(DOMAIN, date(2026, 11, 4), "reports", NONE, REJECT, ("p",), reporters=3)


def advice(verdict: str, day: date, *, stands: bool = True, **target: str | None) -> dict[str, Any]:
    """A stored row of advice."""
    return {
        "domain": DOMAIN,
        "week": "2026-W45",
        "as_of": day,
        "made_at": datetime.combine(day, time(8)),
        "stands": stands,
        "verdict": verdict,
        "target": target,
        "record": None,
        "reason": f"because of {verdict}",
        "inputs": "0",
        "given": given(verdict),
    }


def given(verdict: str) -> dict[str, Any]:
    """A row of `rua advise` in what its text uses."""
    return {
        "domain": DOMAIN,
        "verdict": verdict,
        "reason": f"because of {verdict}",
        "record": None,
        "record_note": None,
        "changes": {},
        "blockers": [],
        "gates": [],
        "next_look": "2026-11-12",
        "window": {
            "begin": "2026-10-02",
            "end": "2026-11-05",
            "messages": 1000,
            "days": 30,
            "reporters": 4,
            "unverified": 250,
            "policy_since": "2026-09-01",
        },
    }


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_newest_first_and_advice_above_the_change_of_its_day(
    capsys: pytest.CaptureFixture[str],
) -> None:
    past = [advice("wait", date(2026, 11, 4))]
    print_history(DOMAIN, past, [FIRST, CHANGE], date(2026, 11, 20), "csv")
    rows = [line.split(",")[:2] for line in lines_of(capsys)[1:]]
    assert rows == [["2026-W45", "advice"], ["2026-11-04", "policy"], ["2026-09-01", "policy"]]


def test_a_change_names_both_values_and_who_saw_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_history(DOMAIN, [], [FIRST, CHANGE], date(2026, 11, 20), "table")
    text = capsys.readouterr()
    assert "p none → reject (seen by 3 reporters)" in text.out
    assert "first seen: p=none (seen by 1 reporter)" in text.out
    assert "no advice is stored yet" in text.err


def test_advice_names_the_tags_to_set_and_to_remove(capsys: pytest.CaptureFixture[str]) -> None:
    past = [
        advice("advance", date(2026, 11, 5), p="quarantine", pct=None),
        advice("wait", date(2026, 11, 3), stands=False),
    ]
    print_history(DOMAIN, past, [], date(2026, 11, 20), "table")
    text = capsys.readouterr().out
    assert "advance: p=quarantine, without pct" in text
    assert "wait, replaced in the same week (2026-11-03)" in text
    assert "    because of advance" in text


def test_json_has_the_advice_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_history(DOMAIN, [advice("done", date(2026, 11, 5))], [CHANGE], date(2026, 11, 20), "json")
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {"domain", "advice", "policy_changes", "differences"}
    assert found["advice"][0]["verdict"] == "done"
    assert "given" not in found["advice"][0]
    assert found["policy_changes"][0]["after"]["p"] == "reject"


def test_a_week_is_printed_as_it_was_given_the_valid_advice_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    past = [advice("fix", date(2026, 11, 5)), advice("wait", date(2026, 11, 3), stands=False)]
    print_week(DOMAIN, "2026-W45", past, "table")
    lines = lines_of(capsys)
    assert lines[0] == "2026-W45, given on 2026-11-03 08:00 UTC; replaced later in the week:"
    assert lines[1] == "example.com: wait: because of wait."
    second = lines.index("2026-W45, given on 2026-11-05 08:00 UTC:")
    assert lines[second - 1] == ""
    assert lines[second + 1] == "example.com: fix: because of fix."
    assert any("25.0 % in unverified reports" in line for line in lines)


def test_a_week_without_advice_says_where_to_look() -> None:
    with pytest.raises(ConfigError, match=r"no advice on example.com is stored for 2026-W07; rua"):
        print_week(DOMAIN, "2026-W07", [], "table")
