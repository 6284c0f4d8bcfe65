"""Gathers the facts of a period once, so that two periods can be compared.

The facts are the answers of `rua domains`, `rua sources` and `rua status` over the same days.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.query.window import Window
from analytics.sources.classification import by_domain
from analytics.sources.services import services
from analytics.sources.summary import domains

__all__ = ["Facts", "gather"]

Key = tuple[str, str]  # policy domain, source name


@dataclass(frozen=True, slots=True)
class Facts:
    """`domains` are rows of summary.domains, `services` rows of summary.by_service with the sums of
    their legitimate mail; `policies` {domain: {p, sp, adkim, aspf}} as most reports saw them on the
    latest day."""

    window: Window
    domains: Sequence[Row]
    services: Sequence[Row]
    policies: Mapping[str, Row]

    def of(self, names: Collection[str]) -> "Facts":
        """The facts of these domains only."""
        return replace(
            self,
            domains=[row for row in self.domains if row["domain"] in names],
            services=[row for row in self.services if row["domain"] in names],
            policies={name: each for name, each in self.policies.items() if name in names},
        )

    def by_domain(self) -> dict[str, Row]:
        return {row["domain"]: row for row in self.domains}

    def by_source(self) -> dict[Key, Row]:
        return {(row["domain"], row["source"]): row for row in self.services}


def gather(q: Question, explained: Collection[str] | None = ()) -> Facts:
    """The facts of a window; `explained` as in `services`."""
    listed = services(q, explained)
    sums = _sums(q)
    bounds = {"last": q.window.last, **q.named}
    policies = ask_cached(q.reader, "changes/policy_of_most", bounds, *q.counted)
    return Facts(
        q.window,
        domains(q, q.owners),
        [row | sums[row["domain"], row["source"]] for row in listed],
        {row["domain"]: row["policy"] for row in policies},
    )


def _sums(q: Question) -> dict[Key, Row]:
    """The legitimate mail of each source, and on how many days it sent."""
    rows = by_domain(q, "changes/source_sums", {**q.days, "domain": q.domain})
    return {(row.pop("domain"), row.pop("source")): row for row in rows}
