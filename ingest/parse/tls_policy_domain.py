"""The policy domain that the carrier of a TLS report names, for reports that do not (T8)."""

import re
from typing import NamedTuple

from schemas.domain_names import is_domain, normal_domain

__all__ = ["DomainHint", "domain_hint"]

SUBJECT = re.compile(r"\breport domain:\s*(\S+)", re.IGNORECASE)


class DomainHint(NamedTuple):
    """A policy domain, normalised, and a text for where it was found."""

    domain: str
    place: str


def domain_hint(header: str | None, path: str, subject: str | None) -> DomainHint | None:
    """The policy domain from the first of three places that names one; None if none does.

    `header` is the field TLS-Report-Domain, `path` leads to the document through its containers,
    `subject` is the field Subject.
    """
    places = (
        (header, "the header TLS-Report-Domain"),  # RFC 8460 §5.3: every TLS report has it
        (_in_file_name(path), "the file name"),
        (_in_subject(subject), "the Subject"),
    )
    for text, place in places:
        domain = normal_domain(text)
        if domain and is_domain(domain):
            return DomainHint(domain, place)
    return None


def _in_file_name(path: str) -> str | None:
    """RFC 8460 §5.1: sender "!" policy-domain "!" begin "!" end; the innermost name that has it."""
    for name in reversed(path.split("/")):
        parts = name.split("!")
        if len(parts) >= 4:
            return parts[1]
    return None


def _in_subject(subject: str | None) -> str | None:
    """RFC 8460 §5.3: "Report Domain: D Submitter: S Report-ID: <id>"."""
    found = SUBJECT.search(subject or "")
    return found[1] if found else None
