"""How a receiver evaluates a delivery: alignment, disposition and override reasons."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from ingest.demo.habits import Reporter
from ingest.demo.organisation import Domain, Policy
from ingest.demo.streams import MANNERS
from ingest.demo.traffic import BROKEN_IN_TRANSIT, Delivery, Signature

__all__ = ["Row", "evaluate", "is_aligned", "organizational"]

LOWER = {"reject": "quarantine", "quarantine": "none", "none": "none"}
MAILBOXES = {  # RCPT domains that Microsoft and others split their rows by (D20)
    "Outlook.com": ("hotmail.com", "outlook.com", "live.de"),
    "Enterprise Outlook": ("contoso.com", "tailspin.example", "woodgrove.example"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One record: a source, its results, and how many messages."""

    source_ip: str
    count: int
    disposition: str
    dkim: str
    spf: str
    reasons: tuple[tuple[str, str], ...]
    header_from: str
    envelope_from: str
    envelope_to: str
    signatures: tuple[Signature, ...]
    spf_domain: str
    spf_scope: str
    spf_result: str
    label: str
    service: str
    story: str

    @property
    def aligned(self) -> bool:
        """Whether DMARC passes: one aligned identifier is enough."""
        return "pass" in (self.dkim, self.spf)

    def counting(self, count: int) -> "Row":
        """The same record with another count; several times as fast as dataclasses.replace, for
        the simulator makes hundreds of thousands."""
        return Row(
            self.source_ip,
            count,
            self.disposition,
            self.dkim,
            self.spf,
            self.reasons,
            self.header_from,
            self.envelope_from,
            self.envelope_to,
            self.signatures,
            self.spf_domain,
            self.spf_scope,
            self.spf_result,
            self.label,
            self.service,
            self.story,
        )


class Fate(NamedTuple):
    """What may differ between two messages of one delivery."""

    envelope_to: str
    temperror: bool
    damaged: bool
    sampled: bool


CERTAIN = Fate("", temperror=False, damaged=False, sampled=False)


@cache
def organizational(name: str) -> str:
    """The organizational domain; every From domain here sits under a one-label public suffix."""
    return ".".join(name.split(".")[-2:])


@cache
def is_aligned(name: str, header_from: str, mode: str) -> bool:
    """RFC 9989 §4.4: strict wants the same name, relaxed the same organizational domain."""
    if mode == "s":
        return name == header_from
    return organizational(name) == organizational(header_from)


def evaluate(
    delivery: Delivery,
    policy: Policy,
    reporter: Reporter,
    generator: Callable[[], random.Random],
    *,
    overrides: bool,
    temperror: float = 0.0,
) -> Iterator[Row]:
    """The records that a delivery gives at a receiver; `temperror` is the share of its messages
    whose keys could not be fetched, where that is more than the reporter's usual one.

    `generator` gives this delivery's own: it is not made where nothing is left to chance."""
    boxes = MAILBOXES.get(reporter.org_name, (reporter.submitter.lower(),))
    shown = boxes if "to" in reporter.dialect.envelope else ()
    share = max(temperror, reporter.temperror) if delivery.signatures else 0
    fates = {CERTAIN: delivery.count}
    if shown or share or delivery.label == "own" or policy.pct is not None:
        fates = _fates(delivery, policy, share, shown, generator())
    for fate, count in fates.items():
        yield _row(delivery, policy, reporter, fate, count=count, overrides=overrides)


def _fates(
    delivery: Delivery,
    policy: Policy,
    temperror: float,
    boxes: tuple[str, ...],
    rng: random.Random,
) -> dict[Fate, int]:
    """How many messages meet which; `boxes` are the RCPT domains that the reporter names, none if
    it names none. The draws and their order are part of what a seed means."""
    drawn = rng.random
    is_own, choices = delivery.label == "own", len(boxes)
    stays = 1.0 if policy.pct is None else policy.pct / 100
    tally: dict[tuple[str, bool, bool, bool], int] = {}
    for _ in range(delivery.count):
        missed, broken, sample = drawn(), drawn(), drawn()
        box = boxes[int(drawn() ** 2 * choices)] if choices else ""
        key = (box, missed < temperror, is_own and broken < BROKEN_IN_TRANSIT, sample >= stays)
        tally[key] = tally.get(key, 0) + 1
    return {Fate(*key): count for key, count in tally.items()}


