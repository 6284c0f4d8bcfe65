"""SMTP TLS reports (RFC 8460 §4.4), with the known deviations (T1 to T16)."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from ingest.model.limits import JSON_BYTES, JSON_VALUES
from ingest.parse.tls_policy_domain import DomainHint
from schemas.domain_names import canonical_ip, is_domain, normal_domain
from schemas.errors import LimitExceeded, Malformed, NotAReport
from schemas.reports.tls import TlsReport
from schemas.reports.vocabulary import PolicyType, TlsResultType

__all__ = ["read_tls"]

Fields = dict[str, Any]

LONGEST_NUMBER = 40
EARLIEST = datetime(2012, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
SIGNS = ("organization-name", "report-id", "policies", "date-range", "contact-info")
WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
MX_PREFIX = re.compile(r"^mx:\s*", re.IGNORECASE)


def read_tls(data: bytes, *, hint: DomainHint | None = None) -> TlsReport:
    """One document's bytes to its report. `hint` is the policy domain that the carrier names, for
    policies without one (T8). Raises NotAReport, Malformed or LimitExceeded."""
    repairs: list[str] = []
    flags: list[str] = []
    document = _load(data, repairs, flags)
    if not isinstance(document, dict) or sum(sign in document for sign in SIGNS) < 2:
        raise NotAReport("JSON, but no SMTP TLS report: none of its keys is there")
    fields = _report(document, hint, repairs, flags)
    try:
        return TlsReport.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"{where}: {first['msg']}") from None


def _load(data: bytes, repairs: list[str], flags: list[str]) -> object:
    if len(data) > JSON_BYTES:
        raise LimitExceeded(f"more than {JSON_BYTES} bytes of JSON")
    if sum(map(data.count, (b",", b"{", b"["))) > JSON_VALUES:
        raise LimitExceeded(f"more than {JSON_VALUES} values in one JSON document")
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        repairs.append(f"bytes that are not {encoding} replaced")

    def once(pairs: list[tuple[str, Any]]) -> Fields:
        """RFC 7493 §2.3: a key occurs once. Of two the last is read, right or wrong."""
        table = dict(pairs)
        if len(table) < len(pairs):
            flags.append("a key stands twice in one JSON object")
        return table

    try:
        return json.loads(text, object_pairs_hook=once, parse_int=_integer)
    except RecursionError:
        raise LimitExceeded("JSON nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"not valid JSON: {str(error)[:120]}") from None


def _integer(digits: str) -> int | str:
    """A number too long for a count stays text: converting its digits takes too much time."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


