"""Domain names and IP addresses in canonical form, so that equal ones compare equal."""

import ipaddress
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import idna

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["canonical_ip", "is_domain", "normal_domain", "organizational_domain"]

LONGEST_NAME = 253  # RFC 1035 §2.3.4, as text without the final dot
# Host names have no underscores, but RFC 8552 allows them in domain names, which do send reports.
LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})+")


def normal_domain(raw: str | None) -> str | None:
    """Lower case, no final dot, A-labels; a name that IDNA refuses is only lower-cased."""
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
    return not name.rpartition(".")[2].isdigit()  # RFC 3696 §2: 192.0.2.1 is not one


@lru_cache(maxsize=8192)
def organizational_domain(name: str) -> str | None:
    """The registered domain above a normalised name, by the Public Suffix List (RFC 7489 §3.2).

    None for a public suffix itself. RFC 9989 §4.10 asks DNS instead; this needs no network.
    """
    return _suffixes().privatesuffix(name) if is_domain(name) else None


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # takes a tenth of a second

    return PublicSuffixList()


def canonical_ip(raw: str | None) -> str | None:
    """RFC 5952 text of an address; None if it is not an address. IPv4-mapped becomes IPv4."""
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
