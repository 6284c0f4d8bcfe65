"""SMTP TLS reports (RFC 8460 §4.4), with the deviations seen (T1 to T16)."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from ingest.limits import RECORDS
from schemas.errors import LimitExceeded, Malformed, NotAReport
from schemas.names import canonical_ip, is_domain, normal_domain
from schemas.tls import TlsReport
from schemas.vocabulary import PolicyType, TlsResultType

__all__ = ["read_tls"]

Fields = dict[str, Any]

SIGNS = ("organization-name", "report-id", "policies", "date-range", "contact-info")
WHOLE_NUMBER = re.compile(r"\d{1,18}")
LARGEST_BIGINT = 2**63 - 1
MX_PREFIX = re.compile(r"^mx:\s*", re.IGNORECASE)


def read_tls(data: bytes, *, domain_hint: str = "") -> TlsReport:
    """One document's bytes to its report. `domain_hint` is the policy domain that the carrier
    names, for policies that do not (T8). Raises NotAReport, Malformed or LimitExceeded."""
    document = _load(data)
    if not isinstance(document, dict) or sum(sign in document for sign in SIGNS) < 2:
        raise NotAReport("JSON, but no SMTP TLS report: none of its keys is there")
    repairs: list[str] = []
    fields = _report(document, domain_hint, repairs)
    try:
        return TlsReport.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"{where}: {first['msg']}") from None


def _load(data: bytes) -> object:
    try:
        text = data.decode("utf-8-sig") if data[:2] not in (b"\xff\xfe", b"\xfe\xff") else None
        return json.loads(text if text is not None else data.decode("utf-16"))
    except RecursionError:
        raise LimitExceeded("JSON nested too deeply") from None
    except UnicodeDecodeError as error:
        raise Malformed(f"neither UTF-8 nor UTF-16: {error.reason}") from None
    except ValueError as error:  # JSONDecodeError, and numbers of thousands of digits
        raise Malformed(f"not valid JSON: {str(error)[:120]}") from None


def _report(document: Fields, domain_hint: str, repairs: list[str]) -> Fields:
    report_id = _text(document.get("report-id"))
    if not report_id:
        raise Malformed("the key report-id is missing or empty")
    period = document.get("date-range")
    if not isinstance(period, dict):
        raise Malformed("the key date-range is missing")
    organization, contact = _text(document.get("organization-name")), _text(document.get("contact-info"))
    policies = document.get("policies")
    if not isinstance(policies, list):
        raise Malformed("the key policies is missing")
    if len(policies) > RECORDS:
        raise LimitExceeded(f"more than {RECORDS} policies in one report")
    start_raw, end_raw = _text(period.get("start-datetime")), _text(period.get("end-datetime"))
    return {
        "organization_name": organization,
        "contact_info": contact,
        "reporter": _reporter(organization, contact),
        "report_id": report_id,
        "start_raw": start_raw,
        "start_at": _moment(start_raw, "start-datetime", repairs),
        "end_raw": end_raw,
        "end_at": _moment(end_raw, "end-datetime", repairs),
        "policies": [
            _policy(entry, domain_hint, repairs) for entry in policies if isinstance(entry, dict)
        ],
        "repairs": list(dict.fromkeys(repairs)),
    }


def _reporter(organization: str | None, contact: str | None) -> str:
    if organization:
        return organization.lower()
    domain = normal_domain((contact or "").rpartition("@")[2].strip(" <>"))
    if not domain:
        raise Malformed("neither organization-name nor contact-info says who reports")
    return domain


def _text(value: object) -> str | None:
    """A string as sent, without the space around it; numbers as their text; null is absent."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def _moment(raw: str | None, key: str, repairs: list[str]) -> datetime:
    """RFC 3339; without a zone it means UTC (T1)."""
    try:
        moment = datetime.fromisoformat(raw or "")
    except ValueError:
        raise Malformed(f"date-range/{key} is no time: {(raw or '')[:40]!r}") from None
    if moment.tzinfo is None:
        repairs.append(f"T1: {key} without a zone read as UTC")
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Malformed(f"date-range/{key} is no time: {(raw or '')[:40]!r}") from None


def _policy(entry: Fields, domain_hint: str, repairs: list[str]) -> Fields:
    policy, summary = _table(entry.get("policy")), _table(entry.get("summary"))
    type_raw, domain_raw = _text(policy.get("policy-type")), _text(policy.get("policy-domain"))
    domain = normal_domain(domain_raw)
    if not domain and is_domain(domain_hint):
        repairs.append("T8: policy-domain taken from the carrier")
        domain = domain_hint
    failures = entry.get("failure-details")
    return {
        "policy_type": PolicyType.of(type_raw),
        "policy_type_raw": type_raw,
        "policy_strings": _strings(policy.get("policy-string")),
        "policy_domain": domain or None,
        "policy_domain_raw": domain_raw,
        # T15: prose of the RFC calls the key mx-host-pattern, and some readers wrote that.
        "mx_hosts": [
            MX_PREFIX.sub("", host)
            for host in _strings(policy.get("mx-host", policy.get("mx-host-pattern")))
        ],
        "successful_sessions": _count(summary.get("total-successful-session-count")),
        "failed_sessions": _count(summary.get("total-failure-session-count")),
        "failures": [
            _failure(failure)
            for failure in (failures if isinstance(failures, list) else ())
            if isinstance(failure, dict)
        ],
    }


def _table(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    """A list, a single string, or one string that is itself a JSON list (T2, T3, T4)."""
    items = value if isinstance(value, list) else [value]
    texts = [text for text in map(_text, items) if text]
    if len(texts) == 1 and texts[0].startswith("["):
        try:
            inner = json.loads(texts[0])
        except (ValueError, RecursionError):
            return texts
        return [text for text in map(_text, inner) if text] if isinstance(inner, list) else texts
    return texts


def _count(value: object) -> int | None:
    """Sessions; as a string too (T12). What cannot be a count is None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= LARGEST_BIGINT else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and 0 <= value <= LARGEST_BIGINT else None
    text = _text(value)
    return int(text) if text and WHOLE_NUMBER.fullmatch(text) else None


def _failure(entry: Fields) -> Fields:
    type_raw = _text(entry.get("result-type"))
    sending, receiving = _text(entry.get("sending-mta-ip")), _text(entry.get("receiving-ip"))
    return {
        "result_type": TlsResultType.of(type_raw),
        "result_type_raw": type_raw,
        "sending_mta_ip": canonical_ip(sending),
        "sending_mta_ip_raw": sending,
        "receiving_mx_hostname": _text(entry.get("receiving-mx-hostname")),
        "receiving_mx_helo": _text(entry.get("receiving-mx-helo")),
        "receiving_ip": canonical_ip(receiving),
        "receiving_ip_raw": receiving,
        "failed_sessions": _count(entry.get("failed-session-count")),
        # T15: additional-info-uri is the name in the prose of RFC 8460 §4.4.
        "additional_information": _text(
            entry.get("additional-information", entry.get("additional-info-uri"))
        ),
        "failure_reason_code": _text(entry.get("failure-reason-code")),
    }
