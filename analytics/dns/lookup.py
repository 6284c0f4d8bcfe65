"""Asking DNS what domains publish. No trouble of DNS is raised here: it is an outcome.

timeout     of the settings  for one question; where it is short of time, less
domain      10 s             in all; what is not answered by then counts as a timeout
domains     16               at the same time, with 4 questions each: no more than 64 under way,
                             so that no resolver takes it for an attack

The run as a whole is bounded by schemas.dns.BatchAsker; the domains that are left come the next
time. An answer is bounded by DNS itself: a message has no more than 64 KiB (RFC 1035 §4.2.2).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from analytics.dns import mx, spf
from analytics.dns.lookup_types import Answer, DnsQuestion, Outcome, Wanted, text_of
from analytics.dns.policy_discovery import Published, put_together, record_question, walk
from schemas.config.settings import Dns
from schemas.dns import AsyncResolver, BatchAsker, DnsError, End, NoAnswer, NoName, NoRecord
from schemas.domain_names import is_domain

__all__ = ["DOMAINS_AT_ONCE", "Asking", "look_up"]

DOMAIN_SECONDS = 10.0
DOMAINS_AT_ONCE = 16
QUESTIONS_AT_ONCE = 4


def look_up(domain: str, dns: Dns, names: Iterable[str] = ()) -> Published:
    """What DNS publishes about a normalised domain now; offline, nothing was asked."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    if dns.offline:
        return Published(domain, now)
    asking = Asking(dns, [Wanted(domain, tuple(names))])
    asking.run()
    return put_together(domain, now, asking.answers.get(domain, {}))


class Asking:
    """One run's questions. `answers` by domain; `is_dead` once DNS was found not to answer."""

    def __init__(self, dns: Dns, wanted: Sequence[Wanted]) -> None:
        self._asker = BatchAsker(dns.nameservers, dns.timeout)
        self._wanted = wanted
        self._above: dict[DnsQuestion, Answer] = {}  # _dmarc.com is asked for once, not 500 times
        self.answers: dict[str, dict[DnsQuestion, Answer]] = {}

    def run(self) -> None:
        """Until all is asked, time is over, or DNS is found dead. A KeyboardInterrupt leaves."""
        self._asker.run(self._wanted, self._work, DOMAINS_AT_ONCE)

    @property
    def is_dead(self) -> bool:
        return self._asker.ended is End.DEAD

    async def _work(self, wanted: Wanted) -> None:
        one = _OneDomain(self, wanted, time.monotonic() + DOMAIN_SECONDS)
        await one.run()
        self.answers[wanted.domain] = one.answers

    async def answer(self, question: DnsQuestion, deadline: float) -> Answer:
        """The answer to one question, or how it failed."""
        name, kind = question
        left = deadline - time.monotonic()
        if left <= 0:
            return Answer(Outcome.TIMEOUT)
        if not _can_be_asked(name):
            return Answer(Outcome.FAILURE)
        try:
            return await self._asker.ask(lambda dns: ASKED[kind](dns, name), left)
        except DnsError as error:
            return Answer(_outcome(error))

    async def above(self, question: DnsQuestion, deadline: float) -> Answer:
        """The answer about a name that many domains have above them."""
        if question not in self._above:
            self._above[question] = await self.answer(question, deadline)
        return self._above[question]


class _OneDomain:
    def __init__(self, asking: Asking, wanted: Wanted, deadline: float) -> None:
        self._asking = asking
        self._wanted = wanted
        self._deadline = deadline
        self._turn = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self.answers: dict[DnsQuestion, Answer] = {}

    async def run(self) -> None:
        domain, tasks = self._wanted.domain, []
        if self._wanted.records:
            tasks += [self._walk(), self._ask(spf.question(domain)), self._ask(mx.question(domain))]
        await asyncio.gather(*tasks, *(self._ask((name, "A")) for name in self._wanted.names))

    async def _walk(self) -> None:
        domain = self._wanted.domain
        async with self._turn:
            for name in walk(domain, self.answers):
                question = record_question(name)
                ask = self._asking.answer if name == domain else self._asking.above
                self.answers[question] = await ask(question, self._deadline)

    async def _ask(self, question: DnsQuestion) -> None:
        async with self._turn:
            self.answers[question] = await self._asking.answer(question, self._deadline)


def _can_be_asked(name: str) -> bool:
    """Names of whole labels, and the last one of a walk, such as _dmarc.com."""
    bare = name.removeprefix("_dmarc.")
    return is_domain(bare) or (
        bare.isascii() and bare.replace("-", "").isalnum()
    )  # a walk ends at _dmarc.com


def _outcome(error: DnsError) -> Outcome:
    if isinstance(error, NoAnswer):
        return Outcome.TIMEOUT
    if isinstance(error, NoName):
        return Outcome.NXDOMAIN
    return Outcome.NODATA if isinstance(error, NoRecord) else Outcome.FAILURE


async def _texts(resolver: AsyncResolver, name: str) -> Answer:
    """At a domain itself SPF alone: what others have verified there is nobody's business."""
    texts = [text_of(each) for each in await resolver.texts(name)]
    return Answer.of(texts if name.startswith("_") else filter(spf.is_spf, texts))


async def _exchanges(resolver: AsyncResolver, name: str) -> Answer:
    return Answer.of(mx.written(await resolver.exchanges(name)))


async def _addresses(resolver: AsyncResolver, name: str) -> Answer:
    """Whether the name exists is what matters; which addresses it has changes all the time."""
    await resolver.addresses(name, version=4)
    return Answer(Outcome.FOUND)


ASKED: Mapping[str, Callable[[AsyncResolver, str], Awaitable[Answer]]] = {
    "TXT": _texts,
    "MX": _exchanges,
    "A": _addresses,
}
