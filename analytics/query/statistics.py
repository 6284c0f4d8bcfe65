"""Rates with honest intervals."""

import math

__all__ = ["CLUSTERS", "Z95", "design_effect", "is_enough", "wilson"]

Z95 = 1.96
# Rule of three: when none of so many fails, up to 3 % may. Of fewer nothing can be said.
ENOUGH = 100
CLUSTERS = ("clusters", "xx", "xn", "nn", "xx_n", "company", "alike")  # of `design_effect`
FEW = 4  # trials of a small cluster


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
    company: float | None = None,
    alike: float | None = None,
) -> float:
    """How much more a rate over clusters varies than one over independent trials; at least 1.

    xx, xn, nn and xx_n are the sums over clusters of x², x·n, n² and x²/n, for x successes in n
    trials; company and alike are sums over clusters of two trials or more: of those y that failed
    (or are rare), and of y·(y - 1)/(n - 1), how many of its companions each failure has with it.

    It is the largest of the estimates. The first is the variance between clusters over the binomial
    one. With few failing clusters it hangs on how large those happen to be: where by chance they
    were small, intervals came out far too narrow (in simulation 64 to 90 % of them held, when one
    to five in a hundred of unequal clusters failed whole). So the others take from the clusters
    only how alike their trials are, and the effect from the sizes of all of them: the share of a
    failure's companions that fail, too, and the correlation within clusters by analysis of
    variance. The latter takes one failure alone in its cluster for a batch that failed whole; it
    is no witness of large ones and goes only as far as small ones do (FEW). Without `alike`
    it is all there is. With them 95 % hold; tests/unit/analytics/policy/test_whatif.py counts.
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
    if alike is None or company is None:
        return max(effect, 1 + correlation * (size - 1))
    effect = max(effect, 1 + correlation * (min(size, FEW) - 1))
    return max(effect, 1 + _in_company(rate, company, alike) * (size - 1))


def _in_company(rate: float, company: float, alike: float) -> float:
    """How much likelier a companion of a failure fails than any other trial, 0 to 1."""
    rare = min(rate, 1 - rate)
    return max(0.0, (alike / company - rare) / (1 - rare)) if company else 0.0


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
