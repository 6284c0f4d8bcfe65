"""One question to DNS and what came back: the common tongue of all that asks and remembers.

A question is a (name, type). What a record type means stands in a module of its own: record.py
(DMARC), spf.py, mx.py; what they mean together, in published.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Answer", "Answers", "DnsQuestion", "Outcome", "Wanted", "text_of"]

DnsQuestion = tuple[str, str]


class Outcome(StrEnum):
    """How a question ended. The last two are errors, which tell nothing of the domain."""

    FOUND = "found"
    NXDOMAIN = "nxdomain"  # the name does not exist, nor any below it (RFC 8020 §2)
    NODATA = "nodata"  # it exists and has no such record
    TIMEOUT = "timeout"
    FAILURE = "failure"  # SERVFAIL, REFUSED, no server to ask, or no name that DNS can hold

    @property
    def is_error(self) -> bool:
        return self in (Outcome.TIMEOUT, Outcome.FAILURE)


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` are the records as text, sorted, since DNS gives them in any order."""

    outcome: Outcome
    data: tuple[str, ...] = ()

    @classmethod
    def of(cls, records: Iterable[str]) -> "Answer":
        """What was found; nothing that matters is as good as nothing."""
        data = tuple(sorted(records))
        return cls(Outcome.FOUND if data else Outcome.NODATA, data)


Answers = Mapping[DnsQuestion, Answer]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask about a domain: its own records, and whether `names` exist."""

    domain: str
    names: Sequence[str] = ()
    records: bool = True


def text_of(data: bytes) -> str:
    """A stranger's bytes as text: what is no UTF-8 becomes escapes such as \\xff."""
    return data.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
