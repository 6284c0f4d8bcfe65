"""The streams of mail by policy domain, one entry a stream."""

from collections.abc import Mapping
from dataclasses import replace

from ingest.demo.streams import (
    DAILY,
    OFFICE,
    Fault,
    Stream,
    bursts,
    monthly,
    quarterly,
    weekly,
)

__all__ = ["STREAMS"]

STAFF = "staff mail"

_TABLE: Mapping[str, tuple[Stream, ...]] = {
    "harbour.example": (
        Stream("microsoft-365", "aligned", 240, OFFICE, STAFF, "business", 48, 12),
        Stream("own-mta-leeds", "aligned", 40, DAILY, "booking system", addresses=1),
        Stream("mailchimp", "dkim-only", 420, weekly(1), "newsletter", addresses=4),
        Stream("zendesk", "dkim-only", 22, OFFICE, "support desk", addresses=4, active=2),
        Stream("sendgrid", "dkim-only", 260, monthly(3), "monthly invoices", addresses=2),
        Stream("gmail-forward", "forward-srs", 5, DAILY, "readers who forward to Gmail"),
        Stream("eth-forward", "forward", 2, OFFICE, "a university that forwards", addresses=2),
        Stream("ionos-forward", "forward-srs", 2, DAILY, "an ISP that forwards", addresses=3),
        Stream("groups-io", "list", 0.7, OFFICE, "a list two colleagues post to", addresses=2),
        Stream("spoofers", "spoof-plain", 45, bursts(0.12), "spam run", addresses=0),
    ),
    "shop.harbour.example": (
        Stream("amazon-ses", "aligned-bounce", 150, DAILY, "order mails", addresses=16, active=8),
        Stream("postmark", "aligned-bounce", 50, DAILY, "receipts", addresses=4),
        Stream("icloud-forward", "forward", 2, DAILY, "iCloud custom domains"),
    ),
    "example.com": (
        Stream("google-workspace", "aligned", 210, OFFICE, STAFF, "business", 40, 12),
        Stream("amazon-ses", "dkim-only", 320, DAILY, "account mails", addresses=24, active=10),
        Stream("salesforce", "aligned-bounce", 30, OFFICE, "sales", "business", 4),
        Stream("zendesk", "dkim-only", 45, DAILY, "support desk", addresses=4, active=2),
        Stream("icloud-forward", "forward", 4, DAILY, "iCloud custom domains", addresses=5),
        Stream("cam-forward", "forward-srs", 2, OFFICE, "a university that forwards", addresses=2),
        Stream("spoofers", "spoof-plain", 800, bursts(0.45), "phishing run", addresses=0),
        Stream("spoofers", "spoof-null", 110, bursts(0.5), "bounce spam", addresses=0),
        Stream("spoofers", "spoof-foreign", 260, bursts(0.25), "advance-fee spam", addresses=0),
        Stream(
            "spoofer-own-domain",
            "spoof-signed",
            150,
            bursts(0.15),
            "false bills from a spoofer whose own SPF and DKIM pass",
            addresses=8,
            active=4,
        ),
    ),
    "lantern-energy.example": (
        Stream("microsoft-365", "aligned", 170, OFFICE, STAFF, "business", 36, 12),
        Stream("sendgrid", "aligned-bounce", 240, DAILY, "meter mails", addresses=4),
        Stream("mailjet", "dkim-only", 220, weekly(3), "newsletter", addresses=3),
        Stream(
            "zeptomail",
            "vendor-only",
            40,
            monthly(4),
            "the biller: once a month, never aligned",
            addresses=2,
        ),
        Stream("brevo", "dkim-only", 110, quarterly(6), "shareholders", addresses=2),
        Stream("strato-forward", "forward-srs", 2, DAILY, "an ISP that forwards"),
        Stream("spoofers", "spoof-plain", 70, bursts(0.2), "spam run", addresses=0),
    ),
    "quayside.example": (
        Stream("google-workspace", "aligned", 130, OFFICE, STAFF, "business", 30, 9),
        Stream("mailgun", "aligned-bounce", 90, DAILY, "tickets", addresses=4),
        Stream("hubspot", "dkim-only", 130, weekly(2), "newsletter", addresses=3),
        Stream("tum-forward", "forward", 1.5, OFFICE, "a university that forwards", addresses=2),
        Stream("sourceforge-lists", "list", 0.15, OFFICE, "one developer's posts", addresses=1),
        Stream("spoofers", "spoof-plain", 40, bursts(0.1), "spam run", addresses=0),
    ),
    "copperline.example": (
        Stream("microsoft-365", "aligned", 110, OFFICE, STAFF, "business", 30, 9),
        Stream("own-mta-bremen", "aligned", 25, DAILY, "plant messages", "business", 2),
        Stream("postmark", "dkim-only", 30, DAILY, "portal", addresses=3),
        Stream("hubspot", "dkim-only", 140, quarterly(5), "quarterly report", addresses=2),
        Stream("kpn-forward", "forward-srs", 1, DAILY, "an ISP that forwards", addresses=2),
        Stream("debian-lists", "list", 0.15, OFFICE, "one engineer's posts", addresses=1),
        Stream("spoofers", "spoof-plain", 90, bursts(0.2), "spam run, rejected", addresses=0),
    ),
    "tallship.example": (
        Stream("google-workspace", "aligned", 90, OFFICE, STAFF, "business", 24, 9),
        Stream(
            "amazon-ses",
            "dkim-only",
            120,
            DAILY,
            "booking mails; their DKIM key was rotated wrongly four days ago",
            addresses=14,
            active=7,
            faults=(Fault(4, 1, "permerror"),),
        ),
        Stream("zendesk", "dkim-only", 10, OFFICE, "support desk", addresses=2),
        Stream("spoofers", "spoof-foreign", 40, bursts(0.1), "spam run", addresses=0),
    ),
    "newleaf.example": (
        Stream("google-workspace", "aligned", 40, OFFICE, STAFF, "business", 16, 7),
        Stream("brevo", "dkim-only", 25, DAILY, "sign-ups", addresses=2),
    ),
    "smallworks.example": (
        Stream("microsoft-365", "aligned", 1.8, OFFICE, STAFF, "business", 12, 6),
    ),
    "harbour-group.example": (
        Stream("spoofers", "spoof-plain", 35, bursts(0.14), "spam run", addresses=0),
        Stream("spoofers", "spoof-foreign", 25, bursts(0.1), "spam run", addresses=0),
    ),
    "guild.example": (
        Stream("google-workspace", "aligned", 90, OFFICE, STAFF, "business", 24, 9),
        Stream("zendesk", "dkim-only", 10, OFFICE, "members' desk", addresses=2),
        Stream("groups-io", "list", 6, DAILY, "members' list", "lists", 3),
        Stream("google-groups", "list", 5, DAILY, "working group", "lists", 5),
        Stream("gnu-lists", "list", 3, DAILY, "software list", "lists", 1),
        Stream("surf-lists", "list", 2, OFFICE, "university list", "lists", 2),
        Stream(
            "m365-forward", "forward-breaks", 3, OFFICE, "a tenant that rewrites links", "lists"
        ),
        Stream("mit-forward", "forward-breaks", 2, OFFICE, "alumni forwarding", "lists", 2),
    ),
    "brightwater.example": (
        Stream("microsoft-365", "aligned", 35, OFFICE, STAFF, "business", 16, 7),
        Stream("mailjet", "dkim-only", 20, DAILY, "portal", addresses=2),
    ),
    "halfway.example": (
        Stream("microsoft-365", "aligned", 70, OFFICE, STAFF, "business", 20, 9),
        Stream("postmark", "aligned-bounce", 40, DAILY, "portal", addresses=3),
        Stream(
            "spoofers",
            "spoof-plain",
            60,
            bursts(0.3),
            "spam run, half of it sampled out",
            addresses=0,
        ),
    ),
    "example.org": (
        Stream("google-workspace", "aligned", 60, OFFICE, STAFF, "business", 20, 9),
        Stream("sendgrid", "dkim-only", 170, weekly(4), "newsletter", addresses=2, below="news."),
        Stream("fastmail-forward", "forward-srs", 1, DAILY, "Fastmail forwarding", addresses=2),
        Stream(
            "spoofers",
            "spoof-plain",
            110,
            bursts(0.35),
            "names that do not exist",
            addresses=0,
            below="*.",
        ),
    ),
    "notary.example": (
        Stream("microsoft-365", "aligned", 40, OFFICE, STAFF, "business", 16, 7),
        Stream(
            "mailgun",
            "below",
            15,
            OFFICE,
            "appointments, signed as mail.notary.example",
            addresses=2,
        ),
    ),
    "millpond.example": (
        Stream("own-mta-leeds", "spf-only", 32, OFFICE, "everything, unsigned", "business", 1),
        Stream(
            "orange-forward", "forward-unsigned", 0.8, DAILY, "an ISP that forwards", addresses=2
        ),
    ),
    "example.net": (
        Stream("own-mta-lab", "aligned", 60, OFFICE, STAFF, "business", 2),
        Stream(
            "office-printer", "unsigned", 4, OFFICE, "scans from the office printer", "business", 1
        ),
        Stream(
            "mail-gateway",
            "broken-signature",
            14,
            OFFICE,
            "a gateway that adds a footer",
            "business",
            4,
        ),
        Stream(
            "campaign-monitor",
            "vendor-only",
            60,
            weekly(2),
            "newsletter tool, never set up",
            addresses=3,
        ),
        Stream(
            "illinois-forward", "forward", 1.5, OFFICE, "a university that forwards", addresses=2
        ),
    ),
    "orchard.example": (
        Stream("google-workspace", "aligned", 70, OFFICE, STAFF, "business", 20, 9),
        Stream("mailchimp", "dkim-only", 110, weekly(0), "newsletter", addresses=2),
        Stream(
            "sendgrid", "now-and-then", 6, bursts(0.17), "someone's SendGrid account", addresses=3
        ),
    ),
}

STREAMS: tuple[Stream, ...] = tuple(
    replace(stream, domain=domain) for domain, streams in _TABLE.items() for stream in streams
)
