"""DNS, asked through dnspython: the only module that imports it, with its errors as ours.

Import it late: it takes a tenth of a second, and few commands ask DNS.

DnsError
├── NoRecord     the name does not exist, or has no such record
│   └── NoName   the name does not exist (NXDOMAIN)
├── NoAnswer     nothing came in time
│   └── RunEnded the run of a BatchAsker ended first
└── NoUse        an answer that says nothing (SERVFAIL, REFUSED), or no server to ask; the text is
                 dnspython's word for it

A BatchAsker asks many questions at once, within these bounds:

at once     64     questions in flight, so that no resolver takes it for an attack
run         60 s   in all
errors      20     in a row; if the root is not known then either, DNS is dead and the run ends.
                   A stranger's dead zone gives errors, too, and must not end the run for others
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any, TypeVar

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver
import dns.reversename

from schemas.config.settings import split_nameserver

__all__ = [
    "AT_ONCE",
    "AsyncResolver",
    "BatchAsker",
    "DnsError",
    "End",
    "NoAnswer",
    "NoName",
    "NoRecord",
    "NoUse",
    "Resolver",
    "RunEnded",
]

EDNS_PAYLOAD = 1232  # passes every network unfragmented
ROOT = "."
AT_ONCE = 64
RUN_SECONDS = 60.0
MOST_ERRORS = 20
LOOK_SECONDS = 0.1  # between two looks whether to go on


class DnsError(Exception):
    """A question without an answer."""


class NoRecord(DnsError):
    pass


class NoName(NoRecord):
    """Of a name that is an alias, its target: the response code is of that (RFC 6604 §3)."""


class NoAnswer(DnsError):
    pass


class RunEnded(NoAnswer):
    pass


class NoUse(DnsError):
    pass


Base = TypeVar("Base", dns.resolver.Resolver, dns.asyncresolver.Resolver)


def _configured(kind: type[Base], nameservers: Sequence[str], timeout: float) -> Base:
    """A resolver for these servers, else the system's; without any, each look-up fails at once."""
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
    """One look-up: errors become ours, and a silent server is asked last from then on."""
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
        # Of look-ups at the same time, the first that had to wait rotates the list for all.
        waited = time.monotonic() - began >= resolver.timeout
        if waited and servers and servers is resolver.nameservers:
            first, *others = servers
            resolver.nameservers = [*others, first]


class Resolver:
    """Asks one question after the other; one may take `timeout` seconds."""

    def __init__(self, nameservers: Sequence[str], timeout: float) -> None:
        self._resolver = _configured(dns.resolver.Resolver, nameservers, timeout)

    def texts(self, name: str) -> list[bytes]:
        """The TXT records of a name. Raises DnsError."""
        with _ours(self._resolver):
            answer = self._resolver.resolve(f"{name}.", "TXT", search=False)
            return [b"".join(record.strings) for record in answer]

    def knows_root(self) -> bool:
        """Whether it knows the root, as every working resolver does."""
        try:
            with _ours(self._resolver):
                self._resolver.resolve(ROOT, "NS", search=False)
        except DnsError as error:
            return isinstance(error, NoRecord)
        return True


class AsyncResolver:
    """Asks many questions at the same time, within one event loop."""

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

    async def knows_root(self) -> bool:
        """Whether it knows the root, as every working resolver does."""
        try:
            with _ours(self._resolver):
                await self._resolver.resolve(ROOT, "NS", search=False)
        except DnsError as error:
            return isinstance(error, NoRecord)
        return True


class End(Enum):
    """Why a run ended before everything was asked."""

    STOPPED = auto()
    TIME = auto()
    DEAD = auto()


Item = TypeVar("Item")
Found = TypeVar("Found")


class BatchAsker:
    """One run of questions about many items; `ended` says why it ended early, if it did.

    By asyncio, not by threads: at the deadline or at an interrupt, questions in flight are dropped
    at once, where a thread would have to be waited for.
    """

    def __init__(
        self,
        nameservers: Sequence[str],
        timeout: float,
        *,
        seconds: float | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._resolver = AsyncResolver(nameservers, timeout)
        self.seconds = RUN_SECONDS if seconds is None else seconds
        self._stopping = stopping
        self._in_flight: set[asyncio.Future[Any]] = set()
        self._errors = 0  # in a row
        self.ended: End | None = None

    def run(
        self,
        items: Iterable[Item],
        work: Callable[[Item], Awaitable[None]],
        at_once: int = AT_ONCE,
    ) -> None:
        """Do the work for each item, `at_once` of them at a time, until the run ends.

        A KeyboardInterrupt leaves at once.
        """
        asyncio.run(self._run(iter(items), work, at_once))

    async def _run(
        self, items: Iterator[Item], work: Callable[[Item], Awaitable[None]], at_once: int
    ) -> None:
        async def worker() -> None:
            for item in items:
                await work(item)
                if self.ended:
                    return

        deadline = time.monotonic() + self.seconds
        workers = [asyncio.create_task(worker()) for _ in range(at_once)]
        pending = set(workers)
        while pending:
            if self._stopping():
                self._end(End.STOPPED)
            elif time.monotonic() >= deadline:
                self._end(End.TIME)
            _, pending = await asyncio.wait(pending, timeout=LOOK_SECONDS)
        for each in workers:
            each.result()

    async def ask(
        self,
        question: Callable[[AsyncResolver], Awaitable[Found]],
        seconds: float | None = None,
    ) -> Found:
        """The answer to one question, within so many seconds. Raises DnsError."""
        try:
            found = await self._fly(question(self._resolver), seconds)
        except (NoRecord, RunEnded):
            self._errors = 0
            raise
        except DnsError:
            await self._count_error()
            raise
        self._errors = 0
        return found

    async def _fly(self, question: Awaitable[Found], seconds: float | None = None) -> Found:
        task = asyncio.ensure_future(question)
        if self.ended:
            task.cancel()
        self._in_flight.add(task)
        try:
            return await asyncio.wait_for(task, seconds)
        except TimeoutError:
            raise NoAnswer from None
        except asyncio.CancelledError:
            if self.ended is None:
                raise
            raise RunEnded from None
        finally:
            self._in_flight.discard(task)

    async def _count_error(self) -> None:
        self._errors += 1
        if self._errors >= MOST_ERRORS:
            self._errors = 0
            if not await self._fly(self._resolver.knows_root()):
                self._end(End.DEAD)

    def _end(self, reason: End) -> None:
        self.ended = self.ended or reason
        for task in self._in_flight:
            task.cancel()
