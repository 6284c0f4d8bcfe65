"""The type of a change: its kind, its certainty, and the order of changes."""

from collections.abc import Iterable
from enum import StrEnum

from analytics.query.run import Row
from analytics.query.statement import Certainty

__all__ = ["Kind", "change", "ordered"]


class Kind(StrEnum):
    """What changed, the gravest first."""

    LOSS = "loss"  # an enforcing policy loses mail now
    BROKEN = "broken"  # mail of your source fails that passed before
    NO_REPORTS = "no reports"  # of a domain that had some
    RATE_FELL = "pass rate fell"
    POLICY_WEAKER = "policy weaker"
    NEW_UNDECIDED = "new undecided source"
    REPORTER_SILENT = "reporter silent"
    TLS = "TLS failures"
    SPOOFING = "spoofing"
    VERDICT = "verdict"
    POLICY = "policy"
    NEW_SOURCE = "new source"
    GONE = "source gone"
    FIXED = "mended"
    RATE_ROSE = "pass rate rose"
    REPORTER_BACK = "reporter back"


RANK = {kind: place for place, kind in enumerate(Kind)}


def change(
    kind: Kind,
    domain: str | None,
    source: str | None,
    text: str,
    messages: int | None,
    certainty: Certainty,
    link: Row,
) -> Row:
    """A row of `analytics.changes.detect`: `text` is one sentence, `link` its subject."""
    return {
        "kind": kind.value,
        "domain": domain,
        "source": source,
        "text": text,
        "messages": messages,
        "certainty": certainty.value,
        "link": link,
    }


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Changes with the gravest first: by kind, then by messages."""
    return sorted(
        rows,
        key=lambda row: (
            RANK[row["kind"]],
            -(row["messages"] or 0),
            row["domain"] or "",
            row["source"] or "",
        ),
    )
