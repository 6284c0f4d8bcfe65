"""Rates with honest intervals."""

import math

__all__ = ["Z95", "design_effect", "is_enough", "wilson"]

Z95 = 1.96
# Rule of three: when none of so many fails, up to 3 % may. Of fewer nothing can be said.
ENOUGH = 100


def wilson(successes: float, trials: float, *, effect: float = 1.0) -> tuple[float, float] | None:
    """Wilson's 95 % interval for a rate; None without trials.

    `effect` is the design effect: messages come in batches, so `trials` of them say as much as
    trials / effect independent ones.
    """
    if trials <= 0:
        return None
    n = trials / max(effect, 1.0)
    rate = successes / trials
    middle = rate + Z95**2 / (2 * n)
    spread = Z95 * math.sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def design_effect(
    successes: float,
    trials: float,
    clusters: int,
    xx: float,
    xn: float,
    nn: float,
    xx_n: float | None = None,
) -> float:
    """How much more a rate over clusters varies than one over independent trials; at least 1.

    xx, xn, nn and xx_n are the sums over clusters of x², x·n, n² and x²/n, for x successes in n
    trials.

    It is the larger of two estimates. The first is the variance between clusters over the binomial
    one. With few failing clusters it hangs on how large those happen to be: where by chance they
    were small, intervals came out far too narrow (in simulation 64 to 90 % of them held, when one
    to five in a hundred of unequal clusters failed whole). The second takes from the clusters only
    how alike their trials are (the correlation within clusters, by analysis of variance), and the
    effect from the sizes of all of them. With it 95 % hold; tests/test_analytics_whatif.py counts.
    """
    if clusters < 2 or trials <= 0 or successes <= 0 or successes >= trials:
        return 1.0
    rate = successes / trials
    between = (xx - 2 * rate * xn + rate**2 * nn) * clusters / (clusters - 1)
    effect = max(1.0, between / (trials * rate * (1 - rate)))
    if xx_n is None or clusters >= trials:
        return effect
    alike = _correlation(successes, trials, clusters, nn, xx_n)
    return max(effect, 1 + alike * (nn / trials - 1))


def _correlation(successes: float, trials: float, clusters: int, nn: float, xx_n: float) -> float:
    """The correlation of two trials of one cluster: the ANOVA estimator, not below 0."""
    between = (xx_n - successes**2 / trials) / (clusters - 1)
    within = (successes - xx_n) / (trials - clusters)
    size = (trials - nn / trials) / (clusters - 1)
    spread = between + (size - 1) * within
    return max(0.0, (between - within) / spread) if spread > 0 else 0.0


def is_enough(trials: float) -> bool:
    """Whether so many messages tell anything of a rate; if not, there are too few to tell."""
    return trials >= ENOUGH
