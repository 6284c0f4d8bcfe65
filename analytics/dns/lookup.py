"""Asking DNS what domains publish. No trouble of DNS is raised here: it is an outcome.

timeout     of the settings  for one question; where it is short of time, less
domain      10 s             in all; what is not answered by then counts as a timeout
domains     16               at the same time, with 4 questions each: no more than 64 under way,
                             so that no resolver takes it for an attack
run         60 s             in all; the domains that are left come the next time
errors      20               one after the other, and the root is not known either: DNS is dead

An answer is bounded by DNS itself: a message has no more than 64 KiB (RFC 1035 §4.2.2).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from analytics.dns import mx, spf
from analytics.dns.lookup_types import Answer, DnsQuestion, Outcome, Wanted, text_of
from analytics.dns.policy_discovery import Published, put_together, record_question, walk
from schemas.config.settings import Dns
from schemas.dns import AsyncResolver, DnsError, NoAnswer, NoName, NoRecord
from schemas.domain_names import is_domain

__all__ = ["DOMAINS_AT_ONCE", "Asking", "look_up"]

DOMAIN_SECONDS = 10.0
DOMAINS_AT_ONCE = 16
QUESTIONS_AT_ONCE = 4
RUN_SECONDS = 60.0
MOST_ERRORS = 20


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
        self._resolver = AsyncResolver(dns.nameservers, dns.timeout)
        self._due = iter(wanted)
        self._workers = min(DOMAINS_AT_ONCE, len(wanted))
        self._above: dict[DnsQuestion, Answer] = {}  # _dmarc.com is asked for once, not 500 times
        self._end = time.monotonic() + RUN_SECONDS
        self._errors = 0  # one after the other
        self.is_dead = False
        self.answers: dict[str, dict[DnsQuestion, Answer]] = {}

    def run(self) -> None:
        """Until all is asked, time is over, or DNS is found dead. A KeyboardInterrupt leaves."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        await asyncio.gather(*(self._work() for _ in range(self._workers)))

    async def _work(self) -> None:
        for wanted in self._due:
            one = _OneDomain(self, wanted, min(self._end, time.monotonic() + DOMAIN_SECONDS))
            await one.run()
            self.answers[wanted.domain] = one.answers
            if self.is_dead or time.monotonic() >= self._end:
                return

    async def answer(self, question: DnsQuestion, deadline: float) -> Answer:
        """The answer to one question, or how it failed."""
        name, kind = question
        left = deadline - time.monotonic()
        if left <= 0 or self.is_dead:
            return Answer(Outcome.TIMEOUT)
        if not _can_be_asked(name):
            return Answer(Outcome.FAILURE)
        try:
            async with asyncio.timeout(left):
                found = await ASKED[kind](self._resolver, name)
        except (TimeoutError, DnsError) as error:
            found = Answer(_outcome(error))
        await self._watch(found.outcome)
        return found

    async def above(self, question: DnsQuestion, deadline: float) -> Answer:
        """The answer about a name that many domains have above them."""
        if question not in self._above:
            self._above[question] = await self.answer(question, deadline)
        return self._above[question]

    async def _watch(self, outcome: Outcome) -> None:
        """Errors may all be of one stranger's dead zone, which must not end it for the others."""
        self._errors = self._errors + 1 if outcome.is_error else 0
        if self._errors >= MOST_ERRORS:
            self._errors = 0
            self.is_dead = self.is_dead or not await self._resolver.is_of_use()


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


def _outcome(error: TimeoutError | DnsError) -> Outcome:
    if isinstance(error, TimeoutError | NoAnswer):
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
