"""One change, how grave it is, and how sure."""

from collections.abc import Iterable
from enum import StrEnum

from analytics.query.run import Row
from schemas.sanitize import cell

__all__ = ["Certainty", "Kind", "change", "named", "ordered", "some"]

LONGEST_NAME = 80


class Certainty(StrEnum):
    """How sure a sentence is."""

    OBSERVED = "observed"  # reports say so
    INFERRED = "inferred"  # it follows from what they say, by our rules
    NOT_KNOWN = "not known"  # they do not tell


class Kind(StrEnum):
    """What changed, the gravest first."""

    LOSS = "loss"  # an enforcing policy loses mail now
    BROKEN = "broken"  # mail of a source of ours fails that passed before
    NO_REPORTS = "no reports"  # of a domain, which had some
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
    MENDED = "mended"
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
    """A row of `analytics.changes.detect`: `text` is one sentence, `link` what it is about."""
    return {
        "kind": kind.value,
        "domain": domain,
        "source": source,
        "text": text,
        "messages": messages,
        "certainty": certainty.value,
        "link": link,
    }


def named(name: str) -> str:
    """A stranger's name within a sentence: one line, and short."""
    text = cell(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def ordered(rows: Iterable[Row]) -> list[Row]:
    """The largest consequence first: by kind, then by messages."""
    return sorted(
        rows,
        key=lambda row: (
            RANK[row["kind"]],
            -(row["messages"] or 0),
            row["domain"] or "",
            row["source"] or "",
        ),
    )


def some(count: int, noun: str) -> str:
    """1,234 messages."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
