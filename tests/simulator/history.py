"""A domain as an advisor could know it at the end of a day: what of its history lies before.

Its streams' days and classes are those of the plan, not what a seed draws of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from ingest.demo.organisation import EVER, Domain, Policy
from ingest.demo.receivers import requested
from ingest.demo.streams import MANNERS, Stream
from ingest.demo.traffic import Plan, receivers_of

__all__ = ["DAY", "WINDOW", "History", "Look", "Sender"]

DAY = timedelta(days=1)
WINDOW = 35  # days, so that a monthly sender is seen


@dataclass(frozen=True, slots=True)
class Sender:
    """A stream's days with mail so far, oldest first, with the class of that day's mail."""

    stream: Stream
    days: tuple[tuple[date, str], ...]

    @property
    def label(self) -> str:
        return self.days[-1][1]

    @property
    def is_tied(self) -> bool:
        """Whether its mail shows an identity of the owner's, so that one look tells whose it is.

        MAIL FROM of the domain from a host that SPF does not name is none: every spoofer has it.
        """
        return MANNERS[self.stream.manner].own != ""

    def since(self, label: str) -> date:
        """The first day of its latest time with that label and no other."""
        first = self.days[-1][0]
        for day, each in reversed(self.days):
            if each != label:
                break
            first = day
        return first


class Sent(NamedTuple):
    """A stream's mail of one day: its class, and how many messages are to be expected."""

    day: date
    label: str
    expected: float


@dataclass(frozen=True)
class History:
    """A domain in a run whose traffic begins on `opening`."""

    plan: Plan
    domain: Domain
    opening: date

    @cached_property
    def first(self) -> date:
        """The first day with mail."""
        return max(self.opening, self.plan.until - min(self.domain.first, EVER) * DAY)

    @cached_property
    def last(self) -> date:
        """The last day with mail."""
        return self.plan.until - self.domain.last * DAY

    @cached_property
    def streams(self) -> tuple[tuple[Stream, tuple[Sent, ...]], ...]:
        """Every stream with its days on which mail is due, in order."""
        own = (each for each in self.plan.streams if each.domain == self.domain.name)
        return tuple((stream, tuple(self._sent(stream))) for stream in own)

    def _sent(self, stream: Stream) -> Iterator[Sent]:
        day, until = (
            max(self.first, self.plan.until - min(stream.first, EVER) * DAY),
            self.plan.until,
        )
        while day <= self.last:
            weight = stream.calendar.weight(day, until)
            if weight:
                label = self.plan.manner_on(self.domain, stream, day).label
                yield Sent(day, label, stream.volume * weight * stream.calendar.chance)
            day += DAY


@dataclass(frozen=True)
class Look:
    """A domain at the end of `day`."""

    history: History
    day: date

    @property
    def domain(self) -> Domain:
        return self.history.domain

    @property
    def until(self) -> date:
        """The last day of the run."""
        return self.history.plan.until

    @property
    def first(self) -> date:
        """The first day with mail."""
        return self.history.first

    @cached_property
    def last(self) -> date:
        """The last day that reports can be about."""
        return min(self.day - DAY, self.history.last)

    @property
    def silent_days(self) -> int:
        return (self.day - DAY - self.last).days

    @property
    def policy(self) -> Policy:
        return self._policy_on(self.last)

    def _policy_on(self, day: date) -> Policy:
        return self.domain.stage_on(day, self.until).policy

    def days_with(self, is_alike: Callable[[Policy], bool]) -> int:
        """Days on end, up to the last one, on which the policy in force was alike."""
        count, day = 0, self.last
        while day >= self.first and is_alike(self._policy_on(day)):
            count, day = count + 1, day - DAY
        return count

    @cached_property
    def senders(self) -> tuple[Sender, ...]:
        """The streams that have sent so far, but for bursts, whose days are drawn."""
        found = []
        for stream, sent in self.history.streams:
            least = min(1.0, stream.volume / 2)
            days = tuple(
                (each.day, each.label)
                for each in sent
                if each.day <= self.last and each.expected >= least
            )
            if days and stream.calendar.chance == 1:
                found.append(Sender(stream, days))
        return tuple(found)

    def in_window(self, day: date) -> bool:
        return day >= self.day - WINDOW * DAY

    def expected(self, *labels: str, below: str | None = None) -> float:
        """Messages to be expected in the window so far, of these classes; of all names, or of the
        streams that put this before the domain."""
        first, last = self.day - WINDOW * DAY, self.last
        return sum(
            each.expected
            for stream, sent in self.history.streams
            if below in (None, stream.below)
            for each in sent
            if first <= each.day <= last and each.label in labels
        )

    def expected_of_others(self, *labels: str) -> float:
        """The same, but for what the reporter sees who sees most."""
        seen: defaultdict[str, float] = defaultdict(float)
        first, last = self.day - WINDOW * DAY, self.last
        for stream, sent in self.history.streams:
            days = (each for each in sent if first <= each.day <= last and each.label in labels)
            total, weights = sum(each.expected for each in days), receivers_of(self.domain, stream)
            for name, weight in weights.items():
                seen[name] += total * weight / sum(weights.values())
        return sum(seen.values()) - max(seen.values(), default=0)

    def asked(self, stream: Stream, *, knows_np: bool) -> str:
        """What the record asks receivers to do with the stream's mail when it fails."""
        policy = self.policy
        if policy.pct == 0 or policy.t == "y":
            return "none"
        return requested(self.domain, policy, stream.below + self.domain.name, knows_np)
