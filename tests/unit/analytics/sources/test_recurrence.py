"""Rhythms are read from days, not from amounts."""

from datetime import date, timedelta
from random import Random

import pytest

from analytics.sources.recurrence import rhythm

LAST = date(2026, 11, 20)


def bits(backs: list[int]) -> int:
    return sum(1 << back for back in set(backs))


def of(backs: list[int]) -> str | None:
    return rhythm(bits([b for b in backs if b < 126]), bits([b // 7 for b in backs]), LAST)


def working_days(first: int) -> list[int]:
    return [back for back in range(first) if (LAST - timedelta(days=back)).weekday() < 5]


@pytest.mark.parametrize(
    ("backs", "expected"),
    [
        ([], None),
        ([3], None),
        (working_days(60), "daily"),
        ([back for back in working_days(60) if back % 4], "daily"),
        (list(range(40)), "daily"),
        (list(range(9)), None),
        (list(range(1, 40, 7)), "weekly"),
        ([1, 8, 15, 29, 36, 43, 50], "weekly"),
        ([1, 8, 15], None),
        ([2, 16, 30, 44], "fortnightly"),
        ([16, 47, 77], "monthly"),
        ([16, 15, 47, 48, 77], "monthly"),
        ([16, 47], None),
        ([10, 101, 193], "quarterly"),
        ([3, 12, 29, 33, 44, 61, 64, 81], None),
    ],
)
def test_a_rhythm(backs: list[int], expected: str | None) -> None:
    assert of(backs) == expected


def test_bursts_on_random_days_have_none() -> None:
    for seed in range(200):
        rng = Random(seed)
        found = of([back for back in range(90) if rng.random() < 0.2])
        assert found is None, seed
