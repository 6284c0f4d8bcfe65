"""DNS, asked through dnspython: the only module that knows it, and its errors as ours.

Whoever needs it imports it late: it takes a tenth of a second, and few commands ask DNS.

DnsError
├── NoRecord     the name does not exist, or has no such record
│   └── NoName   the name does not exist (NXDOMAIN)
├── NoAnswer     nothing came in time
└── NoUse        an answer that tells nothing (SERVFAIL, REFUSED), or no server to ask; the text
                 is dnspython's word for it
"""

import ipaddress
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver
import dns.reversename

from schemas.config.settings import split_nameserver

__all__ = ["AsyncResolver", "DnsError", "NoAnswer", "NoName", "NoRecord", "NoUse", "Resolver"]

EDNS_PAYLOAD = 1232  # passes every network unfragmented
ROOT = "."


class DnsError(Exception):
    """What was asked has no answer."""


class NoRecord(DnsError):
    pass


class NoName(NoRecord):
    """Of a name that is an alias, its target: the response code is of that (RFC 6604 §3)."""


class NoAnswer(DnsError):
    pass


class NoUse(DnsError):
    pass


Base = TypeVar("Base", dns.resolver.Resolver, dns.asyncresolver.Resolver)


def _configured(kind: type[Base], nameservers: Sequence[str], timeout: float) -> Base:
    """The system's, unless told; without any server, each look-up fails at once."""
    try:
        resolver = kind(configure=not nameservers)
    except (dns.exception.DNSException, OSError):
        resolver = kind(configure=False)
    if nameservers:
        places = (split_nameserver(each) for each in nameservers)
        resolver.nameservers = [dns.nameserver.Do53Nameserver(*place) for place in places]
    resolver.lifetime = timeout
    resolver.timeout = timeout / 2  # a datagram may be lost: it is sent again
    resolver.use_edns(0, 0, EDNS_PAYLOAD)
    return resolver


@contextmanager
def _ours(resolver: dns.resolver.BaseResolver) -> Iterator[None]:
    """One look-up: errors become ours, and a server that is silent is asked last from now on."""
    began, servers = time.monotonic(), resolver.nameservers
    try:
        yield
    except dns.resolver.NXDOMAIN:
        raise NoName from None
    except dns.resolver.NoAnswer:
        raise NoRecord from None
    except dns.exception.Timeout:
        raise NoAnswer from None
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise NoUse(type(error).__name__) from None
    finally:
        # Of look-ups at the same time, the first that had to wait turns them for all.
        waited = time.monotonic() - began >= resolver.timeout
        if waited and servers and servers is resolver.nameservers:
            first, *others = servers
            resolver.nameservers = [*others, first]


class Resolver:
    """One question after the other; `timeout` is what one may take, in seconds."""

    def __init__(self, nameservers: Sequence[str], timeout: float) -> None:
        self._resolver = _configured(dns.resolver.Resolver, nameservers, timeout)

    def texts(self, name: str) -> list[bytes]:
        """The TXT records of a name. Raises DnsError."""
        with _ours(self._resolver):
            answer = self._resolver.resolve(f"{name}.", "TXT", search=False)
            return [b"".join(record.strings) for record in answer]

    def is_alive(self) -> bool:
        """Whether anything answers at all; a refusal does."""
        try:
            with _ours(self._resolver):
                self._resolver.resolve(ROOT, "NS", search=False)
        except NoAnswer:
            return False
        except DnsError:
            pass
        return True


class AsyncResolver:
    """Many questions at the same time, within one event loop."""

    def __init__(self, nameservers: Sequence[str], timeout: float) -> None:
        self._resolver = _configured(dns.asyncresolver.Resolver, nameservers, timeout)

    async def names(self, address: str) -> list[str]:
        """What PTR records call an address, as text with escapes (RFC 1035 §5.1).

        Raises DnsError.
        """
        question = dns.reversename.from_address(address)
        with _ours(self._resolver):
            answer = await self._resolver.resolve(question, "PTR", search=False)
            return [record.target.to_text(omit_final_dot=True) for record in answer]

    async def addresses(self, name: str, *, version: int) -> set[str]:
        """The addresses of a host, canonical, of IP version 4 or 6. Raises DnsError."""
        with _ours(self._resolver):
            kind = "A" if version == 4 else "AAAA"
            answer = await self._resolver.resolve(f"{name}.", kind, search=False)
            return {str(ipaddress.ip_address(record.address)) for record in answer}

    async def texts(self, name: str) -> list[bytes]:
        """The TXT records of a name, each with its strings joined. Raises DnsError."""
        with _ours(self._resolver):
            answer = await self._resolver.resolve(f"{name}.", "TXT", search=False)
            return [b"".join(record.strings) for record in answer]

    async def exchanges(self, name: str) -> list[tuple[int, str]]:
        """The MX records of a name as (preference, host); the host of a null MX is ".".

        Hosts are text with escapes (RFC 1035 §5.1). Raises DnsError.
        """
        with _ours(self._resolver):
            answer = await self._resolver.resolve(f"{name}.", "MX", search=False)
            return [
                (record.preference, record.exchange.to_text(omit_final_dot=True) or ROOT)
                for record in answer
            ]

    async def is_of_use(self) -> bool:
        """Whether the root, which every resolver knows, is known."""
        try:
            with _ours(self._resolver):
                await self._resolver.resolve(ROOT, "NS", search=False)
        except DnsError as error:
            return isinstance(error, NoRecord)
        return True