def _report(
    document: Fields, hint: DomainHint | None, repairs: list[str], flags: list[str]
) -> Fields:
    report_id = _text(document.get("report-id"))
    if not report_id:
        raise Malformed("the key report-id is missing or empty")
    period = document.get("date-range")
    if not isinstance(period, dict):
        raise Malformed("the key date-range is missing")
    organization, contact = (
        _text(document.get("organization-name")),
        _text(document.get("contact-info")),
    )
    policies = document.get("policies")
    if not isinstance(policies, list):
        raise Malformed("the key policies is missing")
    start_raw, end_raw = _text(period.get("start-datetime")), _text(period.get("end-datetime"))
    start_at = _moment(start_raw, "start-datetime", repairs)
    end_at = _moment(end_raw, "end-datetime", repairs)
    if start_at < EARLIEST or end_at >= LATEST:
        flags.append("the period is before 2012 or after 2099")
    elif end_at < start_at:
        flags.append("the period ends before it begins")
    return {
        "organization_name": organization,
        "contact_info": contact,
        "reporter": _reporter(organization, contact),
        "report_id": report_id,
        "start_raw": start_raw,
        "start_at": start_at,
        "end_raw": end_raw,
        "end_at": end_at,
        "policies": [_policy(entry, hint, repairs, flags) for entry in _tables(policies, flags)],
        "repairs": list(dict.fromkeys(repairs)),
        "flags": list(dict.fromkeys(flags)),
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
        # JSON can hold a lone surrogate, which UTF-8 cannot.
        return value.encode("utf-8", "replace").decode().strip()
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


def _policy(entry: Fields, hint: DomainHint | None, repairs: list[str], flags: list[str]) -> Fields:
    policy, summary = _table(entry.get("policy")), _table(entry.get("summary"))
    type_raw, domain_raw = _text(policy.get("policy-type")), _text(policy.get("policy-domain"))
    domain = normal_domain(domain_raw)
    if not domain and hint is not None:
        # RFC 8460 §5.6: what the report says wins over its carrier; here it says nothing.
        repairs.append(f"T8: policy-domain taken from {hint.place}")
        domain = hint.domain
    if domain and not is_domain(domain):
        flags.append("the policy domain is no domain name")
    failures = entry.get("failure-details")
    return {
        "policy_type": PolicyType.of(type_raw),
        "policy_type_raw": type_raw,
        "policy_strings": _strings(policy.get("policy-string")),
        "policy_strings_raw": _as_json(policy, "policy-string"),
        "policy_domain": domain or None,
        "policy_domain_raw": domain_raw,
        # T15: prose of the RFC calls the key mx-host-pattern, and some readers wrote that.
        "mx_hosts": [
            MX_PREFIX.sub("", host)
            for host in _strings(policy.get("mx-host", policy.get("mx-host-pattern")))
        ],
        "mx_hosts_raw": _as_json(policy, "mx-host", "mx-host-pattern"),
        "successful_sessions": _count(summary, "total-successful-session-count", flags),
        "successful_sessions_raw": _as_json(summary, "total-successful-session-count"),
        "failed_sessions": _count(summary, "total-failure-session-count", flags),
        "failed_sessions_raw": _as_json(summary, "total-failure-session-count"),
        "failures": [_failure(failure, flags) for failure in _tables(failures, flags)],
    }


def _table(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _tables(value: object, flags: list[str]) -> list[Fields]:
    """The objects of a list, or a single one where a list should be; null is an empty list."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    tables = [item for item in items if isinstance(item, dict)]
    if len(tables) < len(items):
        flags.append("an entry of a list is no JSON object")
    return tables


def _strings(value: object) -> list[str]:
    """A list, a single string, or strings that are themselves JSON lists (T2, T3, T4)."""
    items = value if isinstance(value, list) else [value]
    return [text for item in items for text in _unfolded(_text(item)) if text]


def _unfolded(text: str | None) -> list[str]:
    if text is None or not text.startswith("["):
        return [text or ""]
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    texts = [each for each in map(_text, inner) if each is not None]
    return texts if len(texts) == len(inner) else [text]


def _count(table: Fields, key: str, flags: list[str]) -> int | None:
    """Sessions; as a string too (T12). What cannot be a count is None, and flagged."""
    value = table.get(key)
    text = _text(value)
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    if text is not None and WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if value is not None:
        flags.append(f"{key} cannot be")
    return None


def _as_json(table: Fields, *keys: str) -> str | None:
    """The value of the first of these keys as sent, which a list or a number alone is not."""
    found = [table[key] for key in keys if key in table]
    return json.dumps(found[0]) if found else None


def _failure(entry: Fields, flags: list[str]) -> Fields:
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
        "failed_sessions": _count(entry, "failed-session-count", flags),
        "failed_sessions_raw": _as_json(entry, "failed-session-count"),
        # T15: additional-info-uri is the name in the prose of RFC 8460 §4.4.
        "additional_information": _text(
            entry.get("additional-information", entry.get("additional-info-uri"))
        ),
        # failure-error-code was its name in the drafts.
        "failure_reason_code": _text(
            entry.get("failure-reason-code", entry.get("failure-error-code"))
        ),
    }
