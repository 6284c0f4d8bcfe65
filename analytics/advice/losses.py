"""Finds legitimate mail that an enforcing policy loses now, and the smallest step back that helps.

A loss is an own or broken source below the required pass rate for two days, seen by two reporters
or by one verified reporter (docs/advice.md). The tag that applies depends on the author domain: p
for the domain itself, sp or np for names below it (RFC 9989 §4.10.1).
"""

from collections.abc import Sequence

from analytics.advice.domain_state import LEVELS, DomainState, Level
from analytics.query.run import Row
from analytics.query.statistics import allowed_failures
from schemas.config.thresholds import Gates

__all__ = ["lost_now", "step_back", "weaker"]

Changes = dict[str, str | None]


def lost_now(state: DomainState, gates: Gates) -> list[Row]:
    """The rows of `breaks` that are losses; `fails` is the number of lost messages."""
    if state.silent_days >= gates.silent_days:
        return []
    stopped = (_lost(state, row) for row in state.breaks)
    return [row for row in stopped if row is not None and _is_loss(row, gates)]


def _lost(state: DomainState, row: Row) -> Row | None:
    """The row, counting mail that the policy asks receivers to stop; None if it asks nothing."""
    asked = _asked(state, is_below=row["below"])
    if not any(asked):
        return None
    if all(asked) and not state.is_testing and not state.is_partial:
        return row
    # Only some receivers enforce: those that know np, or that ignore t or pct (RFC 9989 App. A.6).
    # What they stopped is lost.
    return row | {
        "fails": row["stopped"],
        "reporters": row["stopping_reporters"],
        "verified_reporters": row["stopping_verified"],
        "messages": min(row["messages"], row["stopped"]),
    }


def _asked(state: DomainState, *, is_below: bool) -> tuple[bool, ...]:
    """Whether each policy that may apply enforces; for a name below, both sp and np may apply."""
    if not is_below:
        return (state.policy != Level.NONE,)
    return state.subdomain_policy != Level.NONE, state.missing_policy != Level.NONE


def _is_loss(row: Row, gates: Gates) -> bool:
    return bool(
        row["bad_days"] >= gates.break_days
        and row["fails"] >= gates.break_messages
        and row["fails"] > allowed_failures(gates.rate_of_source, row["messages"])
        and (row["reporters"] >= 2 or row["verified_reporters"] >= 1)
    )


def step_back(state: DomainState, lost: Sequence[Row]) -> Changes:
    """Relaxed alignment if strict alignment is the only cause, else one level down in the tag that
    applies to the lost mail."""
    by_rule = {row["source"]: row["rule"] for row in state.of_class("broken")}
    names = {row["source"] for row in lost}
    if all(by_rule.get(name) == "broken-alignment" for name in names):
        return {"adkim": "r", "aspf": "r"}
    changes: Changes = {}
    if any(not row["below"] for row in lost):
        changes["p"] = weaker(state.policy)
    if any(row["below"] for row in lost):
        changes |= _step_back_below(state)
        if "sp" in changes and changes["sp"] == changes.get("p"):
            changes["sp"] = None  # an absent sp follows p
    return changes


def _step_back_below(state: DomainState) -> Changes:
    sp, np = state.subdomain_policy, state.missing_policy
    if sp == Level.NONE:
        return {"np": Level.NONE.value}  # only np can be the cause
    lower = weaker(sp)
    # It is not certain that the names exist: np must not stop what sp lets pass.
    return {"sp": lower} if np == sp and not state.published["np"] else _both(lower, np)


def _both(lower: str, np: str) -> Changes:
    return {"sp": lower, "np": min(lower, np, key=LEVELS.index)}


def weaker(policy: str) -> str:
    """One level down."""
    return LEVELS[max(0, LEVELS.index(policy) - 1)]
