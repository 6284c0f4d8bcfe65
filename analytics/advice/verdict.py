"""From a domain's state to one verdict: advance, fix, wait, done or roll-back.

What is certain is said first: a loss that an enforcing policy causes now, the owner's word on a
parked domain, a feed that has stopped. Then what blocks, then what is not yet known; only when
nothing stands in the way is it safe to advance. Nothing here opens a gate on a raw pass rate, and
no data never weakens a policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from analytics.advice import blockers
from analytics.advice.domain_state import DomainState
from analytics.advice.gates import (
    BELOW,
    DAYS,
    MESSAGES,
    Exposed,
    Gate,
    before_enforcing,
    before_reject,
    names_without_evidence,
)
from analytics.advice.losses import lost_now, step_back
from analytics.advice.rollout import Step, level_of, next_step, said
from analytics.dns.dmarc_record import is_dmarc
from analytics.query.run import Row
from schemas.config.thresholds import Gates

__all__ = ["Decision", "decide"]

PARKED = {"p": "reject", "sp": "reject", "np": "reject"}


@dataclass(frozen=True, slots=True)
class Decision:
    """`target` are the tags of the next record that change; None takes a tag out."""

    verdict: str
    reason: str
    target: Step
    blockers: Sequence[Row] = ()
    gates: Sequence[Gate] = ()


def decide(state: DomainState, gates: Gates) -> Decision:
    """The verdict on one domain."""
    for rule in (_without_record, _losing_now, _parked, _silent):
        found = rule(state, gates)
        if found is not None:
            return found
    step = next_step(state)
    return _blocked(state, gates, step) or _stepping(state, gates, step)


def _without_record(state: DomainState, gates: Gates) -> Decision | None:
    """DNS says that there is no record: nothing asks for reports, and nobody is kept from using
    the name. What was published is published again where it did no harm, else p=none."""
    if state.dns is None or state.dns.record is not None or state.owner.parked:
        return None
    harmless = (
        state.silent_days < gates.silent_days
        and not lost_now(state, gates)
        and not state.of_class("broken")
    )
    kept = {tag: state.published[tag] for tag in ("p", "sp", "np")}
    target = {tag: value for tag, value in kept.items() if value} if harmless else {"p": "none"}
    why = "DNS shows no DMARC record"
    if len([text for text in state.dns.texts if is_dmarc(text)]) > 1:
        why = "DNS shows several DMARC records, so that receivers heed none (RFC 9989 §4.10)"
    shown = f"reports showed p={state.policy} until {state.seen['last_day']}"
    step = target or {"p": "none"}
    return Decision("advance", f"{why}; {shown}: publish {said(step)}", step)


def _losing_now(state: DomainState, gates: Gates) -> Decision | None:
    """An enforcing policy that loses legitimate mail is weakened, whatever else there is."""
    lost = lost_now(state, gates)
    if not lost:
        return None
    fails = sum(row["fails"] for row in lost)
    since = min(row["first_bad_day"] for row in lost)
    what = ", ".join(dict.fromkeys(row["source"] for row in lost[:3]))
    names = {row["source"] for row in lost}
    return Decision(
        "roll-back",
        f"{_in_force(state, lost)} is losing mail of {what}: {_some(fails, 'message')} fail"
        f" {_lately(state, gates, since)}",
        step_back(state, lost),
        [row for row in blockers.broken(state) if row["source"] in names],
    )


def _lately(state: DomainState, gates: Gates, since: date) -> str:
    """When it failed first of the days that are looked at: what was before them is not known."""
    in_days = f"in the last {gates.break_window} days"
    if (state.window.last - since).days >= gates.break_window - 1:
        return f"{in_days}, from the first of them on"
    return f"{in_days}, first on {since:%Y-%m-%d}"


def _in_force(state: DomainState, lost: Sequence[Row]) -> str:
    if any(not row["below"] for row in lost):
        return f"p={state.policy}"
    if state.subdomain_policy == "none":
        return f"np={state.missing_policy}"
    return f"{'sp' if state.published['sp'] else 'p'}={state.subdomain_policy}"


def _parked(state: DomainState, gates: Gates) -> Decision | None:
    """Straight to reject: on the owner's word that the domain sends no mail, or where DNS says so
    and the window holds nothing but abuse."""
    own = state.of_class("own", "broken", "forwarder", "list")
    if not state.owner.parked:
        return _unowned(state)
    if own:
        rows = blockers.unexpected(state)
        count = sum(row["messages"] for row in own)
        return Decision(
            "fix",
            f"parked by its owner's word, but {count:,} messages look as if they were its own",
            {},
            rows,
        )
    if state.policy == "reject" and state.subdomain_policy == "reject":
        return Decision("done", "parked, and everything is rejected", {})
    return Decision(
        "advance",
        "parked by its owner's word, and nothing but abuse was seen",
        {**PARKED, "adkim": "s", "aspf": "s"},
    )


def _unowned(state: DomainState) -> Decision | None:
    """A domain from which nothing but abuse was seen, and of which the owner said nothing."""
    if state.of_class("own", "broken", "forwarder", "list", "undecided"):
        return None
    if not state.mail["classes"]["spoof"]:
        return None
    if state.policy == "reject" and state.subdomain_policy == "reject":
        return Decision("done", "nothing but abuse was seen, and it is rejected", {})
    if state.looks_parked:
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


def _silent(state: DomainState, gates: Gates) -> Decision | None:
    if state.silent_days < gates.silent_days:
        return None
    return Decision(
        "wait",
        f"no report for {state.silent_days} days: check the rua address, and whether reports"
        " still arrive; nothing may be concluded meanwhile",
        {},
    )


def _blocked(state: DomainState, gates: Gates, step: Step) -> Decision | None:
    """What has to be mended, or decided by the owner, before anything else."""
    broken = blockers.broken(state)
    if broken:
        count = sum(row["messages"] for row in broken)
        return Decision(
            "fix", f"{_some(count, 'message')} of yours fail: {_names(broken)}", step, broken
        )
    if level_of(step) == "reject":
        blocked = _blocked_before_reject(state, gates, step)
        if blocked:
            return blocked
    if state.dormant and step:
        return _of_dormant(state, step)
    undecided = blockers.undecided(state, gates)
    if not step:  # at the goal a stray spammer is no question any more, a vendor's customer is
        vendors = {row["source"] for row in state.of_class("undecided") if _is_vendors(row)}
        undecided = [row for row in undecided if row["source"] in vendors]
    if undecided:
        return Decision("wait", f"say whether this is yours: {_names(undecided)}", step, undecided)
    return None


def _is_vendors(row: Row) -> bool:
    return bool(row["rule"] == "undecided-vendor")


def _of_dormant(state: DomainState, step: Step) -> Decision:
    """What failed when it sent last, before the window, would fail again."""
    rows = blockers.dormant(state)
    if all(row["passes_again"] for row in state.dormant):
        return Decision("wait", f"{_names(rows)} passes since one day alone", step, rows)
    seen = max(row["last_seen"] for row in state.dormant)
    failed = f"{_names(rows)} failed when it sent last, on {seen:%Y-%m-%d}"
    if any(row["class"] == "broken" for row in rows):
        return Decision("fix", f"{failed}: mend it before it sends again", step, rows)
    return Decision("wait", f"{failed}: say whether it is yours", step, rows)


def _blocked_before_reject(state: DomainState, gates: Gates, step: Step) -> Decision | None:
    """RFC 9989 §7.4: what p=reject must not do to lists, nor rest on."""
    exposed = Exposed.of(state, step)
    if exposed.spf_alone > gates.spf_alone:
        return Decision(
            "fix",
            f"{exposed.spf_alone:.0%} of your mail passes by SPF alone, unsigned",
            step,
            blockers.signs_nothing(state, step),
        )
    if exposed.indirect > gates.indirect_loss and not state.owner.accept_indirect_loss:
        return Decision(
            "fix",
            f"mailing lists and forwarders would lose {exposed.indirect:.1%} of your mail",
            step,
            blockers.indirect(state),
        )
    return None


def _stepping(state: DomainState, gates: Gates, step: Step) -> Decision:
    """Nothing is known to be wrong: is enough known to go on?"""
    checks = before_enforcing(state, gates, step)
    if not step:
        reached = f"p={state.policy} is the goal, and what is yours passes"
        return Decision("done", reached, {}, (), checks)
    if level_of(step) == "reject":
        checks = [*checks, *before_reject(state, gates, step)]
    waiting = _closed(state, gates, step, checks)
    if waiting is not None:
        return waiting
    ahead = _already_published(state, step)
    if ahead:
        return Decision("wait", ahead, {}, (), checks)
    if state.np_is_safe and state.published["np"] != "reject":
        step = {**step, "np": "reject"}  # early: names that do not exist send no mail
    reason = f"every gate is open: publish {said(step)}"
    if state.history_days < gates.quarter_days:
        # RFC 9989 §5.1.7: how long it takes depends on how rarely something is sent.
        reason += f"; {state.history_days} days may not show what is sent once a quarter"
    return Decision("advance", reason, step, (), checks)


def _closed(
    state: DomainState, gates: Gates, step: Step, checks: Sequence[Gate]
) -> Decision | None:
    """The first closed gate is the reason to wait; of too little mail it is said what to do."""
    closed = [gate for gate in checks if not gate.ok]
    if not closed:
        return None
    names = {gate.name for gate in closed}
    small = names_without_evidence(state, gates, step)
    reason = f"{closed[0].name}: {closed[0].measured}, required {closed[0].required}"
    if DAYS not in names and MESSAGES in names and state.history_days >= gates.low_volume_days:
        return Decision("wait", _insufficient(state), step, (), checks)
    if names == {BELOW}:
        return Decision("wait", reason, step, blockers.below(state, small), checks)
    return Decision("wait", reason, step, (), checks)


def _insufficient(state: DomainState) -> str:
    """Waiting brings no more of what there is too little of."""
    n, failed = state.legitimate, state.legitimate - state.seen["legitimate_aligned"]
    if failed > 0:
        may = f"{failed:,} failed"
    else:  # the rule of three
        may = f"none failed, so up to {min(1, 3 / n):.0%} may" if n else "nothing is known of it"
    return (
        f"insufficient evidence: {_some(n, 'legitimate message')} in {state.window.days} days,"
        f" after {state.history_days} days of reports; {may}. Decide by inventory: if"
        " rua sources shows all that sends for you, and it passes, the next step is your word"
    )


def _already_published(state: DomainState, step: Step) -> str | None:
    """DNS may be ahead of the reports: then it is they that have to be waited for."""
    record = state.dns.record if state.dns else None
    if record is None or any(getattr(record, tag) != value for tag, value in step.items()):
        return None
    return f"DNS publishes {said(step)} already, and reports do not show it yet"


def _names(rows: Sequence[Row]) -> str:
    names = [str(row["source"]) for row in rows]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def as_rows(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    return [gate.as_row() for gate in gates]
