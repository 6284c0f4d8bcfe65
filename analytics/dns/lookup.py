"""Asks DNS what domains publish. DNS errors are outcomes, not exceptions.

timeout     of the settings  for one question, less if the domain's time runs out
domain      10 s             in all; a question without an answer by then is a timeout
domains     16               at a time, with 4 questions each: at most 64 open questions, few enough
                             for a resolver not to take them for an attack

schemas.dns.BatchAsker limits the run as a whole; the domains left over come in the next run. DNS
limits an answer: a message has at most 64 KiB (RFC 1035 §4.2.2).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from analytics.dns.lookup_types import Answer, DnsQuestion, Outcome, Wanted, text_of
from analytics.dns.policy_discovery import Published, put_together, record_question, walk
from analytics.dns.spf_mx import is_spf, mx_question, mx_texts, spf_question
from schemas.config.settings import Dns
from schemas.dns import AsyncResolver, BatchAsker, DnsError, End, NoAnswer, NoName, NoRecord
from schemas.domain_names import is_domain

__all__ = ["DOMAINS_AT_ONCE", "Lookup", "look_up"]

DOMAIN_SECONDS = 10.0
DOMAINS_AT_ONCE = 16
QUESTIONS_AT_ONCE = 4


def look_up(domain: str, dns: Dns, names: Iterable[str] = ()) -> Published:
    """What DNS publishes about a normalised domain now; offline, nothing is asked."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    if dns.offline:
        return Published(domain, now)
    asking = Lookup(dns, [Wanted(domain, tuple(names))])
    asking.run()
    return put_together(domain, now, asking.answers.get(domain, {}))


class Lookup:
    """The questions of one run. `answers` by domain; `is_dead` if DNS does not answer at all."""

    def __init__(self, dns: Dns, wanted: Sequence[Wanted]) -> None:
        self._asker = BatchAsker(dns.nameservers, dns.timeout)
        self._wanted = wanted
        self._above: dict[DnsQuestion, Answer] = {}  # ask for _dmarc.com once, not 500 times
        self.answers: dict[str, dict[DnsQuestion, Answer]] = {}

    def run(self) -> None:
        """Ask until done, out of time, or DNS is found dead. Passes on KeyboardInterrupt."""
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
    def __init__(self, lookup: Lookup, wanted: Wanted, deadline: float) -> None:
        self._lookup = lookup
        self._wanted = wanted
        self._deadline = deadline
        self._turn = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self.answers: dict[DnsQuestion, Answer] = {}

    async def run(self) -> None:
        domain, tasks = self._wanted.domain, []
        if self._wanted.records:
            tasks += [self._walk(), self._ask(spf_question(domain)), self._ask(mx_question(domain))]
        await asyncio.gather(*tasks, *(self._ask((name, "A")) for name in self._wanted.names))

    async def _walk(self) -> None:
        domain = self._wanted.domain
        async with self._turn:
            for name in walk(domain, self.answers):
                question = record_question(name)
                ask = self._lookup.answer if name == domain else self._lookup.above
                self.answers[question] = await ask(question, self._deadline)

    async def _ask(self, question: DnsQuestion) -> None:
        async with self._turn:
            self.answers[question] = await self._lookup.answer(question, self._deadline)


def _can_be_asked(name: str) -> bool:
    """Whether a name is a domain name, or the last one of a tree walk, such as _dmarc.com."""
    bare = name.removeprefix("_dmarc.")
    return is_domain(bare) or (bare.isascii() and bare.replace("-", "").isalnum())


def _outcome(error: DnsError) -> Outcome:
    if isinstance(error, NoAnswer):
        return Outcome.TIMEOUT
    if isinstance(error, NoName):
        return Outcome.NXDOMAIN
    return Outcome.NODATA if isinstance(error, NoRecord) else Outcome.FAILURE


async def _texts(resolver: AsyncResolver, name: str) -> Answer:
    """At the domain itself only SPF: its other TXT records (site verification …) are private."""
    texts = [text_of(each) for each in await resolver.texts(name)]
    return Answer.of(texts if name.startswith("_") else filter(is_spf, texts))


async def _exchanges(resolver: AsyncResolver, name: str) -> Answer:
    return Answer.of(mx_texts(await resolver.exchanges(name)))


async def _addresses(resolver: AsyncResolver, name: str) -> Answer:
    """Whether the name exists; its addresses, which change often, are not stored."""
    await resolver.addresses(name, version=4)
    return Answer(Outcome.FOUND)


ASKED: Mapping[str, Callable[[AsyncResolver, str], Awaitable[Answer]]] = {
    "TXT": _texts,
    "MX": _exchanges,
    "A": _addresses,
}
