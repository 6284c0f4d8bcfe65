"""How a statement is made: how sure it is, a stranger's name within it, a number with its noun."""

from enum import StrEnum

from schemas.sanitize import cell

__all__ = ["Certainty", "named", "some"]

LONGEST_NAME = 80


class Certainty(StrEnum):
    """How sure a sentence is."""

    OBSERVED = "observed"  # reports say so
    INFERRED = "inferred"  # it follows from what they say, by our rules
    NOT_KNOWN = "not known"  # they do not tell


def named(name: str) -> str:
    """A stranger's name within a sentence: one line, and short."""
    text = cell(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def some(count: int, noun: str) -> str:
    """1,234 messages."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
