"""The types of a DNS question, (name, type), and its answer.

dmarc_record.py and spf_mx.py read the records, policy_discovery.py puts them together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Answer", "Answers", "DnsQuestion", "Outcome", "Wanted", "text_of"]

DnsQuestion = tuple[str, str]


class Outcome(StrEnum):
    """How a question ended. The last two are errors, which say nothing about the domain."""

    FOUND = "found"
    NXDOMAIN = "nxdomain"  # neither the name nor any name below it exists (RFC 8020 §2)
    NODATA = "nodata"  # the name exists but has no such record
    TIMEOUT = "timeout"
    FAILURE = "failure"  # SERVFAIL, REFUSED, no server to ask, or not a valid DNS name

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
        """An answer with these records; NODATA without any."""
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
    """Bytes from DNS as text: invalid UTF-8 becomes escapes such as \\xff."""
    return data.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
