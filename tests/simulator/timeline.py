"""What a good advisor may say of a domain on each day: from how its history was made.

No advisor's measurements are asked, only streams, stages and faults. A day is looked at as its
reports stand at its end, when those of the day before have come. Where a gate depends on volumes
that are drawn, or on how many reports make a break certain, several verdicts are right, and `why`
says so. The durations are those of RFC 9989 §7.4 (a month at p=none, as long at p=quarantine); a
window of 35 days shows a monthly sender.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ingest.demo.organisation import Domain
from ingest.demo.streams import MANNERS, Stream
from ingest.demo.traffic import Plan
from tests.simulator.history import DAY, History, Look, Sender

__all__ = ["VERDICTS", "timeline"]

VERDICTS = ("advance", "fix", "wait", "done", "roll-back")
MONTH = 30
SLACK = 3  # days by which advisors may count a duration differently
SETTLED = 14  # days in which no new sender may have come up
SILENT = 7  # days without a report after which a feed has stopped
CERTAIN_DAYS = 4  # with broken mail, after which nobody can miss that it is lost
LEAST_MESSAGES, ENOUGH_MESSAGES = 300, 450  # a gate at 300; drawn volumes lie around the expected
LEAST_OF_OTHERS, ENOUGH_OF_OTHERS = 40, 100  # than the receiver that sees most
INDIRECT_LOSS = 0.005  # of legitimate mail, before p=reject
LEGITIMATE = ("own", "broken")


@dataclass(frozen=True, slots=True)
class Opinion:
    """The verdicts that are right, the best one first."""

    verdicts: tuple[str, ...]
    why: str

    def or_else(self, *others: str, why: str) -> "Opinion":
        """The same where other verdicts are right, too."""
        return Opinion(tuple(dict.fromkeys((*self.verdicts, *others))), f"{self.why}; {why}")


Rule = Callable[[Look], Opinion | None]


def _parked(look: Look) -> Opinion | None:
    if not look.domain.parked:
        return None
    return Opinion(("advance",), "parked by the owner's word: no observation is needed")


def _nothing_yet(look: Look) -> Opinion | None:
    return Opinion(("wait",), "no report yet") if look.last < look.first else None


def _stopped(look: Look) -> Opinion | None:
    if look.domain.loses_record and look.silent_days > 0:
        why = (
            "the record is gone, as DNS tells: p=none asks for reports again; they alone are silent"
        )
        return Opinion(("advance", "wait"), why)
    if look.silent_days <= SILENT:
        return None
    return Opinion(("wait",), "the feed stopped: nothing may be concluded")


def _losing(look: Look) -> Opinion | None:
    """Own mail that an enforcing policy is losing now."""
    for sender in _broken_now(look):
        if look.asked(sender.stream, knows_np=True) != "none":
            return _of_lost(look, sender)
    return None


def _of_lost(look: Look, sender: Sender) -> Opinion:
    stream, begun = sender.stream, sender.since("broken")
    count = sum(1 for day, _ in sender.days if day >= begun)
    known = sender.is_tied or (look.day - begun).days >= SETTLED
    opinion = _of_loss(look, stream)
    if not known:
        return opinion.or_else("fix", "wait", why="whose it is takes days to be sure of")
    if count < 2:
        goal = ("done",) if look.policy.p == "reject" else ()
        return opinion.or_else("fix", "wait", *goal, why="one day of reports is not yet enough")
    if count < CERTAIN_DAYS:
        return opinion.or_else("fix", why="how many reports make it certain depends on volumes")
    return opinion


def _of_loss(look: Look, stream: Stream) -> Opinion:
    """A loss that nobody can miss any more. How long it has lasted takes nothing from it."""
    if MANNERS[stream.manner].envelope == "below":
        why = "lost by strict alignment alone: relaxed alignment and a weaker policy both end it"
        return Opinion(("fix", "roll-back"), f"{stream.story}: {why}")
    if look.asked(stream, knows_np=False) == "none":
        why = "lost by np where it is known; without DNS nobody can tell that no such name exists"
        return Opinion(("roll-back", "fix"), f"{stream.story}: {why}")
    return Opinion(("roll-back",), f"{stream.story}: lost at p={look.policy.p} now")


def _broken_now(look: Look) -> Iterator[Sender]:
    for sender in look.senders:
        if sender.label == "broken" and look.in_window(sender.days[-1][0]):
            yield sender


def _broken(look: Look) -> Opinion | None:
    """Own mail that is not aligned, at a policy that does not yet harm it."""
    found = [_of_broken(look, sender) for sender in _broken_now(look)]
    if found:
        return min(found, key=lambda opinion: len(opinion.verdicts))
    for sender in look.senders:
        day, label = sender.days[-1]
        if label == "broken":
            why = f"{sender.stream.story}: broken when last sent on {day}, before the window"
            return Opinion(("fix", "wait"), f"{why}; only the history shows it")
        if any(each == "broken" and look.in_window(when) for when, each in sender.days):
            why = f"{sender.stream.story}: passes again, and was broken within the window"
            return Opinion(("wait", "fix"), why)
    return None


def _of_broken(look: Look, sender: Sender) -> Opinion:
    opinion = Opinion(("fix",), f"{sender.stream.story}: not aligned")
    if look.days_with(lambda policy: True) < MONTH + SLACK:
        return opinion.or_else("wait", why="there are few days yet")
    first, runs = sender.since("broken"), len(sender.days)
    if (look.day - first).days < SETTLED or runs < (2 if sender.is_tied else 3):
        return opinion.or_else("wait", why="whose it is takes some sending days to be sure of")
    return opinion


def _unsettled(look: Look) -> Opinion | None:
    if not look.expected("undecided"):
        return None
    return Opinion(("wait",), "someone sends now and then: only the owner can say who")


def _looks_parked(look: Look) -> Opinion | None:
    if look.expected(*LEGITIMATE) or look.senders:
        return None
    return Opinion(("wait",), "nothing legitimate was seen: looks parked, the owner must say so")


def _few(look: Look) -> Opinion | None:
    """Too little mail; while days are few, too, that rule speaks."""
    if look.days_with(lambda policy: True) < MONTH - SLACK:
        return None
    legitimate = look.expected(*LEGITIMATE)
    days = {day for sender in look.senders for day, label in sender.days if label in LEGITIMATE}
    if legitimate < LEAST_MESSAGES or sum(map(look.in_window, days)) < 21:
        return Opinion(("wait",), "too few messages, or too few days with any")
    others = look.expected_of_others(*LEGITIMATE)
    if others < LEAST_OF_OTHERS:
        return Opinion(("wait",), "one receiver sees nearly all, and the others too little")
    if legitimate < ENOUGH_MESSAGES or others < ENOUGH_OF_OTHERS:
        return _by_policy(look).or_else("wait", why="the number of messages is at the gate")
    return None


def _by_policy(look: Look) -> Opinion:
    """A healthy domain: what its policy and the days at it allow."""
    policy = look.policy
    days = look.days_with(
        lambda other: (other.p, other.pct, other.t) == (policy.p, policy.pct, policy.t)
    )
    unchanged = look.days_with(lambda other: other == policy)
    next_step = _next_step(look)
    if next_step is _SP and _days_below(look) < MONTH - SLACK + 1:
        return Opinion(("wait",), "less than a month of what the record says of names below")
    if next_step.verdicts == ("done",):
        settled = days >= MONTH + SLACK and not _storms(look)
        return next_step if settled else next_step.or_else("wait", why="watching it is right, too")
    waiting = Opinion(("wait",), "less than a month at this policy")
    if days < MONTH - SLACK + 1:
        if next_step.verdicts == ("fix",):
            return waiting.or_else("fix", why=f"and already {next_step.why}")
        if _was_enforcing_less(look):
            return waiting.or_else("advance", why="all of the record's days were healthy")
        return waiting
    if min(days, unchanged) < MONTH + SLACK:
        return next_step.or_else("wait", why="a month at this policy is about over")
    return _after_newcomers(look, next_step)


def _was_enforcing_less(look: Look) -> bool:
    """Whether only a part of the policy was new: pct, t, or what it says of subdomains."""
    policy = look.policy
    return (policy.pct is not None or policy.sp is not None) and (
        look.days_with(lambda other: other.p != "none") >= MONTH
        or look.days_with(lambda other: True) >= MONTH + SLACK
    )


def _next_step(look: Look) -> Opinion:
    policy = look.policy
    if policy.p == "reject":
        if policy.sp in ("none", "quarantine"):
            return _too_little_below(look) or _SP
        return Opinion(("done",), "the goal is reached, and own mail passes")
    in_full = policy.pct is None and policy.t is None
    if policy.p == "quarantine" and in_full:
        return _before_reject(look) or Opinion(("advance",), "healthy for a month at p=quarantine")
    return Opinion(("advance",), f"healthy for a month at p={policy.p}")


_SP = Opinion(("advance",), "the own name is closed and healthy, names below it are not closed")


def _days_below(look: Look) -> int:
    now = look.policy.sp or look.policy.p
    return look.days_with(lambda other: (other.sp or other.p) == now)


def _too_little_below(look: Look) -> Opinion | None:
    """sp decides on a name's mail that has no record of its own: it has to be enough by itself."""
    names = {
        s.below for s, _ in look.history.streams if s.below and MANNERS[s.manner].label == "own"
    }
    expected = {name: look.expected(*LEGITIMATE, below=name) for name in names - {"*."}}
    least = min(expected.values(), default=ENOUGH_MESSAGES)
    if least < LEAST_MESSAGES:
        return Opinion(("wait",), "too little mail of a name below the domain to raise sp over it")
    if least < ENOUGH_MESSAGES:
        return _SP.or_else("wait", why="the messages of a name below it are at the gate")
    return None


