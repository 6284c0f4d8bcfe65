"""The domain screen's rollout chart and sentences."""

from datetime import date
from typing import Any

import pytest

from analytics.advice.domain_state import LEVELS
from analytics.policy.replay import Tags
from analytics.query.run import Row
from dashboards.common.palette import ON_DARK, ON_LIGHT
from dashboards.web.screens.domain import charts, rollout_chart, text
from dashboards.web.screens.domain import whatif as whatif_mode
from dashboards.web.screens.domain.data import Place
from tests.support.screens.opened_app import TODAY


def place(level: str, goal: str, *states: bool) -> Place:
    gates = [
        {"name": f"gate {n}", "required": "1", "measured": "0", "ok": ok, "basis": "ours"}
        for n, ok in enumerate(states)
    ]
    here = LEVELS.index(level)
    following = None if here >= LEVELS.index(goal) else LEVELS[here + 1]
    return Place(level, goal, following, gates, 0.98, 0.95)


ADVICE: Row = {"window": {"policy_since": date(2026, 11, 1), "last_report_day": TODAY}}


def test_the_road_shows_passed_and_failed_checks_without_colour() -> None:
    frame = rollout_chart.gates_frame(place("none", "reject", True, False, True))
    assert list(frame["state"]) == ["passes", "fails", "passes"]
    assert all(0 < x < 100 for x in frame["x"])
    chart = rollout_chart.road(
        place("none", "reject", True, False), ADVICE, "reject", ON_DARK
    ).to_dict()
    shapes = [
        layer["encoding"]["shape"]
        for layer in chart["layer"]
        if "shape" in layer.get("encoding", {})
    ]
    (scale,) = [shape["scale"] for shape in shapes]
    assert len(set(scale["range"])) == 2
    name = rollout_chart.road_name("a.example", place("none", "reject", True, False), ADVICE, None)
    assert name == (
        "a.example is at p=none, here since 1 Nov 2026, 30 days; the goal is p=reject. 1 of 2"
        " checks before p=quarantine pass. Failing: gate 1."
    )


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("goal", ["quarantine", "reject"])
def test_the_road_can_be_drawn_from_anywhere(level: str, goal: str) -> None:
    found = place(level, goal, True)
    assert rollout_chart.road(found, ADVICE, None, ON_LIGHT).to_dict()["layer"]


def lost(source: str, count: int, left: int, class_: str = "broken") -> dict[str, Any]:
    return {"source": source, "class": class_, "lost": count, "left_after": left}


def test_fixing_the_first_three_says_what_is_left() -> None:
    rows = [lost("A", 50, 50), lost("L", 9, 50, "list"), lost("B", 30, 20), lost("C", 15, 5)]
    replay = {
        "legitimate": 1000,
        "legitimate_lost": 100,
        "rejected": 2000,
        "interval": (80, 120),
        "by_source": [*rows, lost("D", 5, 0)],
    }
    assert text.fix_words(replay, "p=reject") == (
        "At p=reject 100 of 1,000 legitimate messages would be lost (95 % interval 80 to 120). Fix"
        " these three, A, B and C, and the loss falls to 5."
    )
    milder = text.fix_words(replay | {"rejected": 0}, "p=quarantine")
    assert milder.startswith("At p=quarantine 100 of 1,000 legitimate messages would be lost to q")
    frame = charts.loss_frame(replay)
    assert list(frame["left"]) == [100, 50, 20, 5, 0]
    assert charts.loss_chart(frame, ON_LIGHT).to_dict()["layer"]


def test_tags_of_the_mode_are_said_as_a_record_says_them() -> None:
    assert whatif_mode.record_of(Tags("none")) == "p=none"
    tags = Tags("reject", "quarantine", "none", "s", "s")
    assert whatif_mode.record_of(tags) == "p=reject; sp=quarantine; np=none; adkim=s; aspf=s"
