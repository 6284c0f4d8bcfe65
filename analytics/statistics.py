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
    successes: float, trials: float, clusters: int, xx: float, xn: float, nn: float
) -> float:
    """How much more a rate over clusters varies than one over independent trials; at least 1.

    xx, xn and nn are the sums over clusters of x², x·n and n², for x successes in n trials.
    """
    if clusters < 2 or trials <= 0 or successes <= 0 or successes >= trials:
        return 1.0
    rate = successes / trials
    between = (xx - 2 * rate * xn + rate**2 * nn) * clusters / (clusters - 1)
    return max(1.0, between / (trials * rate * (1 - rate)))


def is_enough(trials: float) -> bool:
    """Whether so many messages tell anything of a rate; if not, there are too few to tell."""
    return trials >= ENOUGH
