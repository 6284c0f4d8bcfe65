"""Names as a person types them: domains, sources, labels and approvals."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

from analytics.query.override import Override
from analytics.query.run import Row
from analytics.sources.catalogue import catalogue, find
from analytics.sources.daily import called
from analytics.sources.labels import overrides
from schemas.config.settings import Settings
from schemas.domain_names import normal_domain
from schemas.errors import ConfigError
from schemas.store.reader import Reader

__all__ = ["approvals", "domain_name", "nearest", "of_source", "overrides_of", "unmatched"]

MOST_NAMED = 3


def approvals(settings: Settings) -> Mapping[str, Sequence[str]]:
    """`approved` of each domain of the settings that has any."""
    return {name: each.approved for name, each in settings.domains.items() if each.approved}


def overrides_of(reader: Reader, settings: Settings) -> tuple[Override, ...]:
    """Raises ConfigError, which names the key, for an approval that can name nothing."""
    return overrides(reader, approvals(settings))


def domain_name(text: str | None) -> str | None:
    """A typed domain, as the store has it."""
    return normal_domain(text) if text else None


def nearest(text: str, names: Iterable[str]) -> list[str]:
    """The names that look most like the text, in any case; at most three."""
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    found = difflib.get_close_matches(text.casefold(), folded, n=MOST_NAMED, cutoff=0.6)
    return [folded[each] for each in found]


def unmatched(approved: Iterable[Override], rows: Iterable[Row]) -> list[str]:
    """A line on each approval that matches no known sender and no source of these rows: it may be
    misspelt."""
    seen = {(row["domain"], row["source"].lower()): row["source"] for row in rows}
    lines = []
    for word in approved:
        is_known = word.kind != "source" or find(word.match) is not None
        if word.is_label or is_known or (word.policy_domain, word.value) in seen:
            continue
        near = nearest(word.match, [*(each.name for each in catalogue()), *seen.values()])
        lines.append(
            f'key domains."{word.policy_domain}".approved: {word.match!r} is no known sender and no'
            " source in this period" + (f"; did you mean {' or '.join(near)}?" if near else "")
        )
    return lines


def of_source(rows: list[Row], name: str | None) -> list[Row]:
    """The rows of one source, None meaning all. Raises ConfigError for an unknown name."""
    if name is None:
        return rows
    found = called(rows, name)
    if not found and find(name) is None:
        near = nearest(name, sorted({row["source"] for row in rows}))
        raise ConfigError(
            f"no source in this period is called {name[:80]!r}",
            todo=f"did you mean {' or '.join(near)}?" if near else "see rua sources --by source",
        )
    return found
