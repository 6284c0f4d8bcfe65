"""From streams to deliveries: which hosts sent how many messages to which reporter on a day.

Every random number comes from a generator keyed by (seed, domain, stream, day), so that a further
day or stream leaves all others as they were.
"""

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ingest.demo.habits import Reporter
from ingest.demo.networks import address_in
from ingest.demo.organisation import Domain
from ingest.demo.platforms import service
from ingest.demo.reporters import REPORTERS
from ingest.demo.streams import MANNERS, Manner, Stream
from ingest.demo.variant import DEFAULT, Variant

__all__ = ["Delivery", "Plan", "Signature", "keyed", "make_plan", "receivers_of"]

# Small hosts and stolen names that turn up in MAIL FROM and HELO of spam.
FOREIGN = ("webmail-update.test", "kx-parcel.test", "grand-prize.test", "inbox-lottery.test")
GHOSTS = ("billing", "accounts", "invoice-37", "hr-portal", "secure", "docs", "mailer9")

BROKEN_IN_TRANSIT = 0.0005  # signatures that fail at a receiver by accident


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM signature as a receiver verified it."""

    domain: str
    selector: str
    result: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Messages of one stream from one host to one reporter on one day."""

    domain: Domain
    stream: Stream
    day: date
    header_from: str
    envelope_from: str
    signatures: tuple[Signature, ...]
    spf_domain: str
    spf_scope: str
    spf_result: str
    label: str
    reporter: str = ""
    source_ip: str = ""
    count: int = 0
    half: int = 0

    def to(self, reporter: str, source_ip: str, count: int, half: int) -> "Delivery":
        """The same from that host to that reporter; much faster than dataclasses.replace."""
        return Delivery(
            self.domain,
            self.stream,
            self.day,
            self.header_from,
            self.envelope_from,
            self.signatures,
            self.spf_domain,
            self.spf_scope,
            self.spf_result,
            self.label,
            reporter,
            source_ip,
            count,
            half,
        )


def keyed(*parts: object) -> random.Random:
    """A generator of its own for this key; seeding by text does not depend on PYTHONHASHSEED."""
    return random.Random("|".join(str(part) for part in parts))


