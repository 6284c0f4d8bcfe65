"""The days on which policies changed, as the reports of whole histories show them."""

from datetime import date
from pathlib import Path

import pytest

from analytics.policy.history import policy_changes
from analytics.query.question import Question
from analytics.query.window import Window
from schemas.store.store import Store
from tests.support.stores.quick_store import quick_store


@pytest.mark.parametrize("seed", [2, pytest.param(3, marks=pytest.mark.seeds)])
def test_the_demos_policies_change_on_the_days_they_changed(seed: int, tmp_path: Path) -> None:
    until = date(2026, 11, 20)
    path, truth = quick_store(tmp_path, seed=seed, until=until)
    with Store(path).read() as reader:
        found = policy_changes(Question(reader, Window.up_to(until)))
    changed = {
        name: [c for c in found if c.domain == name and c.before] for name in truth["domains"]
    }
    for name, domain in truth["domains"].items():
        stages = domain["stages"][1:]
        assert [
            (c.day - date.fromisoformat(s["since"])).days
            for c, s in zip(changed[name], stages, strict=True)
        ] == [0] * len(stages), name
        for change, stage in zip(changed[name], stages, strict=True):
            assert change.after["p"] == stage["policy"]["p"]
