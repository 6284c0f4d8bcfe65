"""Intervals, against the worked examples of the literature and against simulation."""

import random

import pytest

from analytics.query.statistics import allowed_failures, design_effect, wilson


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [
        (490, 500, 0.964, 0.989),
        (990, 1000, 0.982, 0.995),
        (200, 200, 0.981, 1.0),
        (50, 50, 0.929, 1.0),
        (9900, 10000, 0.988, 0.992),
    ],
)
def test_wilson_gives_the_known_intervals(x: int, n: int, low: float, high: float) -> None:
    interval = wilson(x, n)
    assert interval is not None
    assert interval == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(
    ("rate", "n"), [(0.95, 73), (0.98, 189), (0.99, 381), (0.995, 765), (0.999, 3838)]
)
def test_wilson_needs_the_known_number_of_messages_without_failures(rate: float, n: int) -> None:
    enough, too_few = wilson(n, n), wilson(n - 1, n - 1)
    assert enough is not None
    assert too_few is not None
    assert enough[0] >= rate > too_few[0]


def test_no_trials_give_no_interval() -> None:
    assert wilson(0, 0) is None


def sums(clusters: list[tuple[int, int]]) -> dict[str, float]:
    return {
        "clusters": len(clusters),
        "xx": sum(x * x for x, _ in clusters),
        "xn": sum(x * n for x, n in clusters),
        "nn": sum(n * n for _, n in clusters),
        "xx_n": sum(x * x / n for x, n in clusters),
        "grouped_failures": sum(n - x for x, n in clusters if n > 1),
        "joint_failures": sum((n - x) * (n - x - 1) / (n - 1) for x, n in clusters if n > 1),
    }


def test_independent_messages_have_no_design_effect() -> None:
    rng = random.Random(1)
    clusters = [(sum(rng.random() < 0.9 for _ in range(50)), 50) for _ in range(2000)]
    x, n = (sum(c) for c in zip(*clusters, strict=True))
    assert design_effect(x, n, **sums(clusters)) == pytest.approx(1, abs=0.1)  # type: ignore[arg-type]


def test_batches_that_fail_whole_count_as_one_message_each() -> None:
    rng = random.Random(2)
    clusters = [(50 if rng.random() < 0.9 else 0, 50) for _ in range(2000)]
    x, n = (sum(c) for c in zip(*clusters, strict=True))
    assert design_effect(x, n, **sums(clusters)) == pytest.approx(50, rel=0.02)  # type: ignore[arg-type]


def test_without_failures_the_effect_is_one() -> None:
    assert design_effect(100, 100, 5, 2000.0, 2000.0, 2000.0) == 1


def test_a_message_that_fails_alone_is_no_batch() -> None:
    """A receiver got one message of a newsletter on a day, and that one broke on its way."""
    sizes = [1 + n % 12 for n in range(150)]
    for failing in (1, 2, 10):
        clusters = [*((n, n) for n in sizes), (failing - 1, failing)]
        x, n = (sum(each) for each in zip(*clusters, strict=True))
        interval = wilson(x, n, effect=design_effect(x, n, **sums(clusters)))  # type: ignore[arg-type]
        assert interval is not None
        assert interval[0] > 0.98, failing


def test_small_batches_that_fail_whole_widen_the_interval() -> None:
    sizes = [1 + n % 12 for n in range(150)]
    clusters = [*((n, n) for n in sizes), (0, 3), (0, 4)]
    x, n = (sum(each) for each in zip(*clusters, strict=True))
    assert design_effect(x, n, **sums(clusters)) > 7  # type: ignore[arg-type]


@pytest.mark.parametrize(("rate", "trials", "allowed"), [(0.9, 10, 1), (0.95, 100, 5), (0.8, 5, 1)])
def test_a_rate_of_exactly_the_threshold_is_no_failure(
    rate: float, trials: int, allowed: int
) -> None:
    assert allowed_failures(rate, trials) == allowed
