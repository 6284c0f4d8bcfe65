"""Parts of a sentence: its certainty, a name from a report, a number with its noun."""

from enum import StrEnum

from schemas.sanitize import cell

__all__ = ["Certainty", "named", "some"]

LONGEST_NAME = 80


class Certainty(StrEnum):
    """How certain a sentence is."""

    OBSERVED = "observed"  # reports state it
    INFERRED = "inferred"  # our rules conclude it from reports
    NOT_KNOWN = "not known"  # reports do not state it


def named(name: str) -> str:
    """A name from a report, made safe for a sentence: one line of at most LONGEST_NAME."""
    text = cell(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def some(count: int, noun: str) -> str:
    """A number with its noun, as 1,234 messages."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
