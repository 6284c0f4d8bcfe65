"""DMARC aggregate reports, RFC 7489 App. C and RFC 9990 App. A, with the deviations seen."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from ingest.readers.xml import Element, Parsed, children, local_name, parse, serialise, text_of
from schemas.dmarc import AggregateReport, Dialect
from schemas.errors import Malformed
from schemas.names import canonical_ip, is_domain, normal_domain
from schemas.vocabulary import (
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

__all__ = ["read_aggregate"]

Fields = dict[str, Any]

MODERN_NAMESPACE = "dmarc-2.0"
EARLIEST = datetime(2012, 1, 1, tzinfo=UTC)  # DMARC was published that month
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_PERIOD_DAYS = 100
MOST_MESSAGES = 1_000_000_000
MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138 (D27)
LARGEST_BIGINT = 2**63 - 1
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,30}")
REFUSED_XML_CHARACTERS = 4096
PARTS_OF_RECORD = frozenset(("row", "identifiers", "identities", "auth_results"))


def read_aggregate(data: bytes, *, name: str = "") -> AggregateReport:
    """One document's bytes to its report. `name` is its file name, a last hint of the reporter.

    Raises a Refusal: NotAReport, Malformed, Forbidden or LimitExceeded.
    """
    parsed = parse(data, _record)
    fields = _report(parsed, name)
    try:
        return AggregateReport.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"{where}: {first['msg']}") from None


def _report(parsed: Parsed, name: str) -> Fields:
    parts = children(parsed.root)
    metadata, published = parts.get("report_metadata"), parts.get("policy_published")
    if metadata is None or published is None:
        missing = "report_metadata" if metadata is None else "policy_published"
        raise Malformed(f"the element {missing} is missing")
    repairs, flags = list(parsed.repairs), []
    fields = _metadata(metadata, name, repairs, flags)
    policy = _policy(published, repairs)
    if not is_domain(policy["domain"]):
        flags.append("the policy domain is no domain name")
    namespace = parsed.root.tag.rpartition("}")[0].lstrip("{") or None
    records = [_at_home(record, policy["domain"]) for record in parsed.records]
    return fields | {
        "dialect": _dialect(namespace, policy, fields),
        "xml_namespace": namespace,
        "version": text_of(parts.get("version")),
        "policy": policy,
        "extensions": _extensions(parsed.root),
        "records": [record for record in records if "reason" not in record],
        "refused_records": [
            {"ordinal": ordinal, **record}
            for ordinal, record in enumerate(records)
            if "reason" in record
        ],
        "repairs": repairs,
        "flags": flags,
    }


def _dialect(namespace: str | None, policy: Fields, metadata: Fields) -> Dialect:
    """RFC 9990 App. A by its namespace or by elements that only it has.

    `np` alone says nothing: Google sends it in reports that are RFC 7489 otherwise.
    """
    only_modern = (policy["testing_raw"], policy["discovery_method_raw"], metadata["generator"])
    modern = MODERN_NAMESPACE in (namespace or "") or any(x is not None for x in only_modern)
    return Dialect.RFC9990 if modern else Dialect.RFC7489


def _metadata(element: Element, name: str, repairs: list[str], flags: list[str]) -> Fields:
    parts = children(element)
    report_id = text_of(parts.get("report_id"))
    if not report_id:
        raise Malformed("the element report_id is missing or empty")
    org_name, email = text_of(parts.get("org_name")), text_of(parts.get("email"))
    errors = [text_of(child) for child in element if local_name(child) == "error"]
    return {
        "org_name": org_name,
        "email": email,
        "reporter": _reporter(org_name, email, name, repairs),
        "extra_contact_info": text_of(parts.get("extra_contact_info")),
        "report_id": report_id,
        "errors": [text for text in errors if text],
        "generator": text_of(parts.get("generator")),
        **_period(parts.get("date_range"), repairs, flags),
    }


def _reporter(org_name: str | None, email: str | None, name: str, repairs: list[str]) -> str:
    if org_name:
        return org_name.lower()
    domain = normal_domain((email or "").rpartition("@")[2].strip(" <>\"'"))
    if domain:
        repairs.append("D12: reporter taken from the e-mail address")
        return domain
    # RFC 7489 §7.2.1.1: receiver "!" policy-domain "!" begin "!" end
    receiver, bang, _ = name.rpartition("/")[2].partition("!")
    if bang and is_domain(receiver.lower()):
        repairs.append("D12: reporter taken from the file name")
        return receiver.lower()
    raise Malformed("neither org_name nor email says who reports")


def _period(element: Element | None, repairs: list[str], flags: list[str]) -> Fields:
    if element is None:
        raise Malformed("the element date_range is missing")
    parts = children(element)
    begin_raw, end_raw = text_of(parts.get("begin")), text_of(parts.get("end"))
    begin_at = _moment(begin_raw, "begin", repairs)
    end_at = _moment(end_raw, "end", repairs)
    if begin_at < EARLIEST or end_at >= LATEST:
        flags.append("the period is before 2012 or after 2099")
    elif end_at < begin_at:
        flags.append("the period ends before it begins")
    elif (end_at - begin_at).days > LONGEST_PERIOD_DAYS:
        flags.append(f"the period is longer than {LONGEST_PERIOD_DAYS} days")
    return {"begin_at": begin_at, "begin_raw": begin_raw, "end_at": end_at, "end_raw": end_raw}


def _moment(raw: str | None, which: str, repairs: list[str]) -> datetime:
    """Epoch seconds (RFC 9990 §3.1.1.4), with fractions (D25) or as milliseconds (D27)."""
    try:
        seconds = float(raw or "")
        if seconds > MILLISECONDS_FROM:
            repairs.append(f"D27: {which} read as milliseconds")
            seconds /= 1000
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        shown = (raw or "")[:40]
        raise Malformed(f"date_range/{which} is no time: {shown!r}") from None


def _policy(element: Element, repairs: list[str]) -> Fields:
    parts = children(element)
    raw = text_of(parts.get("domain"))
    domain = normal_domain(raw)
    if not domain:
        raise Malformed("policy_published/domain is missing or empty")
    testing = parts.get("testing")
    if testing is None and "t" in parts:
        repairs.append("D39: testing read from the element t")
        testing = parts["t"]
    out: Fields = {"domain": domain, "domain_raw": raw, "fo": text_of(parts.get("fo"))}
    for tag in ("p", "sp", "np"):
        _word(out, tag, text_of(parts.get(tag)), Policy.of)
    for tag in ("adkim", "aspf"):
        _word(out, tag, text_of(parts.get(tag)), Alignment.of)
    _word(out, "testing", text_of(testing), Testing.of)
    _word(out, "discovery_method", text_of(parts.get("discovery_method")), DiscoveryMethod.of)
    _word(out, "pct", text_of(parts.get("pct")), _whole_number)
    return out


def _word(out: Fields, key: str, raw: str | None, meaning: Callable[[str | None], Any]) -> None:
    out[key + "_raw"] = raw
    out[key] = meaning(raw)


def _whole_number(raw: str | None) -> int | None:
    if raw is None or not WHOLE_NUMBER.fullmatch(raw):
        return None
    number = int(raw)
    return number if abs(number) <= LARGEST_BIGINT else None


def _extensions(element: Element) -> list[str]:
    """RFC 9990 §3.1.1.6; `extensions` is what stalwart wrote before it was settled (D40)."""
    names = ("extension", "extensions")
    return [serialise(child) for child in element if local_name(child) in names]


def _record(element: Element) -> Fields:
    """A record's fields, or {"reason", "xml"} where it says neither what nor how much."""
    parts = children(element)
    row = parts.get("row")
    row_parts = children(row) if row is not None else {}
    count_raw, ip_raw = text_of(row_parts.get("count")), text_of(row_parts.get("source_ip"))
    if not count_raw:
        return _refused(element, "the record has no count" if ip_raw else "the record is empty")
    if not WHOLE_NUMBER.fullmatch(count_raw):
        return _refused(element, f"count is no number: {count_raw[:40]!r}")
    out: Fields = {"source_ip_raw": ip_raw, "source_ip": canonical_ip(ip_raw)}
    _word(out, "count", count_raw, _whole_number)
    _evaluated(out, row_parts.get("policy_evaluated"))
    _identifiers(out, parts.get("identifiers", parts.get("identities")))
    _auth_results(out, parts.get("auth_results"))
    out["extensions"] = [
        serialise(child) for child in element if local_name(child) not in PARTS_OF_RECORD
    ]
    out["flags"] = _senseless(out)
    return out


