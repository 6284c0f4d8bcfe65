"""Confidence intervals for pass rates of mail that comes in batches."""

import math

__all__ = ["CLUSTERS", "Z95", "allowed_failures", "design_effect", "is_enough", "wilson"]

Z95 = 1.96
# Rule of three: if none of 100 messages fails, the failure rate may still be 3 %.
ENOUGH = 100
# The parameters of `design_effect` that are sums over clusters.
CLUSTERS = ("clusters", "xx", "xn", "nn", "xx_n", "grouped_failures", "joint_failures")
FEW = 4  # trials of a small cluster


def wilson(successes: float, trials: float, *, effect: float = 1.0) -> tuple[float, float] | None:
    """Wilson's 95 % interval for a rate; None without trials.

    `effect` is the design effect: messages come in batches, so `trials` of them carry as much
    information as trials / effect independent ones.
    """
    if trials <= 0:
        return None
    n = trials / max(effect, 1.0)
    rate = successes / trials
    middle = rate + Z95**2 / (2 * n)
    spread = Z95 * math.sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def allowed_failures(rate: float, trials: int) -> float:
    """How many of the trials may fail at that pass rate: 1 of 10 at 0.9, where 1 - 0.9 of 10 is a
    little less."""
    return round((1 - rate) * trials, 6)


def design_effect(
    successes: float,
    trials: float,
    clusters: int,
    xx: float,
    xn: float,
    nn: float,
    xx_n: float | None = None,
    grouped_failures: float | None = None,
    joint_failures: float | None = None,
) -> float:
    """How much more a rate over clusters varies than one over independent trials; at least 1.

    xx, xn, nn and xx_n are sums over clusters of x², x·n, n² and x²/n, for x successes in n trials.
    grouped_failures and joint_failures are sums over clusters of two trials or more: of y, the
    trials that failed (or are rare), and of y·(y - 1)/(n - 1), the share of a failure's fellow
    trials that fail too, summed over failures.

    The result is the largest of three estimates:

    - The variance between clusters over the binomial variance. With few failing clusters it depends
      on how large those are: if they happened to be small, intervals were far too narrow (in
      simulation 64 to 90 % of them held when 1 to 5 % of unequal clusters failed as a whole).
    - The share of a failure's fellow trials that fail too, with the sizes of all clusters.
    - The correlation within clusters by analysis of variance. It takes a lone failure for a batch
      that failed as a whole, so it applies only up to the size of small clusters (FEW), unless
      joint_failures is None.

    With all three, 95 % of intervals hold (tests/unit/analytics/policy/test_whatif.py).
    """
    if clusters < 2 or trials <= 0 or successes <= 0 or successes >= trials:
        return 1.0
    rate = successes / trials
    between = (xx - 2 * rate * xn + rate**2 * nn) * clusters / (clusters - 1)
    effect = max(1.0, between / (trials * rate * (1 - rate)))
    if xx_n is None or clusters >= trials:
        return effect
    size = nn / trials
    correlation = _correlation(successes, trials, clusters, nn, xx_n)
    if joint_failures is None or grouped_failures is None:
        return max(effect, 1 + correlation * (size - 1))
    effect = max(effect, 1 + correlation * (min(size, FEW) - 1))
    return max(effect, 1 + _joint_excess(rate, grouped_failures, joint_failures) * (size - 1))


def _joint_excess(rate: float, grouped_failures: float, joint_failures: float) -> float:
    """How much likelier a fellow trial of a failure fails than any other trial, 0 to 1."""
    rare = min(rate, 1 - rate)
    if not grouped_failures:
        return 0.0
    return max(0.0, (joint_failures / grouped_failures - rare) / (1 - rare))


def _correlation(successes: float, trials: float, clusters: int, nn: float, xx_n: float) -> float:
    """The correlation of two trials of one cluster: the ANOVA estimator, not below 0."""
    between = (xx_n - successes**2 / trials) / (clusters - 1)
    within = (successes - xx_n) / (trials - clusters)
    size = (trials - nn / trials) / (clusters - 1)
    spread = between + (size - 1) * within
    return max(0.0, (between - within) / spread) if spread > 0 else 0.0


def is_enough(trials: float) -> bool:
    """Whether a number of messages is large enough for a meaningful rate."""
    return trials >= ENOUGH
