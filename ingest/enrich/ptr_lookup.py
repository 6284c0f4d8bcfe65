"""Looks up the host names of many addresses at once, and whether they lead back."""

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from ingest.model.ptr import PtrAnswer, PtrOutcome
from schemas.config.settings import Dns
from schemas.dns import BatchAsker, DnsError, End, NoRecord, RunEnded
from schemas.domain_names import is_domain, normal_domain

__all__ = ["PtrLookup"]


class PtrLookup:
    """One run of look-ups, with the `answers` so far."""

    def __init__(
        self, dns: Dns, addresses: Sequence[str], now: datetime, stopping: Callable[[], bool]
    ) -> None:
        self._asker = BatchAsker(dns.nameservers, dns.timeout, stopping=stopping)
        self._addresses = addresses
        self._now = now
        self.answers: list[PtrAnswer] = []

    @property
    def is_dns_dead(self) -> bool:
        return self._asker.ended is End.DEAD

    def run(self) -> None:
        """Look up all addresses, until the run ends. A KeyboardInterrupt leaves at once; `answers`
        has what came before it."""
        self._asker.run(self._addresses, self._look_up)

    async def _look_up(self, address: str) -> None:
        try:
            name, outcome = await self._name(address)
        except RunEnded:
            return
        except NoRecord:
            name, outcome = None, PtrOutcome.NONE
        except DnsError:
            name, outcome = None, PtrOutcome.ERROR
        self.answers.append(PtrAnswer(address, name, outcome, self._now))

    async def _name(self, address: str) -> tuple[str | None, PtrOutcome]:
        name = _first_domain(await self._asker.ask(lambda dns: dns.names(address)))
        if name is None:
            return None, PtrOutcome.NONE
        is_confirmed = await self._leads_back(name, address)
        return name, PtrOutcome.FOUND if is_confirmed else PtrOutcome.UNCONFIRMED

    async def _leads_back(self, name: str, address: str) -> bool:
        version = ipaddress.ip_address(address).version
        try:
            found = await self._asker.ask(lambda dns: dns.addresses(name, version=version))
        except NoRecord:
            return False
        return address in found

    def summary(self) -> str:
        """How many addresses were looked up, with which outcomes."""
        tally = Counter(each.outcome for each in self.answers)
        text = (
            f"host names looked up for {len(self.answers)} of {len(self._addresses)} addresses: "
            f"{tally[PtrOutcome.FOUND]} found, {tally[PtrOutcome.UNCONFIRMED]} unconfirmed, "
            f"{tally[PtrOutcome.NONE]} without, {tally[PtrOutcome.ERROR]} errors"
        )
        return f"{text}; {self._why_ended()}" if self._asker.ended else text

    def _why_ended(self) -> str:
        match self._asker.ended:
            case End.DEAD:
                return "DNS does not answer; to turn look-ups off, set offline = true in [dns]"
            case End.TIME:
                return f"time limit of {self._asker.seconds:g} s reached; the rest follow next time"
        return "stopped; the rest follow next time"


def _first_domain(names: Iterable[str]) -> str | None:
    """The first that is a domain: a stranger may write anything there, and dnspython escapes what
    no host name can hold."""
    normal = sorted(filter(None, map(normal_domain, names)))
    return next(filter(is_domain, normal), None)