def _refused(element: Element, reason: str) -> Fields:
    return {"reason": reason, "xml": serialise(element)[:REFUSED_XML_CHARACTERS]}


def _senseless(record: Fields) -> list[str]:
    flags = []
    if record["source_ip"] is None:
        flags.append("the source address is none")
    count = record["count"]
    if count is None or not 0 <= count < MOST_MESSAGES:
        flags.append("the count cannot be")
    return flags


def _evaluated(out: Fields, element: Element | None) -> None:
    parts = children(element) if element is not None else {}
    _word(out, "disposition", text_of(parts.get("disposition")), Disposition.of)
    _word(out, "dkim", text_of(parts.get("dkim")), EvaluatedResult.of)
    _word(out, "spf", text_of(parts.get("spf")), EvaluatedResult.of)
    reasons = []
    for child in element if "reason" in parts else ():
        if local_name(child) == "reason":
            inner = children(child)
            reason: Fields = {"comment": text_of(inner.get("comment"))}
            _word(reason, "type", text_of(inner.get("type")), OverrideReason.of)
            if reason["type_raw"] or reason["comment"]:  # D15: empty ones say nothing
                reasons.append(reason)
    out["reasons"] = reasons


def _identifiers(out: Fields, element: Element | None) -> None:
    parts = children(element) if element is not None else {}
    for name in ("header_from", "envelope_from", "envelope_to"):
        _word(out, name, text_of(parts.get(name)), normal_domain)


def _at_home(record: Fields, policy_domain: str) -> Fields:
    """D18: without a header_from the mail was From the policy domain, or no report would come."""
    if "reason" not in record and not record["header_from"]:
        record["header_from"] = policy_domain
    return record


def _auth_results(out: Fields, element: Element | None) -> None:
    dkim: list[Fields] = []
    spf: list[Fields] = []
    for child in element if element is not None else ():
        name = local_name(child)
        if name == "dkim":
            dkim.append(_dkim(children(child)))
        elif name == "spf":
            spf.append(_spf(children(child)))
    # D14: an element without a word in it is no result.
    out["dkim_results"] = [result for result in dkim if any(result.values())]
    out["spf_results"] = [result for result in spf if any(result.values())]


def _dkim(parts: dict[str, Element]) -> Fields:
    out: Fields = {
        "selector": text_of(parts.get("selector")),
        "human_result": text_of(parts.get("human_result")),
    }
    _word(out, "domain", text_of(parts.get("domain")), normal_domain)
    _word(out, "result", text_of(parts.get("result")), DkimVerdict.of)
    return out


def _spf(parts: dict[str, Element]) -> Fields:
    out: Fields = {"human_result": text_of(parts.get("human_result"))}
    _word(out, "domain", text_of(parts.get("domain")), normal_domain)
    _word(out, "scope", text_of(parts.get("scope")), SpfScope.of)
    _word(out, "result", text_of(parts.get("result")), SpfVerdict.of)
    return out
