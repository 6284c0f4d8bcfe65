"""The organisation: its domains, their policies over time, and the verdict on each.

Days are counted back from the last day: `since=48` is 48 days before it. A new domain is one entry
here and one or more streams in `mailings`.
"""

from dataclasses import dataclass
from datetime import date

__all__ = [
    "AUTHSERV_ID",
    "DOMAINS",
    "EVER",
    "REPORT_ADDRESS",
    "Domain",
    "Policy",
    "Stage",
    "Storm",
    "Tls",
    "monitoring",
]

AUTHSERV_ID = "mx.harbour.example"
REPORT_ADDRESS = "dmarc-reports@harbour.example"

EVER = 100_000  # days back: before any run begins


@dataclass(frozen=True, slots=True)
class Policy:
    """The tags of a DMARC record; None where the record leaves a tag out.

    `pct` is RFC 7489's and gone since RFC 9989 (App. C); `np` and `t` are RFC 9989's (§4.7).
    """

    p: str
    sp: str | None = None
    np: str | None = None
    adkim: str = "r"
    aspf: str = "r"
    pct: int | None = None
    t: str | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A policy from a day on, given in days before the end, and why it was published."""

    since: int
    policy: Policy
    why: str


@dataclass(frozen=True, slots=True)
class Tls:
    """What a domain publishes for SMTP TLS.

    `sessions` a day, over all senders; `faults` are (result type, MX, first and last day back).
    """

    mode: str
    mx: tuple[str, ...]
    sessions: int
    dane: bool = False
    faults: tuple[tuple[str, str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Storm:
    """From `first` to `last` days back a reporter could not fetch keys, for a share of messages."""

    reporter: str
    first: int
    last: int
    share: float


@dataclass(frozen=True, slots=True)
class Domain:
    """A policy domain with its history, and the right verdict at the end.

    `subdomains` exist in DNS without a record of their own (so `sp` is theirs); any other name
    below the domain does not exist. `spf_all` is what SPF says of hosts the record does not name.
    Mail is reported from `first` to `last` days back. `silent` names reporters that never report
    on it; `leans` gives reporters that many times their usual share of its mail; `storms` are
    failures to fetch keys; `target` the tags that change next, and `unsafe` what must not be
    published next, whatever else is. `loses_record` says that DNS has no record of it from the day
    after `last` on.
    """

    name: str
    group: str
    stages: tuple[Stage, ...]
    verdict: str
    reason: str
    target: tuple[tuple[str, str], ...] = ()
    goal: str = "reject"
    parked: bool = False
    subdomains: tuple[str, ...] = ()
    spf_all: str = "softfail"
    first: int = EVER
    last: int = 1
    silent: frozenset[str] = frozenset()
    tls: Tls | None = None
    leans: tuple[tuple[str, int], ...] = ()
    storms: tuple[Storm, ...] = ()
    unsafe: tuple[tuple[str, str], ...] = ()
    loses_record: bool = False

    def temperror(self, reporter: str, day: date, until: date) -> float:
        """The share of that day's messages for which this reporter cannot fetch keys in a storm."""
        back = (until - day).days
        shares = (
            s.share for s in self.storms if s.first >= back >= s.last and s.reporter == reporter
        )
        return max(shares, default=0.0)

    def stage_on(self, day: date, until: date) -> Stage:
        """The stage in force that day."""
        back = (until - day).days
        return [stage for stage in self.stages if back <= stage.since][-1]

    def is_active(self, day: date, until: date) -> bool:
        """Whether receivers report mail of that day."""
        return self.last <= (until - day).days <= self.first


def monitoring() -> Stage:
    """The usual first stage."""
    return Stage(EVER, Policy("none"), "first record: only reports are asked for")


