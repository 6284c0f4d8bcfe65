"""DMARC aggregate reports, RFC 7489 App. C and RFC 9990 App. A, with the known deviations."""

from datetime import UTC, datetime

from pydantic import ValidationError

from ingest.parse.dmarc_record import (
    Fields,
    lean,
    read_record,
    refuse_record,
    whole_number,
    with_word,
)
from ingest.parse.xml import (
    Element,
    Parsed,
    children,
    lang_of,
    local_name,
    parse,
    serialise,
    text_of,
)
from schemas.domain_names import is_domain, normal_domain
from schemas.errors import Malformed
from schemas.reports.aggregate import AggregateReport, Dialect, Record
from schemas.reports.vocabulary import Alignment, DiscoveryMethod, Policy, Testing

__all__ = ["read_aggregate"]

RFC9990_NAMESPACE = "dmarc-2.0"
EARLIEST = datetime(2012, 1, 1, tzinfo=UTC)  # DMARC was published that month
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_PERIOD_DAYS = 100
MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138 (D27)

REPORT = frozenset(("version", "report_metadata", "policy_published"))
METADATA = frozenset(
    ("org_name", "email", "extra_contact_info", "report_id", "date_range", "generator")
)
PERIOD = frozenset(("begin", "end"))
PUBLISHED = frozenset(
    ("domain", "discovery_method", "p", "sp", "np", "adkim", "aspf", "pct", "testing", "t", "fo")
)


def read_aggregate(data: bytes, *, name: str = "") -> AggregateReport:
    """One document's bytes to its report. `name` is its file name, the last hint at the reporter.

    Raises a Refusal: NotAReport, Malformed, Forbidden or LimitExceeded.
    """
    parsed = parse(data, read_record, refuse_record)
    fields = _report(parsed, name)
    try:
        return AggregateReport.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Malformed(f"{where}: {first['msg']}") from None


def _report(parsed: Parsed, name: str) -> Fields:
    rest: list[Element] = []
    parts = children(parsed.root, REPORT, rest)
    metadata, published = parts.get("report_metadata"), parts.get("policy_published")
    if metadata is None or published is None:
        missing = "report_metadata" if metadata is None else "policy_published"
        raise Malformed(f"the element {missing} is missing")
    repairs, flags = list(parsed.repairs), list(parsed.flags)
    for repeated in sorted(REPORT.intersection(map(local_name, rest))):
        repairs.append(f"D23: only the first {repeated} read")
    fields = _metadata(metadata, name, rest, repairs, flags)
    policy = _policy(published, rest, repairs)
    if not is_domain(policy["domain"]):
        flags.append("the policy domain is no domain name")
    namespace = parsed.root.tag.rpartition("}")[0].lstrip("{") or None
    return fields | {
        "dialect": _dialect(namespace, policy, fields),
        "xml_namespace": namespace,
        "version": text_of(parts.get("version")),
        "policy": policy,
        "extensions": [serialise(each) for each in rest if local_name(each) != "record"],
        **_records(parsed.records, policy["domain"], repairs, flags),
        "repairs": repairs,
        "flags": flags,
    }


def _records(
    found: list[Record | Fields], policy_domain: str, repairs: list[str], flags: list[str]
) -> Fields:
    records: list[Record] = []
    refused: list[Fields] = []
    without_author = 0
    for ordinal, record in enumerate(found):
        if not isinstance(record, Record):
            refused.append({"ordinal": ordinal, **record})
        elif record.header_from:
            records.append(record)
        else:
            without_author += 1
            records.append(lean(record.model_copy(update={"header_from": policy_domain})))
    if without_author:
        # D18: the mail was From the policy domain, or no report on it would have come.
        repairs.append(f"D18: header_from of {without_author} records taken from the policy domain")
    if not found:
        flags.append("D28: the report holds no record")
    return {"records": records, "refused_records": refused}


def _dialect(namespace: str | None, policy: Fields, metadata: Fields) -> Dialect:
    """RFC 9990 App. A by its namespace or by elements that only it has.

    `np` alone says nothing: Google sends it in reports that are RFC 7489 otherwise.
    """
    only_rfc9990 = (policy["testing_raw"], policy["discovery_method_raw"], metadata["generator"])
    is_rfc9990 = RFC9990_NAMESPACE in (namespace or "") or any(x is not None for x in only_rfc9990)
    return Dialect.RFC9990 if is_rfc9990 else Dialect.RFC7489


def _metadata(
    element: Element, name: str, rest: list[Element], repairs: list[str], flags: list[str]
) -> Fields:
    others: list[Element] = []
    parts = children(element, METADATA, others)
    report_id = text_of(parts.get("report_id"))
    if not report_id:
        raise Malformed("the element report_id is missing or empty")
    org_name, email = text_of(parts.get("org_name")), text_of(parts.get("email"))
    # RFC 7489 App. C allows any number of errors, RFC 9990 one.
    errors = [child for child in others if local_name(child) == "error" and text_of(child)]
    rest += [child for child in others if local_name(child) != "error"]
    return {
        "org_name": org_name,
        "email": email,
        "reporter": _reporter(org_name, email, name, repairs),
        "extra_contact_info": text_of(parts.get("extra_contact_info")),
        "extra_contact_info_lang": lang_of(parts.get("extra_contact_info")),
        "report_id": report_id,
        "errors": list(map(text_of, errors)),
        "error_langs": list(map(lang_of, errors)),
        "generator": text_of(parts.get("generator")),
        **_period(parts.get("date_range"), rest, repairs, flags),
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


def _period(
    element: Element | None, rest: list[Element], repairs: list[str], flags: list[str]
) -> Fields:
    if element is None:
        raise Malformed("the element date_range is missing")
    parts = children(element, PERIOD, rest)
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


def _policy(element: Element, rest: list[Element], repairs: list[str]) -> Fields:
    parts = children(element, PUBLISHED, rest)
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
        with_word(out, tag, text_of(parts.get(tag)), Policy.of)
    for tag in ("adkim", "aspf"):
        with_word(out, tag, text_of(parts.get(tag)), Alignment.of)
    with_word(out, "testing", text_of(testing), Testing.of)
    with_word(out, "discovery_method", text_of(parts.get("discovery_method")), DiscoveryMethod.of)
    with_word(out, "pct", text_of(parts.get("pct")), whole_number)
    return out
