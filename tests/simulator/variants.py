"""Variants of the demo for tests: no overrides, abuse, other vendors, another organisation."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from ingest.demo.streams import Stream, bursts
from ingest.demo.traffic import Plan, make_plan
from ingest.demo.variant import DEFAULT, Variant
from tests.simulator.situations import SITUATION_STREAMS, SITUATIONS

__all__ = ["VARIANTS", "plan_of"]

TENANT = Stream("m365-other-tenant", "spoof-signed", 60, bursts(0.2), "abuse of a shared platform")
CUSTOMER = Stream("ses-other-customer", "spoof-signed", 45, bursts(0.2), "abuse of a shared vendor")

_VARIANTS = (
    DEFAULT,
    Variant("no-overrides", overrides=False),
    Variant(
        "inside-abuse",
        extra=(
            replace(TENANT, domain="harbour.example"),
            replace(CUSTOMER, domain="quayside.example"),
            replace(CUSTOMER, domain="shop.harbour.example"),
        ),
    ),
    Variant(
        "other-vendors",
        swaps=(
            ("amazon-ses", "sparkpost"),
            ("sendgrid", "campaign-monitor"),
            ("mailchimp", "constant-contact"),
            ("mailgun", "emarsys"),
            ("hubspot", "brevo"),
            ("zendesk", "mailjet"),
            ("campaign-monitor", "mailchimp"),
        ),
    ),
    Variant("situations", domains=SITUATIONS, streams=SITUATION_STREAMS),
)
VARIANTS: Mapping[str, Variant] = {variant.name: variant for variant in _VARIANTS}


def plan_of(seed: int, until: date, variant: str = "default") -> Plan:
    """The plan of the variant of this name."""
    return make_plan(seed, until, VARIANTS[variant])
