"""Monday's order, downloads and sentences."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from analytics.query.run import Row
from analytics.query.window import Window
from dashboards.web.components import domain_cards
from dashboards.web.screens.monday import panels
from dashboards.web.screens.monday.data import Monday
from tests.support.screens.opened_app import TODAY


def test_the_most_urgent_verdict_stands_first() -> None:
    def advice(domain: str, verdict: str, messages: int) -> Row:
        tags = dict.fromkeys(("p", "sp", "np", "adkim", "aspf", "pct", "t"))
        return {
            "domain": domain,
            "verdict": verdict,
            "published": tags,
            "reason": "so",
            "changes": {},
            "blockers": [],
            "record": None,
            "next_look": TODAY,
            "window": {"messages": messages},
        }

    rows = [
        advice("done.example", "done", 9),
        advice("small.example", "fix", 1),
        advice("large.example", "fix", 2),
        advice("lost.example", "roll-back", 1),
        advice("next.example", "advance", 1),
        advice("later.example", "wait", 1),
    ]
    order = ["lost", "large", "small", "later", "next", "done"]
    assert [row["domain"].split(".")[0] for row in domain_cards.card_rows(rows)] == order


@pytest.mark.parametrize(
    ("left_out", "words"), [([0, None], ""), ([3, 1], "Without 4 unverified reports")]
)
def test_what_the_advice_does_not_count_is_said(left_out: list[int | None], words: str) -> None:
    rows = [{"window": {"left_out": count}} for count in left_out]
    days = Window(TODAY - timedelta(days=34), TODAY, TODAY)
    said = panels.advice_words(cast(Monday, SimpleNamespace(advised=days, advice=rows)))
    assert said.startswith("Verdicts on reports of 27 Oct")
    assert ("Without" in said) == bool(words)
    assert words in said
