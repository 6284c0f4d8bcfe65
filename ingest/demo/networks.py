"""Networks and sending services, and how addresses are drawn from them."""

import ipaddress
import random
import re
from dataclasses import dataclass

__all__ = ["Network", "Service", "address_in", "host_name", "nets"]


@dataclass(frozen=True, slots=True)
class Network:
    """One prefix and the number of its AS; `asn` 0 for RFC 5737 space, which no AS announces."""

    prefix: str
    asn: int


@dataclass(frozen=True, slots=True)
class Service:
    """Who runs the sending hosts, and what they sign and bounce with on their own account.

    `dkim` and `selector` are the service's own signature ("" when it makes none), `bounce` its own
    MAIL FROM domain, `own_selector` the selector a customer publishes for it. `ptr` is what its
    hosts are called in reverse DNS, with {host} for the address in dashes; "" where they have no
    name.
    """

    name: str
    title: str
    networks: tuple[Network, ...]
    dkim: str = ""
    selector: str = ""
    bounce: str = ""
    own_selector: str = ""
    ptr: str = ""


def nets(asn: int, *prefixes: str) -> tuple[Network, ...]:
    """Several prefixes of one AS."""
    return tuple(Network(prefix, asn) for prefix in prefixes)


def address_in(network: Network, rng: random.Random) -> str:
    """A host address inside the network, in canonical text (RFC 5952 for IPv6)."""
    prefix = ipaddress.ip_network(network.prefix)
    # Low bits only: a platform's hosts are close together in its IPv6 prefix.
    size = min(prefix.num_addresses, 1 << 16)
    address = prefix[rng.randrange(1, size - 1)]
    if address.version == 4 and int(address) & 0xFF in (0, 255):
        return str(address + 1 if int(address) & 0xFF == 0 else address - 1)
    return str(address)


def host_name(service: Service, address: str) -> str:
    """The PTR name of one of the service's hosts, "" where it has none."""
    return service.ptr.format(host=re.sub(r"[.:]+", "-", address))