def _row(
    delivery: Delivery,
    policy: Policy,
    reporter: Reporter,
    fate: Fate,
    *,
    count: int,
    overrides: bool,
) -> Row:
    signatures = _verified(delivery.signatures, fate)
    dkim = any(
        each.result == "pass" and is_aligned(each.domain, delivery.header_from, policy.adkim)
        for each in signatures
    )
    # RFC 9989 §4.4.2: only MAIL FROM aligns, never HELO.
    spf = (
        delivery.spf_result == "pass"
        and delivery.spf_scope == "mfrom"
        and is_aligned(delivery.spf_domain, delivery.header_from, policy.aspf)
    )
    disposition, reasons = _disposed(delivery, policy, reporter, fate, dkim or spf)
    if not overrides:
        disposition, reasons = _disposed_plainly(delivery, policy, reporter, dkim or spf), ()
    return Row(
        delivery.source_ip,
        count,
        disposition,
        "pass" if dkim else "fail",
        "pass" if spf else "fail",
        reasons,
        delivery.header_from,
        delivery.envelope_from,
        fate.envelope_to,
        signatures,
        delivery.spf_domain,
        delivery.spf_scope,
        delivery.spf_result,
        delivery.label,
        delivery.stream.service,
        delivery.stream.story,
    )


def _verified(signatures: tuple[Signature, ...], fate: Fate) -> tuple[Signature, ...]:
    if fate.temperror:  # the key could not be fetched for any of them
        return tuple(replace(each, result="temperror") for each in signatures)
    if fate.damaged:
        return tuple(replace(each, result="fail") for each in signatures)
    return signatures


def requested(domain: Domain, policy: Policy, header_from: str, knows_np: bool) -> str:
    """The policy that the record asks for (RFC 9989 §4.10.1): p, or sp or np below the domain."""
    if header_from == domain.name:
        return policy.p
    if header_from not in domain.subdomains and knows_np and policy.np:
        return policy.np
    return policy.sp or policy.p


def _passing(asked: str, reporter: Reporter) -> str:
    # RFC 9990 §3.1.1.9: `pass` when DMARC passed under an enforcing policy.
    return "pass" if reporter.dialect.says_pass and asked != "none" else "none"


def _disposed_plainly(delivery: Delivery, policy: Policy, reporter: Reporter, aligned: bool) -> str:
    asked = requested(delivery.domain, policy, delivery.header_from, reporter.dialect.np)
    return _passing(asked, reporter) if aligned else asked


def _disposed(
    delivery: Delivery, policy: Policy, reporter: Reporter, fate: Fate, aligned: bool
) -> tuple[str, tuple[tuple[str, str], ...]]:
    asked = requested(delivery.domain, policy, delivery.header_from, reporter.dialect.np)
    if aligned:
        return _passing(asked, reporter), ()
    reason = _override(delivery, reporter)
    if reason:
        return "none", (reason,)
    if asked == "none":
        return "none", ()
    if policy.t == "y" and reporter.dialect.newer:
        return LOWER[asked], (("policy_test_mode", ""),)  # RFC 9990 §3.1.6
    if fate.sampled and not reporter.dialect.newer:
        # RFC 7489 §6.6.4: what the sample leaves out gets the next weaker policy.
        return LOWER[asked], (("sampled_out", ""),)
    if asked == "reject" and reporter.softens:
        return "quarantine", (("local_policy", "filed as spam instead of refused"),)
    return asked, ()


def _override(delivery: Delivery, reporter: Reporter) -> tuple[str, str] | None:
    """Why this receiver lets failing mail through whatever was published, if it does."""
    manner = MANNERS[delivery.stream.manner]
    if manner.is_list and "mailing_list" in reporter.overrides:
        return "mailing_list", ""
    if manner.seals and "arc" in reporter.overrides:
        sealer = organizational(delivery.envelope_from)
        return "local_policy", f"arc=pass as.1.{sealer}=pass"
    if delivery.label == "forwarder":
        for reason in ("trusted_forwarder", "forwarded"):
            if reason in reporter.overrides:
                return reason, ""
    return None
