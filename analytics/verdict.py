"""From a domain's standing to one verdict: advance, fix, wait, done or roll-back.

What is certain is said first: a loss that an enforcing policy causes now, the owner's word on a
parked domain, a feed that has stopped. Then what blocks, then what is not yet known; only when
nothing stands in the way is it safe to advance. Nothing here opens a gate on a raw pass rate, and
no data never weakens a policy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics import blockers
from analytics.ask import Row
from analytics.gates import Gate, before_enforcing, before_reject
from analytics.losses import lost_now, step_back
from analytics.standing import LEVELS, Standing
from schemas.gates import Gates

__all__ = ["Decision", "decide"]

Target = Mapping[str, str | None]
PARKED = {"p": "reject", "sp": "reject", "np": "reject"}


@dataclass(frozen=True, slots=True)
class Decision:
    """`target` are the tags of the next record that change; None takes a tag out."""

    verdict: str
    reason: str
    target: Target
    blockers: Sequence[Row] = ()
    gates: Sequence[Gate] = ()


def decide(standing: Standing, gates: Gates) -> Decision:
    """The verdict on one domain."""
    for rule in (_losing_now, _parked, _silent):
        found = rule(standing, gates)
        if found is not None:
            return found
    step = _next_step(standing)
    return _blocked(standing, gates, step) or _stepping(standing, gates, step)


def _losing_now(standing: Standing, gates: Gates) -> Decision | None:
    """An enforcing policy that loses legitimate mail is weakened, whatever else there is."""
    lost = lost_now(standing, gates)
    if not lost:
        return None
    fails = sum(row["fails"] for row in lost)
    since = min(row["first_bad_day"] for row in lost)
    what = ", ".join(dict.fromkeys(row["source"] for row in lost[:3]))
    names = {row["source"] for row in lost}
    return Decision(
        "roll-back",
        f"{_in_force(standing, lost)} is losing mail of {what}: {_some(fails, 'message')} fail"
        f" since {since:%Y-%m-%d}",
        step_back(standing, lost),
        [row for row in blockers.broken(standing) if row["source"] in names],
    )


def _in_force(standing: Standing, lost: Sequence[Row]) -> str:
    if any(not row["below"] for row in lost):
        return f"p={standing.policy}"
    if standing.subdomain_policy == "none":
        return f"np={standing.missing_policy}"
    return f"{'sp' if standing.published['sp'] else 'p'}={standing.subdomain_policy}"


def _parked(standing: Standing, gates: Gates) -> Decision | None:
    """Straight to reject: on the owner's word that the domain sends no mail, or where DNS says so
    and the window holds nothing but abuse."""
    own = standing.of_class("own", "broken", "forwarder", "list")
    if not standing.owner.parked:
        return _unowned(standing)
    if own:
        rows = blockers.unexpected(standing)
        count = sum(row["messages"] for row in own)
        return Decision(
            "fix",
            f"parked by its owner's word, but {count:,} messages look as if they were its own",
            {},
            rows,
        )
    if standing.policy == "reject" and standing.subdomain_policy == "reject":
        return Decision("done", "parked, and everything is rejected", {})
    return Decision(
        "advance",
        "parked by its owner's word, and nothing but abuse was seen",
        {**PARKED, "adkim": "s", "aspf": "s"},
    )


def _unowned(standing: Standing) -> Decision | None:
    """A domain from which nothing but abuse was seen, and of which the owner said nothing."""
    if standing.of_class("own", "broken", "forwarder", "list", "undecided"):
        return None
    if not standing.of_class("spoof"):
        return None
    if standing.policy == "reject" and standing.subdomain_policy == "reject":
        return Decision("done", "nothing but abuse was seen, and it is rejected", {})
    if standing.looks_parked:
        return Decision(
            "advance",
            "DNS says that it sends no mail, and nothing but abuse was seen",
            {**PARKED, "adkim": "s", "aspf": "s"},
        )
    return Decision(
        "wait",
        "looks parked: nothing but abuse was seen. If it sends no mail, say parked = true",
        {},
    )


def _silent(standing: Standing, gates: Gates) -> Decision | None:
    if standing.silent_days < gates.silent_days:
        return None
    return Decision(
        "wait",
        f"no report for {standing.silent_days} days: check the rua address, and whether reports"
        " still arrive; nothing may be concluded meanwhile",
        {},
    )


def _next_step(standing: Standing) -> dict[str, str | None]:
    """The tags that change at the next step; empty when the goal is reached."""
    goal = standing.owner.goal
    leftovers: dict[str, str | None] = {}
    if standing.is_partial:
        leftovers["pct"] = None
    if standing.is_testing:
        leftovers["t"] = None
    if standing.policy == "none":
        return {"p": "quarantine"}
    if leftovers:
        return {"p": standing.policy, **leftovers}  # the policy in full comes before a next one
    if standing.policy == "quarantine" and goal == "reject":
        return {"p": "reject"}
    if LEVELS.index(standing.subdomain_policy) < LEVELS.index(standing.policy):
        level = LEVELS[LEVELS.index(standing.subdomain_policy) + 1]
        return {"sp": level}
    return {}


def _blocked(standing: Standing, gates: Gates, step: Target) -> Decision | None:
    """What has to be mended, or decided by the owner, before anything else."""
    broken = blockers.broken(standing)
    if broken:
        count = sum(row["messages"] for row in broken)
        return Decision(
            "fix", f"{_some(count, 'message')} of yours fail: {_names(broken)}", step, broken
        )
    if step.get("p") == "reject":
        blocked = _blocked_before_reject(standing, gates, step)
        if blocked:
            return blocked
    if standing.dormant and step:
        return _of_dormant(standing, step)
    undecided = blockers.undecided(standing, gates)
    if undecided and step:
        return Decision("wait", f"say whether this is yours: {_names(undecided)}", step, undecided)
    return None


def _of_dormant(standing: Standing, step: Target) -> Decision:
    """What failed when it sent last, before the window, would fail again."""
    rows = blockers.dormant(standing)
    if all(row["is_mended"] for row in standing.dormant):
        return Decision("wait", f"{_names(rows)} passes since one day alone", step, rows)
    seen = max(row["last_seen"] for row in standing.dormant)
    failed = f"{_names(rows)} failed when it sent last, on {seen:%Y-%m-%d}"
    if any(row["class"] == "broken" for row in rows):
        return Decision("fix", f"{failed}: mend it before it sends again", step, rows)
    return Decision("wait", f"{failed}: say whether it is yours", step, rows)


def _blocked_before_reject(standing: Standing, gates: Gates, step: Target) -> Decision | None:
    """RFC 9989 §7.4: what p=reject must not do to lists, nor rest on."""
    legitimate = standing.legitimate
    if standing.seen["spf_alone"] > gates.spf_alone * legitimate:
        share = standing.seen["spf_alone"] / legitimate
        rows = blockers.signs_nothing(standing)
        return Decision(
            "fix", f"{share:.0%} of your mail passes by SPF alone, unsigned", step, rows
        )
    fails = standing.seen["indirect_fails"]
    if fails > gates.indirect_loss * legitimate and not standing.owner.accept_indirect_loss:
        return Decision(
            "fix",
            f"mailing lists and forwarders would lose {fails / legitimate:.1%} of your mail",
            step,
            blockers.indirect(standing),
        )
    return None


def _stepping(standing: Standing, gates: Gates, step: Target) -> Decision:
    """Nothing is known to be wrong: is enough known to go on?"""
    if not step:
        reached = f"p={standing.policy} is the goal, and what is yours passes"
        return Decision("done", reached, {}, (), before_enforcing(standing, gates))
    checks = before_enforcing(standing, gates)
    if step.get("p") == "reject":
        checks = [*checks, *before_reject(standing, gates)]
    closed = [gate for gate in checks if not gate.ok]
    if closed:
        first = closed[0]
        reason = f"{first.name}: {first.measured}, required {first.required}"
        return Decision("wait", reason, step, (), checks)
    ahead = _already_published(standing, step)
    if ahead:
        return Decision("wait", ahead, {}, (), checks)
    if standing.np_is_safe and standing.published["np"] != "reject":
        step = {**step, "np": "reject"}  # early: names that do not exist send no mail
    tags = ", ".join(f"{tag}={value}" for tag, value in step.items() if value)
    return Decision("advance", f"every gate is open: publish {tags}", step, (), checks)


def _already_published(standing: Standing, step: Target) -> str | None:
    """DNS may be ahead of the reports: then it is they that have to be waited for."""
    record = standing.dns.record if standing.dns else None
    wanted = {tag: value for tag, value in step.items() if value is not None}
    if record is None or not wanted:
        return None
    if any(getattr(record, tag, None) != value for tag, value in wanted.items()):
        return None
    tags = ", ".join(f"{tag}={value}" for tag, value in wanted.items())
    return f"DNS publishes {tags} already, and reports do not show it yet"


def _names(rows: Sequence[Row]) -> str:
    names = [str(row["source"]) for row in rows]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def as_rows(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    return [gate.as_row() for gate in gates]
