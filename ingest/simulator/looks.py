"""A domain as an advisor could know it at the end of a day: what of its history lies before.

Its streams' days and classes are those of the plan, not what a seed draws of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from ingest.simulator.organisation import Domain, Policy, Stage
from ingest.simulator.receivers import requested
from ingest.simulator.streams import MANNERS, Stream
from ingest.simulator.traffic import Plan

__all__ = ["DAY", "WINDOW", "Look", "Sender"]

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
        """Whether its mail shows an identity of the owner's, so that one look tells whose it is."""
        return MANNERS[self.stream.manner].own != "" or MANNERS[self.stream.manner].spf == "all"

    def since(self, label: str) -> date:
        """The first day of its latest time with that label and no other."""
        first = self.days[-1][0]
        for day, each in reversed(self.days):
            if each != label:
                break
            first = day
        return first


@dataclass(frozen=True)
class Look:
    """A domain at the end of `day`, of a run whose traffic begins on `opening`."""

    plan: Plan
    domain: Domain
    opening: date
    day: date

    @property
    def first(self) -> date:
        """The first day with mail."""
        return max(self.opening, self.plan.until - min(self.domain.first, 100_000) * DAY)

    @property
    def last(self) -> date:
        """The last day that reports can be about."""
        return min(self.day - DAY, self.plan.until - self.domain.last * DAY)

    @property
    def silent_days(self) -> int:
        return (self.day - DAY - self.last).days

    @property
    def stage(self) -> Stage:
        return self.domain.stage_on(self.last, self.plan.until)

    @property
    def policy(self) -> Policy:
        return self.stage.policy

    def days_with(self, is_alike: Callable[[Policy], bool]) -> int:
        """Days on end, up to the last one, on which the policy in force was alike."""
        count, day = 0, self.last
        while day >= self.first and is_alike(self.domain.stage_on(day, self.plan.until).policy):
            count, day = count + 1, day - DAY
        return count

    @cached_property
    def senders(self) -> tuple[Sender, ...]:
        """The streams that have sent so far; bursts are not among them, but by their window."""
        found = []
        for stream in self.plan.streams:
            if stream.domain == self.domain.name and stream.calendar.chance == 1:
                days = tuple(self._sent(stream))
                if days:
                    found.append(Sender(stream, days))
        return tuple(found)

    def _sent(self, stream: Stream) -> Iterator[tuple[date, str]]:
        day = self.first
        least = min(1.0, stream.volume / 2)
        while day <= self.last:
            back = (self.plan.until - day).days
            expected = stream.volume * stream.calendar.weight(day, self.plan.until)
            if back <= stream.first and expected >= least:
                yield day, self.plan.manner_on(self.domain, stream, day).label
            day += DAY

    def in_window(self, day: date) -> bool:
        return day >= self.day - WINDOW * DAY

    def expected(self, *labels: str) -> float:
        """Messages to be expected in the window, of streams with these labels."""
        total, day = 0.0, max(self.first, self.day - WINDOW * DAY)
        while day <= self.last:
            for stream in self._streams_on(day):
                if self.plan.manner_on(self.domain, stream, day).label in labels:
                    weight = stream.calendar.weight(day, self.plan.until)
                    total += stream.volume * weight * stream.calendar.chance
            day += DAY
        return total

    def _streams_on(self, day: date) -> Iterator[Stream]:
        back = (self.plan.until - day).days
        for stream in self.plan.streams:
            if stream.domain == self.domain.name and back <= stream.first:
                yield stream

    def asked(self, stream: Stream, *, knows_np: bool) -> str:
        """What the record asks receivers to do with the stream's mail when it fails."""
        policy = self.policy
        if policy.pct == 0 or policy.t == "y":
            return "none"
        header_from = stream.below + self.domain.name
        return requested(self.domain, policy, header_from, knows_np)