@dataclass(frozen=True)
class Plan:
    """A variant's domains and streams, with the pool of addresses of each stream."""

    seed: int
    until: date
    variant: Variant
    domains: tuple[Domain, ...]
    streams: tuple[Stream, ...]
    pools: dict[str, tuple[str, ...]]
    home_selectors: dict[str, str]

    def deliveries(self, domain: Domain, day: date) -> Iterator[Delivery]:
        """All deliveries as that domain on that day."""
        if not domain.is_active(day, self.until):
            return
        for stream in self.streams:
            if stream.domain == domain.name and (self.until - day).days <= stream.first:
                yield from self._of_stream(domain, stream, day)

    def _of_stream(self, domain: Domain, stream: Stream, day: date) -> Iterator[Delivery]:
        rng = keyed(self.seed, stream.key, day)
        total = _volume(stream, day, self.until, rng)
        if not total:
            return
        hosts = self._hosts(stream, total, rng)
        names = _names(domain, stream, rng)
        audience = receivers_of(domain, stream)
        weights = list(audience.values())
        host_weights = [1 / (rank + 1) ** 0.5 for rank in range(len(hosts))]
        receivers = rng.choices(list(audience), weights, k=total)
        senders = rng.choices(hosts, host_weights, k=total)
        halves = rng.choices((0, 1), k=total)
        tally = Counter(zip(receivers, senders, halves, strict=True))
        made = {name: self._made(domain, stream, day, name, rng) for name in names}
        for (reporter, host, half), count in sorted(tally.items()):
            one = made[names[sum(host.encode()) % len(names)]]
            yield one.to(reporter, host, count, half)

    def _hosts(self, stream: Stream, total: int, rng: random.Random) -> Sequence[str]:
        if stream.addresses:
            pool = self.pools[stream.key]
            return rng.sample(pool, min(stream.active, len(pool)))
        networks = service(stream.service).networks
        return [address_in(rng.choice(networks), rng) for _ in range(max(4, total // 3))]

    def _made(
        self, domain: Domain, stream: Stream, day: date, header_from: str, rng: random.Random
    ) -> Delivery:
        """A delivery of the stream that names no host and no reporter yet."""
        manner = self.manner_on(domain, stream, day)
        envelope, spf_domain, scope = _envelope(stream, manner, header_from, rng)
        return Delivery(
            domain=domain,
            stream=stream,
            day=day,
            header_from=header_from,
            envelope_from=envelope,
            signatures=_signatures(
                stream,
                manner,
                header_from,
                (self.until - day).days,
                self.home_selectors.get(stream.domain, ""),
            ),
            spf_domain=spf_domain,
            spf_scope=scope,
            spf_result=domain.spf_all if manner.spf == "all" else manner.spf,
            label=manner.label,
        )

    def manner_on(self, domain: Domain, stream: Stream, day: date) -> Manner:
        """How the stream's mail is authenticated that day, and its class then."""
        manner = MANNERS[stream.manner]
        if manner.envelope == "below" and domain.stage_on(day, self.until).policy.adkim == "r":
            return replace(manner, label="own")
        back = (self.until - day).days
        for fault in stream.faults:
            if fault.first >= back >= fault.last:
                own, spf = fault.own or manner.own, fault.spf or manner.spf
                return replace(manner, label="broken", own=own, spf=spf)
        return manner


def receivers_of(domain: Domain, stream: Stream) -> dict[str, float]:
    """The reporters that a stream's mail goes to, with their weights."""
    leans = dict(domain.leans)
    return {
        each.org_name: each.shares[stream.audience] * leans.get(each.org_name, 1)
        for each in REPORTERS
        if _reports_on(each, domain)
    }


def _reports_on(reporter: Reporter, domain: Domain) -> bool:
    if reporter.only and domain.name not in reporter.only:
        return False
    return reporter.org_name not in domain.silent


def _volume(stream: Stream, day: date, until: date, rng: random.Random) -> int:
    """Messages of the stream on that day; a burst is drawn with a long tail."""
    expected = stream.volume * stream.calendar.weight(day, until)
    if not expected or rng.random() >= stream.calendar.chance:
        return 0
    if stream.calendar.is_run:
        return round(expected)  # a billing run has as many messages as there are customers
    if stream.calendar.chance < 1:
        return max(1, round(expected * min(rng.lognormvariate(-0.3, 0.7), 4)))
    if expected < 20:
        return _poisson(expected, rng)
    return max(0, round(rng.gauss(expected, (expected + (0.08 * expected) ** 2) ** 0.5)))


def _poisson(expected: float, rng: random.Random) -> int:
    """Knuth's way, right for small expectations."""
    count, left = 0, rng.random()
    while left > math.exp(-expected):
        count, left = count + 1, left * rng.random()
    return count


def _names(domain: Domain, stream: Stream, rng: random.Random) -> Sequence[str]:
    """The From domains a stream uses that day; `*.` means names that do not exist."""
    if stream.below == "*.":
        return [f"{ghost}.{domain.name}" for ghost in rng.sample(GHOSTS, 3)]
    return [stream.below + domain.name]


def _envelope(
    stream: Stream, manner: Manner, header_from: str, rng: random.Random
) -> tuple[str, str, str]:
    """MAIL FROM domain ("" for the null sender), the domain SPF was checked for, and its scope."""
    if manner.envelope == "null":
        # RFC 7208 §2.4: with a null reverse-path the HELO name is what is checked.
        return "", f"host{rng.randrange(2, 250)}.dyn.test", "helo"
    names = {
        "own": header_from,
        "bounce": f"bounce.{header_from}",
        "below": f"mail.{header_from}",
        "vendor": service(stream.service).bounce,
        "foreign": rng.choice(FOREIGN),
    }
    name = names[manner.envelope]
    return name, name, "mfrom"


def _signatures(
    stream: Stream, manner: Manner, header_from: str, back: int, home_selector: str
) -> tuple[Signature, ...]:
    sender = service(stream.service)
    found = []
    if manner.own:
        # Forwarded and list mail was signed at home, not by the host that delivered it.
        selector = sender.own_selector or home_selector
        if back <= stream.rotated:
            selector += "-next"
        found.append(Signature(manner.signer.format(domain=header_from), selector, manner.own))
    if manner.vendor and sender.dkim:
        found.append(Signature(sender.dkim, sender.selector, "pass"))
    return tuple(found)


def make_plan(seed: int, until: date, variant: Variant = DEFAULT) -> Plan:
    """The plan of a variant of the demo."""
    swaps = dict(variant.swaps)
    streams = tuple(
        replace(stream, service=swaps.get(stream.service, stream.service))
        for stream in (*variant.streams, *variant.extra)
    )
    return Plan(
        seed,
        until,
        variant,
        variant.domains,
        streams,
        _pools(seed, streams),
        _home_selectors(variant.streams),
    )


def _home_selectors(streams: Sequence[Stream]) -> dict[str, str]:
    """Each domain's own DKIM selector: that of its first stream that has one."""
    return {
        stream.domain: service(stream.service).own_selector
        for stream in reversed(streams)
        if service(stream.service).own_selector
    }


def _pools(seed: int, streams: Sequence[Stream]) -> dict[str, tuple[str, ...]]:
    """The addresses of each stream; no two streams of one domain share one, so that each
    (domain, address) has one class."""
    taken: set[tuple[str, str]] = set()
    pools = {}
    for stream in streams:
        rng = keyed(seed, "pool", stream.key)
        pool: list[str] = []
        networks = service(stream.service).networks
        while len(pool) < stream.addresses:
            address = address_in(networks[len(pool) % len(networks)], rng)
            if (stream.domain, address) not in taken:
                taken.add((stream.domain, address))
                pool.append(address)
        pools[stream.key] = tuple(pool)
    return pools
