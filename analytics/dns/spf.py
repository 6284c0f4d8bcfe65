"""The SPF record of a domain (RFC 7208), as text. What it means comes with the DNS posture."""

import re
from collections.abc import Iterable

__all__ = ["is_spf", "only_spf", "question"]

# RFC 7208 §4.5: the version, ended by a space or the end of the record; ABNF has no case.
VERSION = re.compile(r"v=spf1( |$)", re.IGNORECASE | re.ASCII)


def question(domain: str) -> tuple[str, str]:
    return domain, "TXT"


def is_spf(text: str) -> bool:
    return VERSION.match(text) is not None


def only_spf(texts: Iterable[str]) -> str | None:
    """The SPF record among TXT records; None if there are none, or several."""
    found = [text for text in texts if is_spf(text)]
    # RFC 7208 §4.5: more than one is a permanent error, and none of them counts.
    return found[0] if len(found) == 1 else None
