"""Each situation that advice has to tell apart is a stage of the demo, by how it was made.

Said of streams, policies and stages alone; what an advisor makes of them is tested elsewhere.
"""

from collections.abc import Callable
from datetime import date
from functools import cache

import pytest

from ingest.demo.organisation import Domain
from ingest.demo.streams import MANNERS, Stream
from ingest.demo.traffic import Plan, receivers_of
from tests.simulator.variants import plan_of

UNTIL = date(2026, 11, 20)
VARIANTS = ("default", "situations")


@cache
def plan(variant: str) -> Plan:
    return plan_of(1, UNTIL, variant)


def domain_of(name: str) -> tuple[Domain, tuple[Stream, ...]]:
    for variant in VARIANTS:
        for each in plan(variant).domains:
            if each.name == name:
                return each, tuple(s for s in plan(variant).streams if s.domain == name)
    raise AssertionError(f"there is no {name}")


Look = Callable[[Domain, tuple[Stream, ...]], object]


def has_manner(*names: str) -> Look:
    return lambda domain, streams: any(stream.manner in names for stream in streams)


def is_own(stream: Stream) -> bool:
    return MANNERS[stream.manner].label in ("own", "broken")


def at_last(domain: Domain) -> dict[str, object]:
    policy = domain.stages[-1].policy
    return {tag: getattr(policy, tag) for tag in policy.__slots__}


def largest_share(domain: Domain, streams: tuple[Stream, ...]) -> float:
    shares = [receivers_of(domain, stream) for stream in streams if is_own(stream)]
    return min(max(each.values()) / sum(each.values()) for each in shares)


def messages_in_month(streams: tuple[Stream, ...]) -> float:
    return sum(each.volume * sum(each.calendar.weights) * 5 for each in streams if is_own(each))


SITUATIONS: dict[str, dict[str, Look]] = {
    "sp weaker than p": {
        "example.org": lambda domain, _: at_last(domain)["sp"] == "none",
        "cooperage.example": lambda domain, _: at_last(domain)["sp"] == "none",
        "boatyard.example": lambda domain, _: (
            [each.policy.sp for each in domain.stages] == ["none", "quarantine"]
        ),
    },
    "a subdomain with a record of its own": {
        "shop.harbour.example": lambda domain, _: domain.name.endswith(".harbour.example"),
        "news.mill.example": lambda domain, _: domain.name.endswith(".mill.example"),
    },
    "streams on subdomains": {
        name: lambda _, streams: any(each.below not in ("", "*.") for each in streams)
        for name in ("example.org", "granary.example", "cooperage.example", "boatyard.example")
    },
    "np": {
        "quayside.example": lambda domain, _: at_last(domain)["np"] == "reject",
        "lighthouse.example": lambda domain, _: at_last(domain)["np"] == "reject",
        "beacon.example": lambda domain, streams: (
            not domain.subdomains and any(each.below == "status." for each in streams)
        ),
    },
    "parked": {
        "harbour-group.example": lambda domain, _: domain.parked,
        "sundial.example": lambda domain, streams: (
            not domain.parked and not any(map(is_own, streams))
        ),
    },
    "without a record": {
        "tannery.example": lambda domain, _: domain.loses_record,
        "granary.example": lambda domain, streams: any(
            each.below + domain.name in domain.subdomains for each in streams
        ),
    },
    "pct left over from RFC 7489": {
        "halfway.example": lambda domain, _: at_last(domain)["pct"] == 50,
        "cartwright.example": lambda domain, _: at_last(domain)["pct"] == 25,
    },
    "sampled_out": {"cartwright.example": has_manner("spoof-plain")},
    "policy_test_mode": {"drydock.example": lambda domain, _: at_last(domain)["t"] == "y"},
    "strict alignment": {
        "notary.example": lambda domain, streams: (
            at_last(domain)["adkim"] == "s" and has_manner("below")(domain, streams)
        )
    },
    "mailing-list loss": {"guild.example": has_manner("list")},
    "SPF alone before reject": {"millpond.example": has_manner("spf-only")},
    "monthly senders": {
        name: lambda _, streams: any(
            is_own(each) and (each.calendar.month_day or len(each.calendar.backs) > 2)
            for each in streams
        )
        for name in ("lantern-energy.example", "harbour.example", "waterworks.example")
    },
    "quarterly senders": {
        "lantern-energy.example": lambda _, streams: any(
            len(each.calendar.months) == 4 for each in streams
        ),
        "orrery.example": lambda _, streams: any(
            each.calendar.backs == (55, 146) for each in streams
        ),
    },
    "low volume": {
        "smallworks.example": lambda _, streams: messages_in_month(streams) < 100,
    },
    "burst spoofing": {
        name: lambda _, streams: any(
            MANNERS[each.manner].label == "spoof"
            and each.calendar.chance < 0.5
            and each.volume > 500
            for each in streams
        )
        for name in ("example.com", "bellfounder.example")
    },
    "a feed that stopped": {
        "brightwater.example": lambda domain, _: domain.last > 7 and not domain.loses_record
    },
    "one reporter dominating": {
        "ferry.example": lambda domain, streams: largest_share(domain, streams) > 0.85,
        "tinsmith.example": lambda domain, streams: largest_share(domain, streams) > 0.97,
    },
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_it_is_a_stage_of_the_demo(situation: str) -> None:
    for name, holds in SITUATIONS[situation].items():
        assert holds(*domain_of(name)), name
