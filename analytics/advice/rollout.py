"""The next step on the road: which tags of the record change, and what for.

A step is {tag: value}, None taking a tag out; an empty one says that the goal is reached.
"""

from collections.abc import Mapping

from analytics.advice.domain_state import LEVELS, Standing

__all__ = ["Step", "is_below", "level_of", "next_step", "said"]

Step = Mapping[str, str | None]


def next_step(standing: Standing) -> dict[str, str | None]:
    """none, quarantine, reject or the owner's goal; then sp after p."""
    leftovers: dict[str, str | None] = {}
    if standing.is_partial:
        leftovers["pct"] = None
    if standing.is_testing:
        leftovers["t"] = None
    if standing.policy == "none":
        return {"p": "quarantine"}
    if leftovers:
        return {"p": standing.policy, **leftovers}  # the policy in full comes before a next one
    if standing.policy == "quarantine" and standing.owner.goal == "reject":
        return {"p": "reject"}
    if LEVELS.index(standing.subdomain_policy) < LEVELS.index(standing.policy):
        return {"sp": LEVELS[LEVELS.index(standing.subdomain_policy) + 1]}
    return {}


def is_below(step: Step) -> bool:
    """Whether it is about names below the domain alone."""
    return "sp" in step and "p" not in step


def level_of(step: Step) -> str | None:
    """What it asks receivers to do with mail that fails."""
    return step.get("p") or step.get("sp")


def said(step: Step) -> str:
    """p=quarantine without pct."""
    kept = ", ".join(f"{tag}={value}" for tag, value in step.items() if value)
    gone = [tag for tag, value in step.items() if value is None]
    return f"{kept} without {' and '.join(gone)}" if gone else kept
