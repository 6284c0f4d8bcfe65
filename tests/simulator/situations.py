"""A second organisation, whose domains stand in situations that the first one's do not.

Variant `situations`. Each domain's timeline (`timeline`) follows from its streams and stages; the
verdict here is the one that is right at the end.
"""

from collections.abc import Mapping
from dataclasses import replace

from ingest.demo.organisation import EVER, Domain, Policy, Stage, Storm, monitoring
from ingest.demo.streams import DAILY, OFFICE, Fault, Stream, bursts, days_back

__all__ = ["SITUATIONS", "SITUATION_STREAMS"]

STAFF = "staff mail"


def at(policy: Policy, since: int) -> tuple[Stage, ...]:
    """Reports alone at first, then this policy from so many days back on."""
    return monitoring(), Stage(since, policy, f"{policy.p}, after a month of clean reports")


def since_ever(policy: Policy) -> tuple[Stage, ...]:
    """One policy from before the first day."""
    return (Stage(EVER, policy, f"{policy.p} since last year"),)


REJECT = Policy("reject")
QUARANTINE = Policy("quarantine")

SITUATIONS = (
    Domain(
        "kiln.example",
        "Works",
        since_ever(REJECT),
        "roll-back",
        "p=reject has been refusing the order mails of a vendor that never aligned, for weeks: "
        "however long it has lasted, legitimate mail is being lost now",
    ),
    Domain(
        "ferry.example",
        "Works",
        (monitoring(),),
        "advance",
        "healthy; nine reports in ten messages come from one receiver, but others agree",
        (("p", "quarantine"),),
        leans=(("google.com", 6),),
    ),
    Domain(
        "granary.example",
        "Works",
        (monitoring(),),
        "fix",
        "tickets.granary.example has no record of its own and falls under this one; its mail has "
        "never been aligned",
        subdomains=("tickets.granary.example",),
    ),
    Domain(
        "mill.example",
        "Works",
        at(REJECT, 66),
        "done",
        "p=reject and healthy; news.mill.example has a record of its own",
        subdomains=("news.mill.example",),
    ),
    Domain(
        "news.mill.example",
        "Works",
        (monitoring(),),
        "advance",
        "a subdomain with a record of its own, healthy at p=none",
        (("p", "quarantine"),),
    ),
    Domain(
        "beacon.example",
        "Light",
        (monitoring(),),
        "advance",
        "healthy; status.beacon.example sends aligned mail though no such name is in DNS, so "
        "np=reject must not come along",
        (("p", "quarantine"),),
        unsafe=(("np", "reject"),),
    ),
    Domain(
        "lighthouse.example",
        "Light",
        (Stage(EVER, Policy("none", np="reject"), "names that do not exist were closed first"),),
        "roll-back",
        "alerts.lighthouse.example does not exist in DNS and carries legitimate mail that is not "
        "aligned: receivers that know np refuse it",
    ),
    Domain(
        "orrery.example",
        "Light",
        (monitoring(),),
        "fix",
        "the quarterly statement broke when it was last sent, longer ago than the window; the next "
        "one will be broken, too",
    ),
    Domain(
        "cooper.example",
        "Works",
        (monitoring(),),
        "wait",
        "a new vendor has been sending for five days: healthy, but too new",
    ),
    Domain(
        "saddlery.example",
        "Works",
        (monitoring(),),
        "fix",
        "a new vendor has been sending for five days and is not aligned",
    ),
    Domain(
        "bellfounder.example",
        "Light",
        (monitoring(),),
        "advance",
        "all own mail passes; twenty times as much of it is spoofing, in bursts",
        (("p", "quarantine"),),
    ),
    Domain(
        "weathervane.example",
        "Light",
        at(REJECT, 58),
        "done",
        "healthy at p=reject; one receiver cannot fetch keys these days, which is its own trouble",
        storms=(Storm("Outlook.com", 4, 1, 0.7),),
    ),
    Domain(
        "locksmith.example",
        "Light",
        at(QUARANTINE, 47),
        "advance",
        "healthy at p=quarantine; the key was rotated nine days ago as it should be",
        (("p", "reject"),),
    ),
    Domain(
        "glassworks.example",
        "Works",
        at(QUARANTINE, 50),
        "roll-back",
        "for two days the orders' signatures have been breaking; p=quarantine files them as spam",
    ),
    Domain(
        "almanac.example",
        "Light",
        (monitoring(),),
        "wait",
        "one mailing a month: too few days with mail to say more",
    ),
    Domain(
        "waterworks.example",
        "Works",
        (monitoring(),),
        "advance",
        "the monthly biller began to pass 40 days ago and has passed since",
        (("p", "quarantine"),),
    ),
    Domain(
        "cartwright.example",
        "Works",
        at(Policy("quarantine", pct=25), 56),
        "advance",
        "healthy; pct=25 is a left-over that RFC 9989 removed, so the full policy comes next",
        (("p", "quarantine"),),
    ),
    Domain(
        "drydock.example",
        "Works",
        at(Policy("quarantine", t="y"), 52),
        "advance",
        "healthy in test mode (t=y), so the test may end",
        (("p", "quarantine"),),
    ),
    Domain(
        "chandler.example",
        "Light",
        since_ever(REJECT),
        "done",
        "healthy at p=reject; what little is lost was changed by a forwarder",
    ),
    Domain(
        "sundial.example",
        "Light",
        (monitoring(),),
        "wait",
        "looks parked: nothing but spoofing was seen, and the owner has not said so",
    ),
    Domain(
        "tinsmith.example",
        "Works",
        (monitoring(),),
        "wait",
        "healthy as one receiver sees it, who sees nearly all; the others see too little to agree",
        leans=(("google.com", 60),),
    ),
    Domain(
        "cooperage.example",
        "Works",
        since_ever(Policy("reject", sp="none")),
        "wait",
        "p=reject, healthy; too little comes from invoices.cooperage.example to raise sp over it",
        subdomains=("invoices.cooperage.example",),
    ),
    Domain(
        "boatyard.example",
        "Works",
        (
            Stage(EVER, Policy("reject", sp="none"), "the own name was closed last year"),
            Stage(12, Policy("reject", sp="quarantine"), "names below it followed"),
        ),
        "wait",
        "healthy, but what is said of names below it is only 12 days old",
        subdomains=("parts.boatyard.example",),
    ),
    Domain(
        "tannery.example",
        "Works",
        at(QUARANTINE, 50),
        "advance",
        "its record was taken down by accident ten days ago, so nobody reports: p=none asks again",
        (("p", "none"),),
        last=11,
        unsafe=(("p", "reject"),),
        loses_record=True,
    ),
    Domain(
        "ropewalk.example",
        "Works",
        at(REJECT, 49),
        "roll-back",
        "the relay lost its key and its place in SPF three weeks ago; p=reject refuses its mail",
    ),
)


