"""Reverse DNS for tests: what gives addresses their names, as lines for Dns.add of knot.py.

    dns.add(reverse_zones(demo.truth["ptr"]))

Knot is the authority for the root, so its one zone holds the reverse zones and the forward ones.
"""

import ipaddress
from collections.abc import Iterator, Mapping

__all__ = ["forward", "reverse", "reverse_zones"]


def reverse_zones(names: Mapping[str, str]) -> Iterator[str]:
    """Records of {address: name} in both directions, so that each name is confirmed."""
    for address, name in names.items():
        yield reverse(address, name)
        yield forward(name, address)


def reverse(address: str, name: str) -> str:
    """`name` without its final dot, in the escapes of a zone file (RFC 1035 §5.1)."""
    return f"{ipaddress.ip_address(address).reverse_pointer}. PTR {name}."


def forward(name: str, address: str) -> str:
    kind = "A" if ipaddress.ip_address(address).version == 4 else "AAAA"
    return f"{name}. {kind} {address}"
