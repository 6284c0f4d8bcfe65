"""Asking reverse DNS for many names at once, and whether they lead back.

By asyncio, not by threads: waiting is all there is to do, and what is under way can be dropped at
once, at the deadline or at an interrupt, where a thread had to be waited for.
"""

import asyncio
import ipaddress
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from ingest.model.limits import PTR_AT_ONCE, PTR_ERRORS, PTR_SECONDS
from ingest.model.ptr import PtrAnswer, PtrOutcome
from schemas.config.settings import Dns
from schemas.dns import AsyncResolver, DnsError, NoRecord
from schemas.domain_names import is_domain, normal_domain

__all__ = ["Asking"]

LOOK_SECONDS = 0.1  # between two looks whether to go on


class Asking:
    """One run's questions, and the answers so far; `is_dead` once DNS was found to be."""

    def __init__(self, dns: Dns, due: Sequence[str], now: datetime) -> None:
        self._resolver = AsyncResolver(dns.nameservers, dns.timeout)
        self._due = iter(due)
        self._now = now
        self._total = len(due)
        self._errors = 0  # one after the other
        self._ended = ""
        self.is_dead = False
        self.answers: list[PtrAnswer] = []

    def run(self, stopping: Callable[[], bool]) -> None:
        """Until all is asked, time is over, DNS is found dead, or stopping() is true.

        A KeyboardInterrupt leaves at once; `answers` has what came before it.
        """
        asyncio.run(self._run(stopping))

    async def _run(self, stopping: Callable[[], bool]) -> None:
        end = time.monotonic() + PTR_SECONDS
        tasks = [asyncio.create_task(self._work()) for _ in range(min(PTR_AT_ONCE, self._total))]
        pending = set(tasks)
        while pending and not self._ended:
            if stopping():
                self._ended = "stopped; the others come next time"
            elif time.monotonic() >= end:
                self._ended = f"{PTR_SECONDS} s are over; the others come next time"
            else:
                _, pending = await asyncio.wait(pending, timeout=LOOK_SECONDS)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in set(tasks) - pending:
            task.result()

    async def _work(self) -> None:
        for address in self._due:
            if self._ended:
                return
            name, outcome = await self._ask(address)
            self.answers.append(PtrAnswer(address, name, outcome, self._now))
            if await self._finds_dns_dead(outcome):
                self.is_dead = True
                self._ended = "DNS does not answer; to ask nothing: offline = true in [dns]"

    async def _ask(self, address: str) -> tuple[str | None, PtrOutcome]:
        try:
            name = _first_domain(await self._resolver.names(address))
            if name is None:
                return None, PtrOutcome.NONE
            is_confirmed = await self._leads_back(name, address)
        except NoRecord:
            return None, PtrOutcome.NONE
        except DnsError:
            return None, PtrOutcome.ERROR
        return name, PtrOutcome.FOUND if is_confirmed else PtrOutcome.UNCONFIRMED

    async def _leads_back(self, name: str, address: str) -> bool:
        version = ipaddress.ip_address(address).version
        try:
            return address in await self._resolver.addresses(name, version=version)
        except NoRecord:
            return False

    async def _finds_dns_dead(self, outcome: PtrOutcome) -> bool:
        """Errors may all be of one stranger's dead zone, which must not end it for the others."""
        self._errors = self._errors + 1 if outcome == PtrOutcome.ERROR else 0
        if self._errors < PTR_ERRORS:
            return False
        self._errors = 0
        return not await self._resolver.is_of_use()

    def told(self) -> str:
        """What was asked, and what came of it."""
        tally = Counter(each.outcome for each in self.answers)
        text = (
            f"host names asked for {len(self.answers)} of {self._total} addresses: "
            f"{tally[PtrOutcome.FOUND]} found, {tally[PtrOutcome.UNCONFIRMED]} unconfirmed, "
            f"{tally[PtrOutcome.NONE]} without, {tally[PtrOutcome.ERROR]} errors"
        )
        return f"{text}; {self._ended}" if self._ended else text


def _first_domain(names: Iterable[str]) -> str | None:
    """Of what a stranger may have written there: dnspython escapes what no host name holds."""
    normal = sorted(filter(None, map(normal_domain, names)))
    return next(filter(is_domain, normal), None)
