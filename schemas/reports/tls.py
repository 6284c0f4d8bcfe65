"""An SMTP TLS report (RFC 8460 §4.4). Raw beside normalised, None for absent, as in aggregate.py.

Raw lists and counts are JSON, which distinguishes an absent list, null, an empty list and a single
string, and a count in quotes.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from schemas.reports.vocabulary import PolicyType, TlsResultType

__all__ = ["TlsFailure", "TlsPolicy", "TlsReport"]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TlsFailure(Part):
    """RFC 8460 §4.4 failure-details; `failed_sessions` may overlap between failures (§4)."""

    result_type: TlsResultType | None = None
    result_type_raw: str | None = None
    sending_mta_ip: str | None = None
    sending_mta_ip_raw: str | None = None
    receiving_mx_hostname: str | None = None
    receiving_mx_helo: str | None = None
    receiving_ip: str | None = None
    receiving_ip_raw: str | None = None
    failed_sessions: int | None = None
    failed_sessions_raw: str | None = None
    additional_information: str | None = None
    failure_reason_code: str | None = None


class TlsPolicy(Part):
    """Sessions under one policy. Never add across policy types: each lists the same sessions."""

    policy_type: PolicyType | None = None
    policy_type_raw: str | None = None
    policy_strings: tuple[str, ...] = ()
    policy_strings_raw: str | None = None
    policy_domain: str | None = None
    policy_domain_raw: str | None = None
    mx_hosts: tuple[str, ...] = ()
    mx_hosts_raw: str | None = None
    successful_sessions: int | None = None
    successful_sessions_raw: str | None = None
    failed_sessions: int | None = None
    failed_sessions_raw: str | None = None
    failures: tuple[TlsFailure, ...] = ()


class TlsReport(Part):
    """`reporter` is organization-name trimmed and lower-cased, else the contact's domain."""

    reporter: str
    organization_name: str | None = None
    contact_info: str | None = None
    report_id: str
    start_at: datetime
    start_raw: str | None = None
    end_at: datetime
    end_raw: str | None = None
    policies: tuple[TlsPolicy, ...] = ()
    repairs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