DOMAINS = (
    Domain(
        "harbour.example",
        "Harbour",
        (monitoring(),),
        "advance",
        "every own source has passed aligned for 75 days; what little fails is spoofing and lists",
        (("p", "quarantine"),),
        first=75,
        tls=Tls("testing", ("mx1.harbour.example", "mx2.harbour.example"), 90, dane=True),
    ),
    Domain(
        "shop.harbour.example",
        "Harbour",
        (
            monitoring(),
            Stage(
                20, Policy("quarantine"), "the shop's two senders pass; tightened three weeks ago"
            ),
        ),
        "wait",
        "healthy, but only 20 days at p=quarantine",
    ),
    Domain(
        "example.com",
        "Example Group",
        (monitoring(),),
        "advance",
        "all own mail passes; the low raw pass rate is spoofing, which only enforcement ends",
        (("p", "quarantine"),),
        tls=Tls(
            "enforce",
            ("mx.example.com",),
            260,
            faults=(("certificate-expired", "mx.example.com", 17, 16),),
        ),
    ),
    Domain(
        "lantern-energy.example",
        "Lantern",
        (monitoring(),),
        "fix",
        "the monthly biller (40 messages through ZeptoMail) has never been aligned",
        silent=frozenset({"WEB.DE"}),
    ),
    Domain(
        "quayside.example",
        "Harbour",
        (
            monitoring(),
            Stage(84, Policy("none", np="reject"), "names that do not exist are closed first"),
            Stage(48, Policy("quarantine", np="reject"), "a month of clean reports"),
        ),
        "advance",
        "48 days at p=quarantine, every own source DKIM-aligned, indirect loss below 0.5 %",
        (("p", "reject"),),
        tls=Tls(
            "testing",
            ("mx.quayside.example",),
            40,
            faults=(("sts-policy-fetch-error", "", 24, 23),),
        ),
    ),
    Domain(
        "copperline.example",
        "Copperline",
        (
            Stage(EVER, Policy("quarantine", sp="quarantine"), "quarantine for half a year"),
            Stage(60, Policy("reject", sp="reject", np="reject"), "the goal was reached"),
        ),
        "done",
        "p=reject for 60 days, and everything own passes",
        spf_all="fail",
        tls=Tls("enforce", ("mx-a.copperline.example", "mx-b.copperline.example"), 55, dane=True),
    ),
    Domain(
        "tallship.example",
        "Harbour",
        (
            Stage(EVER, Policy("quarantine"), "quarantine since last year"),
            Stage(52, Policy("reject"), "advanced to reject"),
        ),
        "roll-back",
        "four days ago the DKIM key of the booking mails was rotated wrongly; they are rejected",
        spf_all="fail",
    ),
    Domain(
        "newleaf.example",
        "Lantern",
        (monitoring(),),
        "wait",
        "five days of reports",
        first=5,
    ),
    Domain(
        "smallworks.example",
        "Copperline",
        (monitoring(),),
        "wait",
        "healthy, but too few messages to say so with confidence",
    ),
    Domain(
        "harbour-group.example",
        "Harbour",
        (monitoring(),),
        "advance",
        "parked by the owner's word, and nothing but spoofing was seen",
        (("p", "reject"), ("sp", "reject"), ("np", "reject")),
        parked=True,
        spf_all="fail",
    ),
    Domain(
        "guild.example",
        "Guild",
        (
            monitoring(),
            Stage(62, Policy("quarantine"), "two months at quarantine"),
        ),
        "fix",
        "members post to mailing lists that break DKIM: far over 0.5 % would be lost at p=reject",
    ),
    Domain(
        "brightwater.example",
        "Lantern",
        (Stage(EVER, Policy("quarantine"), "quarantine since spring"),),
        "wait",
        "no report for 12 days: the feed stopped, so nothing may be concluded",
        last=13,
    ),
    Domain(
        "halfway.example",
        "Copperline",
        (
            Stage(
                EVER, Policy("quarantine", pct=0, t="y"), "a test stage in both generations' words"
            ),
            Stage(
                70,
                Policy("quarantine", pct=50),
                "half of it, as RFC 7489 allowed, and then forgotten",
            ),
        ),
        "advance",
        "healthy; pct=50 is a left-over that RFC 9989 removed, so the full policy comes next",
        (("p", "quarantine"),),
    ),
    Domain(
        "example.org",
        "Example Group",
        (
            Stage(EVER, Policy("quarantine", sp="none"), "subdomains were left open"),
            Stage(80, Policy("reject", sp="none"), "own name closed, subdomains still open"),
        ),
        "advance",
        "p=reject is healthy and so is the newsletter below it; sp=none is what spoofers use",
        (("sp", "quarantine"), ("np", "reject")),
        subdomains=("news.example.org",),
    ),
    Domain(
        "notary.example",
        "Guild",
        (
            monitoring(),
            Stage(58, Policy("quarantine", adkim="s", aspf="s"), "strict, as the chamber asked"),
        ),
        "fix",
        "the appointment mails sign as mail.notary.example, which strict alignment does not accept",
    ),
    Domain(
        "millpond.example",
        "Guild",
        (Stage(EVER, Policy("quarantine"), "quarantine since winter"),),
        "fix",
        "nothing is signed: SPF alone is not enough for p=reject (RFC 9989 §7.4)",
    ),
    Domain(
        "example.net",
        "Example Group",
        (monitoring(),),
        "fix",
        "a printer, a gateway that breaks signatures and a newsletter tool are not aligned",
        silent=frozenset({"Mail.Ru"}),
    ),
    Domain(
        "orchard.example",
        "Lantern",
        (monitoring(),),
        "wait",
        "someone uses SendGrid now and then: only the owner can say whether that is allowed",
    ),
)