def _staff(service: str = "google-workspace", volume: float = 80) -> Stream:
    return Stream(service, "aligned", volume, OFFICE, STAFF, "business", 20, 9)


def _vendor(service: str, volume: float, story: str) -> Stream:
    return Stream(service, "dkim-only", volume, DAILY, story, addresses=3)


_TABLE: Mapping[str, tuple[Stream, ...]] = {
    "kiln.example": (
        _staff("microsoft-365", 90),
        Stream("sendgrid", "vendor-only", 45, DAILY, "orders, never set up", addresses=2),
    ),
    "ferry.example": (
        _staff(),
        _vendor("postmark", 60, "timetables"),
        Stream("gmail-forward", "forward-srs", 1, DAILY, "readers who forward to Gmail"),
    ),
    "granary.example": (
        _staff("microsoft-365"),
        Stream(
            "mailgun",
            "vendor-only",
            30,
            DAILY,
            "tickets, not aligned",
            addresses=2,
            below="tickets.",
        ),
    ),
    "mill.example": (
        _staff(),
        Stream("fastmail-forward", "forward-srs", 1, DAILY, "Fastmail forwarding", addresses=2),
    ),
    "news.mill.example": (_vendor("brevo", 90, "news"), _vendor("mailjet", 25, "replies")),
    "beacon.example": (
        _staff(),
        Stream(
            "postmark", "aligned-bounce", 25, DAILY, "status pages", addresses=3, below="status."
        ),
    ),
    "lighthouse.example": (
        _staff("microsoft-365"),
        Stream(
            "own-mta-leeds",
            "unsigned",
            60,
            DAILY,
            "alerts, unsigned",
            addresses=1,
            below="alerts.",
        ),
    ),
    "orrery.example": (
        _staff(),
        Stream(
            "own-mta-lab",
            "broken-signature",
            180,
            days_back(55, 146),
            "quarterly statements",
            addresses=1,
        ),
    ),
    "cooper.example": (
        _staff("microsoft-365"),
        _vendor("zendesk", 20, "support desk"),
        replace(_vendor("mailjet", 60, "the new newsletter tool"), first=5),
    ),
    "saddlery.example": (
        _staff(),
        Stream(
            "hubspot", "vendor-only", 60, DAILY, "the new newsletter tool", addresses=3, first=5
        ),
    ),
    "bellfounder.example": (
        _staff("microsoft-365", 25),
        _vendor("postmark", 12, "shop"),
        Stream("spoofers", "spoof-plain", 2000, bursts(0.35), "spam run", addresses=0),
    ),
    "weathervane.example": (_staff(), _vendor("amazon-ses", 120, "forecasts")),
    "locksmith.example": (
        _staff("microsoft-365"),
        replace(_vendor("amazon-ses", 90, "account mails"), rotated=9),
    ),
    "glassworks.example": (
        _staff(),
        replace(_vendor("sendgrid", 110, "orders"), faults=(Fault(2, 1, "fail"),)),
    ),
    "almanac.example": (
        Stream("mailchimp", "dkim-only", 140, days_back(12, 42, 73), "monthly letter", addresses=2),
    ),
    "waterworks.example": (
        _staff(),
        Stream(
            "sparkpost",
            "dkim-only",
            150,
            days_back(10, 39, 70),
            "the biller: once a month",
            addresses=2,
            faults=(Fault(EVER, 41, "permerror"),),
        ),
    ),
    "cartwright.example": (
        _staff("microsoft-365"),
        Stream("spoofers", "spoof-plain", 60, bursts(0.3), "spam run, sampled", addresses=0),
    ),
    "drydock.example": (
        _staff(),
        _vendor("postmark", 60, "portal"),
        Stream("spoofers", "spoof-plain", 60, bursts(0.3), "spam run, in test mode", addresses=0),
    ),
    "chandler.example": (
        _staff("google-workspace", 120),
        _vendor("zendesk", 50, "support desk"),
        Stream("m365-forward", "forward-breaks", 0.3, OFFICE, "a tenant that rewrites links"),
    ),
    "sundial.example": (
        Stream("spoofers", "spoof-plain", 40, bursts(0.2), "spam run", addresses=0),
        Stream("spoofers", "spoof-foreign", 20, bursts(0.1), "spam run", addresses=0),
    ),
    "tinsmith.example": (_staff(volume=40),),
    "cooperage.example": (
        _staff("microsoft-365"),
        Stream("postmark", "dkim-only", 2, OFFICE, "invoices", addresses=2, below="invoices."),
    ),
    "boatyard.example": (
        _staff(),
        Stream("amazon-ses", "dkim-only", 60, DAILY, "spare parts", addresses=4, below="parts."),
    ),
    "tannery.example": (_staff("microsoft-365"), _vendor("postmark", 40, "portal")),
    "ropewalk.example": (
        _staff(),
        Stream(
            "own-mta-bremen",
            "aligned",
            70,
            DAILY,
            "the works' relay",
            "business",
            2,
            faults=(Fault(21, 1, "permerror", "softfail"),),
        ),
    ),
}

SITUATION_STREAMS: tuple[Stream, ...] = tuple(
    replace(stream, domain=domain) for domain, streams in _TABLE.items() for stream in streams
)