def _before_reject(look: Look) -> Opinion | None:
    """RFC 9989 §7.4: no p=reject over mailing lists, nor on SPF alone."""
    legitimate = look.expected(*LEGITIMATE)
    unsigned = [s for s in look.senders if s.label == "own" and s.stream.manner == "spf-only"]
    if unsigned:
        return Opinion(("fix",), f"{unsigned[0].stream.story}: SPF alone is not enough")
    lost = sum(_lost(look, each) for each in look.senders)
    if legitimate and lost > INDIRECT_LOSS * legitimate:
        return Opinion(("fix",), "lists and forwarders would lose over 0.5 % at p=reject")
    return None


def _lost(look: Look, sender: Sender) -> float:
    """Expected messages of the window that come through a list or forwarder and fail."""
    manner = MANNERS[sender.stream.manner]
    if manner.label not in ("list", "forwarder") or manner.own == "pass":
        return 0.0
    days = [day for day, _ in sender.days if look.in_window(day)]
    weights = (sender.stream.calendar.weight(day, look.until) for day in days)
    return sender.stream.volume * sum(weights)


def _storms(look: Look) -> bool:
    back = (look.until - look.day).days
    return any(storm.first > back for storm in look.domain.storms)


def _after_newcomers(look: Look, opinion: Opinion) -> Opinion:
    """No new sender in the last two weeks; that one came up is clear after a day or two."""
    if opinion.verdicts != ("advance",):
        return opinion
    for sender in look.senders:
        age = (look.day - sender.days[0][0]).days
        if sender.label == "own" and age <= SETTLED + 1:
            waiting = Opinion(("wait",), f"{sender.stream.story}: a sender of the last two weeks")
            at_gate = age < 3 or age >= SETTLED - 1
            return waiting.or_else("advance", why="at the gate") if at_gate else waiting
    for sender in look.senders:
        if any(label == "broken" for _, label in sender.days):
            return opinion.or_else("wait", why=f"{sender.stream.story}: once broken, it passes now")
    return opinion


