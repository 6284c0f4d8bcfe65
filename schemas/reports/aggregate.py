"""A DMARC aggregate report, in both dialects: RFC 7489 App. C and RFC 9990 App. A.

Each field keeps the value as the reporter sent it (`…_raw`, or the plain name if nothing is
normalised), with the normalised value beside it. None means that the element was absent, "" that
it was empty. `…_lang` is the language attribute of a text (RFC 9990 App. A, langAttrString); None
if there is none, although the schema then means "en".
"""

from datetime import date, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from schemas.reports.vocabulary import (
    Alignment,
    DiscoveryMethod,
    Disposition,
    DkimVerdict,
    EvaluatedResult,
    OverrideReason,
    Policy,
    SpfScope,
    SpfVerdict,
    Testing,
)

__all__ = [
    "AggregateReport",
    "Dialect",
    "DkimResult",
    "PublishedPolicy",
    "Reason",
    "Record",
    "RefusedRecord",
    "SpfResult",
    "midpoint_day",
]


class Dialect(StrEnum):
    RFC7489 = "rfc7489"
    RFC9990 = "rfc9990"


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reason(Part):
    """Why the disposition differs from the published policy (RFC 9990 §3.1.6)."""

    type: OverrideReason | None = None
    type_raw: str | None = None
    comment: str | None = None
    comment_lang: str | None = None


class DkimResult(Part):
    domain: str | None = None
    domain_raw: str | None = None
    selector: str | None = None
    result: DkimVerdict | None = None
    result_raw: str | None = None
    human_result: str | None = None
    human_result_lang: str | None = None


class SpfResult(Part):
    domain: str | None = None
    domain_raw: str | None = None
    scope: SpfScope | None = None
    scope_raw: str | None = None
    result: SpfVerdict | None = None
    result_raw: str | None = None
    human_result: str | None = None
    human_result_lang: str | None = None


class Record(Part):
    """Messages of one source address with the same results.

    `count` is in messages. `extensions` are elements without a field, as XML. `flags` names values
    that make no sense (an invalid address, an impossible count); a flagged record is kept and
    counts in no rate.
    """

    source_ip: str | None = None
    source_ip_raw: str | None = None
    count: int | None = None
    count_raw: str | None = None
    disposition: Disposition | None = None
    disposition_raw: str | None = None
    dkim: EvaluatedResult | None = None
    dkim_raw: str | None = None
    spf: EvaluatedResult | None = None
    spf_raw: str | None = None
    reasons: tuple[Reason, ...] = ()
    header_from: str | None = None
    header_from_raw: str | None = None
    envelope_from: str | None = None
    envelope_from_raw: str | None = None
    envelope_to: str | None = None
    envelope_to_raw: str | None = None
    dkim_results: tuple[DkimResult, ...] = ()
    spf_results: tuple[SpfResult, ...] = ()
    extensions: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


class RefusedRecord(Part):
    """A record that could not be read; `ordinal` counts all records of the report from 0."""

    ordinal: int
    reason: str
    xml: str


class PublishedPolicy(Part):
    """The policy as the reporter saw it. An absent `sp` stays None here, though it means `p`."""

    domain: str
    domain_raw: str
    discovery_method: DiscoveryMethod | None = None
    discovery_method_raw: str | None = None
    p: Policy | None = None
    p_raw: str | None = None
    sp: Policy | None = None
    sp_raw: str | None = None
    np: Policy | None = None
    np_raw: str | None = None
    adkim: Alignment | None = None
    adkim_raw: str | None = None
    aspf: Alignment | None = None
    aspf_raw: str | None = None
    pct: int | None = None
    pct_raw: str | None = None
    testing: Testing | None = None
    testing_raw: str | None = None
    fo: str | None = None


class AggregateReport(Part):
    """One report document: the reporter, the policy domain, the period, the records.

    `begin_at` and `end_at` are UTC; the period is half-open. `reporter` is org_name trimmed and
    lower-cased, else the domain of `email`. `extensions` are elements without a field, as XML.
    `error_langs` has an entry for each of `errors`. `repairs` names what was repaired to read the
    document, `flags` what makes no sense in it (a flagged report counts in no rate).
    """

    dialect: Dialect
    xml_namespace: str | None = None
    version: str | None = None
    reporter: str
    org_name: str | None = None
    email: str | None = None
    extra_contact_info: str | None = None
    extra_contact_info_lang: str | None = None
    report_id: str
    begin_at: datetime
    begin_raw: str
    end_at: datetime
    end_raw: str
    errors: tuple[str, ...] = ()
    error_langs: tuple[str | None, ...] = ()
    generator: str | None = None
    policy: PublishedPolicy
    extensions: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    refused_records: tuple[RefusedRecord, ...] = ()
    repairs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def midpoint_day(begin_at: datetime, end_at: datetime) -> date:
    """The UTC day that a whole report belongs to: that of its midpoint."""
    return (begin_at + max(end_at - begin_at, timedelta(0)) / 2).date()
