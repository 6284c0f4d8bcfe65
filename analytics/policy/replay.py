"""Evaluates a domain's mail in a window again, under other alignment modes.

The relation `replayed` has the result and the tag of the record that applies to each kind of mail;
the policy of that tag is chosen later.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from analytics.query.question import Question
from analytics.query.relation import Listed, Made, Relations
from analytics.query.run import Row, ask, made, question
from analytics.sources.classification import HISTORY_DAYS, source_class
from analytics.sources.totals import with_interval
from schemas.domain_names import organizational_domain
from schemas.store.reader import Reader

__all__ = ["Replayed", "Tags"]

STRICT = "s"


@dataclass(frozen=True, slots=True)
class Tags:
    """Policy tags of a DMARC record (RFC 9989 §4.7): none, quarantine or reject; None is absent."""

    p: str
    sp: str | None = None
    np: str | None = None
    adkim: str = "r"
    aspf: str = "r"

    def in_force(self) -> dict[str, str]:
        """The policy of each tag; for an absent tag, the policy that applies instead."""
        below = self.sp or self.p
        return {"p": self.p, "sp": below, "np": self.np or below}


@dataclass(frozen=True, slots=True)
class Replayed:
    """The mail of one domain, `q.domain`, under the alignment modes of some tags."""

    q: Question
    mail: Made

    @classmethod
    def of(cls, q: Question, tags: Tags, existing: Mapping[str, bool] | None = None) -> "Replayed":
        """`existing` says of names below the domain whether DNS has them."""
        return cls(q, _replayed(q, tags, sorted((existing or {}).items())))

    def ask(self, name: str, parameters: Mapping[str, Any], *more: Made) -> list[Row]:
        """All rows of a question over the relation `replayed`, and more."""
        return ask(self.q.reader, name, parameters, self.mail, *more)

    def rates(self) -> list[Row]:
        """The rows of `source_rates` (sources/pass_rates.py) of that mail."""
        return [with_interval(row) for row in self.ask("policy/replayed_rates", {})]

    def days(self) -> list[Row]:
        """The rows of `days` (sources/totals.py) of that mail."""
        return [with_interval(row) for row in self.ask("policy/replayed_days", {})]

    def fates(self, in_force: Mapping[str, str]) -> list[Row]:
        """One row per day and fate of that mail under the policies {p, sp, np}: day, fate (passes,
        fails, quarantined, rejected, indeterminate), messages, legitimate."""
        tags = {tag: in_force[tag] for tag in ("p", "sp", "np")}
        return self.ask("policy/replayed_fates", tags)


def _replayed(q: Question, tags: Tags, existing: Sequence[tuple[str, bool]]) -> Made:
    bounds = {"domain": q.domain, **q.days}
    modes = bounds | {"strict_dkim": tags.adkim == STRICT, "strict_spf": tags.aspf == STRICT}
    known = Listed.of("known_name", "name text, does_exist boolean", existing)
    since = {"since": q.window.last - timedelta(days=HISTORY_DAYS - 1)}
    classes = source_class(q)
    author = made(
        "author_name", "policy/whatif_authors", bounds | since, *q.counted, classes, known
    )
    over: Relations = (*q.counted, classes, author, _organizations(q, modes))
    return made("replayed", "policy/whatif_replayed", modes, *over, is_cached=True)


def _organizations(q: Question, modes: Mapping[str, Any]) -> Listed:
    """The organizational domain of each name that is to be aligned again."""

    def rows(reader: Reader) -> Iterator[tuple[str, str]]:
        for row in ask(reader, "policy/whatif_names", modes, *q.counted):
            if owner := organizational_domain(row["name"]):
                yield row["name"], owner

    basis = (sorted(modes.items()), q.verified_only, question("policy/whatif_names"))
    return Listed("organization", "name text, organization text", basis, rows)
