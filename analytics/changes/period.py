"""What is known of a span of days, gathered once so that two spans can be held side by side.

The answers are those of `rua domains`, `rua sources` and `rua status` over the same days; nothing
here is computed anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from analytics.query.run import Row
from analytics.query.window import Window
from analytics.sources.classified_query import ask_classified, ask_kept
from analytics.sources.labels import Word
from analytics.sources.services import services
from analytics.sources.summary import domains
from schemas.store.store import Connection

__all__ = ["Facts", "gather"]

Key = tuple[str, str]  # policy domain, source name


@dataclass(frozen=True, slots=True)
class Facts:
    """`domains` are rows of summary.domains, `services` of by_service(sources), with the
    sums of their legitimate mail; `policies` {domain: {p, sp, adkim, aspf}} as most reports saw
    them on the span's latest day."""

    window: Window
    domains: Sequence[Row]
    services: Sequence[Row]
    policies: Mapping[str, Row]

    def of(self, names: Collection[str]) -> "Facts":
        """The same of these domains alone."""
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


def gather(
    con: Connection,
    window: Window,
    words: Sequence[Word] = (),
    configured: Collection[str] = (),
    domain: str | None = None,
    told: Collection[str] | None = (),
) -> Facts:
    """The facts of a window, of all domains or of one; of services `told` as in `services`."""
    rows = domains(con, window, configured, domain, words)
    listed = services(con, window, domain, words, told)
    sums = _sums(con, window, domain, words)
    bounds = {"last": window.last, "domains": None if domain is None else [domain]}
    return Facts(
        window,
        rows,
        [row | sums[row["domain"], row["source"]] for row in listed],
        {row["domain"]: row["policy"] for row in ask_kept(con, "changes/policy_of_most", bounds)},
    )


def _sums(
    con: Connection, window: Window, domain: str | None, words: Sequence[Word]
) -> dict[Key, Row]:
    """What each source sent in all, and on how many days."""
    asked = {"first": window.first, "last": window.last, "domain": domain}
    only = None if domain is None else (domain,)
    rows = ask_classified(con, "changes/source_sums", asked, window, words, only)
    return {(row.pop("domain"), row.pop("source")): row for row in rows}
