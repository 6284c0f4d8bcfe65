"""Domain names and addresses in one written form, so that equal things compare equal."""

import ipaddress
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import idna

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["canonical_ip", "is_domain", "normal_domain", "organizational_domain"]

LONGEST_NAME = 253  # RFC 1035 §2.3.4, as text without the final dot
# Underscores are no host names, but RFC 8552 puts them into domain names that do send reports.
LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})+")


def normal_domain(raw: str | None) -> str | None:
    """Lower case, no final dot, A-labels; what IDNA refuses is only lower-cased."""
    if raw is None:
        return None
    return _normal_domain(raw) if len(raw) <= 2 * LONGEST_NAME else raw.lower()


@lru_cache(maxsize=8192)
def _normal_domain(raw: str) -> str:
    name = raw.strip().rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return name


def is_domain(name: str) -> bool:
    """Whether a normalised name could be registered: two labels or more, each well-formed."""
    if len(name) > LONGEST_NAME or DOMAIN.fullmatch(name) is None:
        return False
    return not name.rpartition(".")[2].isdigit()  # RFC 3696 §2: 192.0.2.1 is none


@lru_cache(maxsize=8192)
def organizational_domain(name: str) -> str | None:
    """The registered domain above a normalised name, by the Public Suffix List (RFC 7489 §3.2).

    None for a public suffix itself. RFC 9989 §4.10 asks DNS instead; this needs no network.
    """
    return _suffixes().privatesuffix(name) if is_domain(name) else None


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # a tenth of a second, for those who ask

    return PublicSuffixList()


def canonical_ip(raw: str | None) -> str | None:
    """RFC 5952 text of an address; None for what is no address. An IPv4-mapped one is IPv4."""
    if not raw or len(raw) > 64:
        return None
    return _canonical_ip(raw)


@lru_cache(maxsize=65536)
def _canonical_ip(raw: str) -> str | None:
    try:
        address = ipaddress.ip_address(raw.strip().strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return None
        address = address.ipv4_mapped or address
    return str(address)
