"""SPF records (RFC 7208) and MX records (RFC 5321 §5.1) of a domain, as text."""

import re
from collections.abc import Iterable

from analytics.dns.lookup_types import Answer

__all__ = [
    "NULL_MX",
    "is_null_mx",
    "is_spf",
    "mx_question",
    "mx_texts",
    "only_spf",
    "spf_question",
]

# RFC 7208 §4.5: the version, ended by a space or the end of the record; ABNF ignores case.
SPF_VERSION = re.compile(r"v=spf1( |$)", re.IGNORECASE | re.ASCII)
NULL_MX = "0 ."


def spf_question(domain: str) -> tuple[str, str]:
    return domain, "TXT"


def is_spf(text: str) -> bool:
    return SPF_VERSION.match(text) is not None


def only_spf(texts: Iterable[str]) -> str | None:
    """The SPF record among TXT records; None if there are none, or several."""
    found = [text for text in texts if is_spf(text)]
    # RFC 7208 §4.5: more than one is a permanent error, and none of them counts.
    return found[0] if len(found) == 1 else None


def mx_question(domain: str) -> tuple[str, str]:
    return domain, "MX"


def mx_texts(exchanges: Iterable[tuple[int, str]]) -> list[str]:
    """The records as text, such as "10 mx.example.com"."""
    return [f"{preference} {host}" for preference, host in exchanges]


def is_null_mx(answer: Answer | None) -> bool | None:
    """Whether the domain declares that it accepts no mail; None if DNS did not answer."""
    if answer is None or answer.outcome.is_error:
        return None
    # RFC 7505 §3: one record of preference 0 with a zero-length name, and no other beside it.
    return answer.data == (NULL_MX,)
