"""The context of a question, passed whole: store, days, domains, overrides, thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from analytics.query.override import Override
from analytics.query.relation import Narrowed
from analytics.query.window import Window
from schemas.config.thresholds import Gates
from schemas.store.reader import Reader

__all__ = ["Owner", "Question"]

# Views that count reports; their rows carry the authenticity of their report.
COUNTED = ("counted_dmarc_report", "dmarc_message", "seen_policy")
VERIFIED = "authenticity = 'verified' or not list_contains($verified_only::text[], policy_domain)"


@dataclass(frozen=True, slots=True)
class Owner:
    """What the settings say of a domain."""

    goal: str = "reject"
    parked: bool = False
    accept_indirect_loss: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """`domains` are the policy domains asked about; None means all with reports. `overrides` are
    labels and approvals, `owners` the settings of each domain. For the domains in `verified_only`,
    unverified reports do not count (reports/verified_filter.py). DNS is taken as known at
    `dns_as_of` (UTC, without a zone), by default at the end of the window.
    """

    reader: Reader
    window: Window
    domains: tuple[str, ...] | None = None
    overrides: tuple[Override, ...] = ()
    gates: Gates = field(default_factory=Gates)
    owners: Mapping[str, Owner] = field(default_factory=dict)
    verified_only: tuple[str, ...] = ()
    dns_as_of: datetime | None = None

    def over(self, window: Window) -> "Question":
        """The same question over other days."""
        return replace(self, window=window)

    def about(self, *domains: str) -> "Question":
        """The same question about these domains only; about all if none is named."""
        return replace(self, domains=domains or None)

    def within(self, domains: Sequence[str] | None) -> "Question":
        """The same question about these domains; None means all."""
        return replace(self, domains=None if domains is None else tuple(domains))

    def under(self, overrides: Sequence[Override]) -> "Question":
        """The same question under other overrides."""
        return replace(self, overrides=tuple(overrides))

    @property
    def known_at(self) -> datetime:
        """The time as of which DNS answers are taken."""
        return self.dns_as_of or datetime.combine(self.window.last, time.max)

    @property
    def domain(self) -> str | None:
        """The domain asked about; None if there are several, or all."""
        return self.domains[0] if self.domains is not None and len(self.domains) == 1 else None

    @property
    def days(self) -> dict[str, date]:
        """The parameters `first` and `last`."""
        return {"first": self.window.first, "last": self.window.last}

    @property
    def named(self) -> dict[str, Any]:
        """The parameter `domains`, null meaning all."""
        return {"domains": None if self.domains is None else list(self.domains)}

    @property
    def bounds(self) -> dict[str, Any]:
        """The parameters `first`, `last` and `domains`."""
        return {**self.days, **self.named}

    @property
    def counted(self) -> tuple[Narrowed, ...]:
        """The views of reports, narrowed to the reports that count for this question."""
        if not self.verified_only:
            return ()
        only = {"verified_only": list(self.verified_only)}
        return tuple(Narrowed(view, VERIFIED, only) for view in COUNTED)
