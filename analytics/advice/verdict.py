"""Decides one verdict on a domain from its state: advance, fix, wait, done or roll-back.

Certain cases come first: a loss that an enforcing policy causes now, a parked domain, reports that
have stopped. Then blockers, then open gates; without any it is safe to advance. A raw pass rate
opens no gate, and missing data never weakens a policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from analytics.advice import blockers
from analytics.advice.domain_state import DomainState, Level
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
from analytics.advice.rollout import Step, level_of, next_step, step_text
from analytics.dns.dmarc_record import is_dmarc
from analytics.query.run import Row
from schemas.config.thresholds import Gates

__all__ = ["Decision", "Verdict", "decide"]

PARKED = {"p": "reject", "sp": "reject", "np": "reject"}


class Verdict(StrEnum):
    """What to do about a domain's policy."""

    ADVANCE = "advance"  # publish the next step
    FIX = "fix"
    WAIT = "wait"
    DONE = "done"
    ROLL_BACK = "roll-back"  # the policy loses legitimate mail now


@dataclass(frozen=True, slots=True)
class Decision:
    """`target` are the tags of the next record that change; None removes a tag."""

    verdict: Verdict
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
    """DNS has no record: no reports are requested and no policy protects the name. Publish the last
    policy again if it did no harm, else p=none."""
    if state.dns is None or state.dns.record is not None or state.owner.parked:
        return None
    harmless = (
        state.silent_days < gates.silent_days
        and not lost_now(state, gates)
        and not state.of_class("broken")
    )
    last = {tag: state.published[tag] for tag in ("p", "sp", "np")}
    target = {tag: value for tag, value in last.items() if value} if harmless else {"p": "none"}
    why = "DNS has no DMARC record"
    if len([text for text in state.dns.texts if is_dmarc(text)]) > 1:
        why = "DNS has several DMARC records, so receivers ignore all (RFC 9989 §4.10)"
    shown = f"reports showed p={state.policy} until {state.seen['last_day']}"
    step = target or {"p": "none"}
    return Decision(Verdict.ADVANCE, f"{why}; {shown}: publish {step_text(step)}", step)


def _losing_now(state: DomainState, gates: Gates) -> Decision | None:
    """A policy that loses legitimate mail now is weakened, before everything else."""
    lost = lost_now(state, gates)
    if not lost:
        return None
    fails = sum(row["fails"] for row in lost)
    since = min(row["first_bad_day"] for row in lost)
    what = ", ".join(dict.fromkeys(row["source"] for row in lost[:3]))
    names = {row["source"] for row in lost}
    return Decision(
        Verdict.ROLL_BACK,
        f"{_in_force(state, lost)} is losing mail of {what}: {_some(fails, 'message')} fail"
        f" {_lately(state, gates, since)}",
        step_back(state, lost),
        [row for row in blockers.broken(state) if row["source"] in names],
    )


def _lately(state: DomainState, gates: Gates, since: date) -> str:
    """Since when it fails, within the days measured."""
    in_days = f"in the last {gates.break_window} days"
    if (state.window.last - since).days >= gates.break_window - 1:
        return f"{in_days}, since the first or earlier"
    return f"{in_days}, first on {since:%Y-%m-%d}"


def _in_force(state: DomainState, lost: Sequence[Row]) -> str:
    if any(not row["below"] for row in lost):
        return f"p={state.policy}"
    if state.subdomain_policy == Level.NONE:
        return f"np={state.missing_policy}"
    return f"{'sp' if state.published['sp'] else 'p'}={state.subdomain_policy}"


def _parked(state: DomainState, gates: Gates) -> Decision | None:
    """Straight to reject: if the settings say that the domain sends no mail, or DNS says so and the
    window has only spoofing."""
    own = state.of_class("own", "broken", "forwarder", "list")
    if not state.owner.parked:
        return _unowned(state)
    if own:
        rows = blockers.unexpected(state)
        count = sum(row["messages"] for row in own)
        return Decision(
            Verdict.FIX,
            f"parked in the settings, but {count:,} messages look like its own",
            {},
            rows,
        )
    if state.policy == Level.REJECT and state.subdomain_policy == Level.REJECT:
        return Decision(Verdict.DONE, "parked, and all its mail is rejected", {})
    return Decision(
        Verdict.ADVANCE,
        "parked in the settings, and only spoofing was seen",
        {**PARKED, "adkim": "s", "aspf": "s"},
    )


def _unowned(state: DomainState) -> Decision | None:
    """A domain with nothing but spoofing, and without parked = true."""
    if state.of_class("own", "broken", "forwarder", "list", "undecided"):
        return None
    if not state.mail["classes"]["spoof"]:
        return None
    if state.policy == Level.REJECT and state.subdomain_policy == Level.REJECT:
        return Decision(Verdict.DONE, "only spoofing was seen, and it is rejected", {})
    if state.looks_parked:
        return Decision(
            Verdict.ADVANCE,
            "DNS says that it sends no mail, and only spoofing was seen",
            {**PARKED, "adkim": "s", "aspf": "s"},
        )
    return Decision(
        Verdict.WAIT,
        "looks parked: only spoofing was seen. If it sends no mail, set parked = true",
        {},
    )


def _silent(state: DomainState, gates: Gates) -> Decision | None:
    if state.silent_days < gates.silent_days:
        return None
    return Decision(
        Verdict.WAIT,
        f"no report for {state.silent_days} days: check the rua address, and whether reports"
        " still arrive; without reports there is no advice",
        {},
    )


