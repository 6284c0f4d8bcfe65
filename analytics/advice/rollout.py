"""Chooses the next policy step: which tags of the record change.

A step is {tag: value}; None removes a tag. An empty step means that the goal is reached.
"""

from collections.abc import Mapping

from analytics.advice.domain_state import LEVELS, DomainState, Level

__all__ = ["Step", "is_below", "level_of", "next_step", "step_text"]

Step = Mapping[str, str | None]


def next_step(state: DomainState) -> dict[str, str | None]:
    """First p to quarantine, then to the domain's goal; then sp up to p."""
    leftovers: dict[str, str | None] = {}
    if state.is_partial:
        leftovers["pct"] = None
    if state.is_testing:
        leftovers["t"] = None
    if state.policy == Level.NONE:
        return {"p": Level.QUARANTINE.value}
    if leftovers:
        return {"p": state.policy, **leftovers}  # apply the policy in full before the next one
    if state.policy == Level.QUARANTINE and state.owner.goal == Level.REJECT:
        return {"p": Level.REJECT.value}
    if LEVELS.index(state.subdomain_policy) < LEVELS.index(state.policy):
        return {"sp": LEVELS[LEVELS.index(state.subdomain_policy) + 1]}
    return {}


def is_below(step: Step) -> bool:
    """Whether the step concerns only names below the domain."""
    return "sp" in step and "p" not in step


def level_of(step: Step) -> str | None:
    """What the step asks receivers to do with mail that fails."""
    return step.get("p") or step.get("sp")


def step_text(step: Step) -> str:
    """The step as text, such as p=quarantine without pct."""
    tags = ", ".join(f"{tag}={value}" for tag, value in step.items() if value)
    gone = [tag for tag, value in step.items() if value is None]
    return f"{tags} without {' and '.join(gone)}" if gone else tags
