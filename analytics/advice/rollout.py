"""The next step on the road: which tags of the record change, and what for.

A step is {tag: value}, None taking a tag out; an empty one says that the goal is reached.
"""

from collections.abc import Mapping

from analytics.advice.domain_state import LEVELS, DomainState

__all__ = ["Step", "is_below", "level_of", "next_step", "said"]

Step = Mapping[str, str | None]


def next_step(state: DomainState) -> dict[str, str | None]:
    """none, quarantine, reject or the owner's goal; then sp after p."""
    leftovers: dict[str, str | None] = {}
    if state.is_partial:
        leftovers["pct"] = None
    if state.is_testing:
        leftovers["t"] = None
    if state.policy == "none":
        return {"p": "quarantine"}
    if leftovers:
        return {"p": state.policy, **leftovers}  # the policy in full comes before a next one
    if state.policy == "quarantine" and state.owner.goal == "reject":
        return {"p": "reject"}
    if LEVELS.index(state.subdomain_policy) < LEVELS.index(state.policy):
        return {"sp": LEVELS[LEVELS.index(state.subdomain_policy) + 1]}
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