RULES: tuple[Rule, ...] = (
    _parked,
    _nothing_yet,
    _stopped,
    _losing,
    _broken,
    _unsettled,
    _looks_parked,
    _few,
    _by_policy,
)


def _opinion(look: Look) -> Opinion:
    found = next(opinion for rule in RULES if (opinion := rule(look)))
    if 0 < look.silent_days <= SILENT and look.last >= look.first:
        return found.or_else("wait", why="some days without a report")
    return found


def timeline(plan: Plan, domain: Domain, days: int) -> list[dict[str, Any]]:
    """Entries {since, verdicts[], forbidden[], why}, each in force until the next one's day; the
    first day is the second of the run's traffic, when the first reports have come."""
    history = History(plan, domain, plan.until - days * DAY)
    entries: list[dict[str, Any]] = []
    for back in range(days - 1, -1, -1):
        look = Look(history, plan.until - back * DAY)
        opinion = _opinion(look)
        entry = {
            "verdicts": list(opinion.verdicts),
            "forbidden": _forbidden(opinion),
            "why": opinion.why,
        }
        if not entries or any(entries[-1][key] != value for key, value in entry.items()):
            entries.append({"since": look.day.isoformat(), **entry})
    return entries


def _forbidden(opinion: Opinion) -> list[str]:
    """Steps that would do harm: to advance unready, or to weaken a policy that harms nobody."""
    return [step for step in ("advance", "roll-back") if step not in opinion.verdicts]
