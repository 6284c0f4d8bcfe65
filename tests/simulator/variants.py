"""Other versions of the same demo, for testing how well sources are classified."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ingest.demo.further import SITUATION_STREAMS, SITUATIONS
from ingest.demo.mailings import STREAMS
from ingest.demo.organisation import DOMAINS, Domain
from ingest.demo.streams import Stream, bursts

__all__ = ["VARIANTS", "Variant"]


@dataclass(frozen=True, slots=True)
class Variant:
    """A change to the demo.

    `overrides` whether receivers give override reasons; `further` streams beside the usual ones;
    `swaps` services that another one stands in for; `domains` and `streams` another organisation.
    """

    overrides: bool = True
    further: tuple[Stream, ...] = ()
    swaps: tuple[tuple[str, str], ...] = ()
    domains: tuple[Domain, ...] = DOMAINS
    streams: tuple[Stream, ...] = STREAMS


TENANT = Stream("m365-other-tenant", "spoof-signed", 60, bursts(0.2), "abuse of a shared platform")
CUSTOMER = Stream("ses-other-customer", "spoof-signed", 45, bursts(0.2), "abuse of a shared vendor")

VARIANTS: Mapping[str, Variant] = {
    "default": Variant(),
    "no-overrides": Variant(overrides=False),
    "inside-abuse": Variant(
        further=(
            replace(TENANT, domain="harbour.example"),
            replace(CUSTOMER, domain="quayside.example"),
            replace(CUSTOMER, domain="shop.harbour.example"),
        )
    ),
    "other-vendors": Variant(
        swaps=(
            ("amazon-ses", "sparkpost"),
            ("sendgrid", "campaign-monitor"),
            ("mailchimp", "constant-contact"),
            ("mailgun", "emarsys"),
            ("hubspot", "brevo"),
            ("zendesk", "mailjet"),
            ("campaign-monitor", "mailchimp"),
        )
    ),
    "situations": Variant(domains=SITUATIONS, streams=SITUATION_STREAMS),
}