def _blocked(state: DomainState, gates: Gates, step: Step) -> Decision | None:
    """Sources to fix, or to label, before the next step."""
    broken = blockers.broken(state)
    if broken:
        count = sum(row["messages"] for row in broken)
        return Decision(
            Verdict.FIX, f"{_some(count, 'message')} of yours fail: {_names(broken)}", step, broken
        )
    if level_of(step) == Level.REJECT:
        blocked = _blocked_before_reject(state, gates, step)
        if blocked:
            return blocked
    if state.dormant and step:
        return _of_dormant(state, step)
    undecided = blockers.undecided(state, gates)
    if not step:  # at the goal only a vendor's mail still needs an answer
        vendors = {row["source"] for row in state.of_class("undecided") if _is_vendors(row)}
        undecided = [row for row in undecided if row["source"] in vendors]
    if undecided:
        return Decision(Verdict.WAIT, f"is this yours? {_names(undecided)}", step, undecided)
    return None


def _is_vendors(row: Row) -> bool:
    return bool(row["rule"] == "undecided-vendor")


def _of_dormant(state: DomainState, step: Step) -> Decision:
    """A source that failed when it last sent, before the window, would fail again."""
    rows = blockers.dormant(state)
    if all(row["passes_again"] for row in state.dormant):
        return Decision(Verdict.WAIT, f"{_names(rows)} has passed on one day only", step, rows)
    seen = max(row["last_seen"] for row in state.dormant)
    failed = f"{_names(rows)} failed when it last sent, on {seen:%Y-%m-%d}"
    if any(row["class"] == "broken" for row in rows):
        return Decision(Verdict.FIX, f"{failed}: fix it before it sends again", step, rows)
    return Decision(Verdict.WAIT, f"{failed}: is it yours?", step, rows)


def _blocked_before_reject(state: DomainState, gates: Gates, step: Step) -> Decision | None:
    """RFC 9989 §7.4: p=reject must not rely on SPF alone, nor lose mail of lists."""
    exposed = Exposed.of(state, step)
    if exposed.spf_alone > gates.spf_alone:
        return Decision(
            Verdict.FIX,
            f"{exposed.spf_alone:.0%} of your mail passes by SPF alone, unsigned",
            step,
            blockers.signs_nothing(state, step),
        )
    if exposed.indirect > gates.indirect_loss and not state.owner.accept_indirect_loss:
        return Decision(
            Verdict.FIX,
            f"mailing lists and forwarders would lose {exposed.indirect:.1%} of your mail",
            step,
            blockers.indirect(state),
        )
    return None


def _stepping(state: DomainState, gates: Gates, step: Step) -> Decision:
    """Nothing blocks: is there enough evidence for the next step?"""
    checks = before_enforcing(state, gates, step)
    if not step:
        reached = f"p={state.policy} is the goal, and your mail passes"
        return Decision(Verdict.DONE, reached, {}, (), checks)
    if level_of(step) == Level.REJECT:
        checks = [*checks, *before_reject(state, gates, step)]
    waiting = _closed(state, gates, step, checks)
    if waiting is not None:
        return waiting
    published = _already_published(state, step)
    if published:
        return Decision(Verdict.WAIT, published, {}, (), checks)
    if state.np_is_safe and state.published["np"] != Level.REJECT:
        step = {**step, "np": Level.REJECT.value}  # early: names that do not exist send no mail
    reason = f"every gate is open: publish {step_text(step)}"
    if state.history_days < gates.quarter_days:
        # RFC 9989 §5.1.7: the rarest sender decides how long to observe.
        reason += f"; {state.history_days} days may not show a quarterly sender"
    return Decision(Verdict.ADVANCE, reason, step, (), checks)


def _closed(
    state: DomainState, gates: Gates, step: Step, checks: Sequence[Gate]
) -> Decision | None:
    """The first closed gate is the reason to wait; with too little mail, what to do instead."""
    closed = [gate for gate in checks if not gate.ok]
    if not closed:
        return None
    names = {gate.name for gate in closed}
    small = names_without_evidence(state, gates, step)
    reason = f"{closed[0].name}: {closed[0].measured}, required {closed[0].required}"
    if DAYS not in names and MESSAGES in names and state.history_days >= gates.low_volume_days:
        return Decision(Verdict.WAIT, _insufficient(state), step, (), checks)
    if names == {BELOW}:
        return Decision(Verdict.WAIT, reason, step, blockers.below(state, small), checks)
    return Decision(Verdict.WAIT, reason, step, (), checks)


def _insufficient(state: DomainState) -> str:
    """The reason for a domain with so little mail that waiting does not help."""
    n, failed = state.legitimate, state.legitimate - state.seen["legitimate_aligned"]
    if failed > 0:
        may = f"{failed:,} failed"
    else:  # the rule of three
        may = f"none failed, so up to {min(1, 3 / n):.0%} may" if n else "no mail to judge by"
    return (
        f"insufficient evidence: {_some(n, 'legitimate message')} in {state.window.days} days,"
        f" after {state.history_days} days of reports; {may}. Decide yourself: if rua sources"
        " lists everything that sends for you, and it passes, take the next step"
    )


def _already_published(state: DomainState, step: Step) -> str | None:
    """The reason to wait for reports if DNS already has the step."""
    record = state.dns.record if state.dns else None
    if record is None or any(getattr(record, tag) != value for tag, value in step.items()):
        return None
    return f"DNS already publishes {step_text(step)}, but reports do not show it yet"


def _names(rows: Sequence[Row]) -> str:
    names = [str(row["source"]) for row in rows]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _some(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def as_rows(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    return [gate.as_row() for gate in gates]
