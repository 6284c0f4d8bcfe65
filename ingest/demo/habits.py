"""The habits of a reporter: how it writes, packs and mails its reports.

D1 to D45 and T1 to T16 are the numbers of the known deviations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Dialect", "Reporter"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one reporter writes the XML.

    `root` holds the attributes of `feedback`; `omits` the policy tags it never writes; `newer` the
    RFC 9990 shape (no pct, with discovery_method and testing); `says_pass` RFC 9990's disposition
    `pass`; `np` that it knows the tag; `envelope` which identifiers it sends beside header_from.
    """

    declaration: str = '<?xml version="1.0" encoding="UTF-8" ?>'
    root: str = ""
    version: str = "1.0"
    indent: str = "  "
    omits: frozenset[str] = frozenset()
    newer: bool = False
    says_pass: bool = False
    np: bool = False
    generator: str = ""
    envelope: frozenset[str] = frozenset()
    selector: bool = True
    scope: bool = True
    helo_domain: bool = True
    human_result: bool = False
    upper: bool = False
    empty_reason: bool = False
    each_message: bool = False


@dataclass(frozen=True, slots=True)
class Reporter:
    """One receiver that sends aggregate reports.

    `email` is in the document, `sender` in From if it differs, `submitter` in Subject and
    file name; `signs` is the d= of its report mails ("" unsigned); `shares` its weight among the
    receivers of each audience; `container` zip, gzip or xml; `mime` how the part is carried;
    `period` day, week or half; `overlap` the seconds by which the period's end passes its last
    second (Microsoft, Mail.ru: D24); `delay` hours from the end to the mail; `resends` the share of
    reports mailed twice; `temperror` the share of messages whose keys it could not fetch (D43);
    `softens` that it files rejected mail as spam instead; `only` the domains that send it mail
    (empty: any).
    """

    org_name: str
    email: str
    submitter: str
    signs: str
    relay: str
    relay_name: str
    shares: Mapping[str, float]
    sender: str = ""
    contact: str = ""
    container: str = "gzip"
    mime: str = "mixed"
    ids: str = "digits"
    subject: str = "Report domain: {domain} Submitter: {submitter} Report-ID: {id}"
    period: str = "day"
    overlap: int = 0
    delay: tuple[float, float] = (3, 14)
    resends: float = 0.0
    temperror: float = 0.0
    overrides: frozenset[str] = frozenset()
    softens: bool = False
    only: frozenset[str] = frozenset()
    dialect: Dialect = field(default_factory=Dialect)
