"""One document read by rua and by parsedmarc, and what they say differently, field by field."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import parsedmarc
from parsedmarc.config import ParserConfig

from ingest.model.document import Kind
from ingest.parse import read_aggregate, read_tls
from schemas.errors import Refusal
from schemas.reports.aggregate import AggregateReport, Record
from schemas.reports.tls import TlsPolicy, TlsReport
from tests.support.mails.every_document import Document

__all__ = ["Difference", "differences"]

Values = dict[str, Any]


class Difference(NamedTuple):
    """`field` is named after rua's model; a refused document is the difference `document`."""

    field: str
    theirs: Any
    ours: Any


class KnowsEveryAddress(dict[str, Any]):
    """A cache that spares parsedmarc its look-ups."""

    def get(self, address: str, default: Any = None) -> Any:
        return {"ip_address": address}


def config(**settings: Any) -> ParserConfig:
    return ParserConfig(
        offline=True,
        always_use_local_files=True,
        ip_address_cache=KnowsEveryAddress(),
        **settings,
    )


def differences(document: Document) -> list[Difference]:
    """What the two readers make of a document, where that differs."""
    ours, theirs = _ours(document), _theirs(document)
    if isinstance(ours, str) or isinstance(theirs, str):
        if isinstance(ours, str) and isinstance(theirs, str):
            return []
        return [
            Difference("document", *(x if isinstance(x, str) else "read" for x in (theirs, ours)))
        ]
    if isinstance(ours, AggregateReport):
        return list(_aggregate(theirs, ours, _theirs(document, as_shipped=True)))
    return list(_tls(theirs, ours))


def _ours(document: Document) -> AggregateReport | TlsReport | str:
    try:
        if document.kind == Kind.XML:
            return read_aggregate(document.data, name=document.path)
        return read_tls(document.data)
    except Refusal as refusal:
        return f"{refusal.code}: {refusal}"


def _theirs(document: Document, *, as_shipped: bool = False) -> Any:
    """parsedmarc's dictionary, or its refusal; records of long reports whole if not as shipped."""
    threshold = {} if as_shipped else {"normalize_timespan_threshold_hours": float("inf")}
    try:
        if document.kind == Kind.XML:
            return parsedmarc.parse_aggregate_report_xml(document.data, config=config(**threshold))
        return parsedmarc.parse_smtp_tls_report_json(document.data)
    except parsedmarc.ParserError as error:
        return str(error)


def _compared(theirs: Values, ours: Values) -> Iterator[Difference]:
    for field in theirs.keys() | ours.keys():
        pair = theirs.get(field), ours.get(field)
        if pair[0] != pair[1]:
            yield Difference(field, *pair)


def _aggregate(theirs: Values, ours: AggregateReport, shipped: Values) -> Iterator[Difference]:
    yield from _compared(_their_head(theirs), _our_head(ours))
    if len(shipped["records"]) != len(theirs["records"]):
        yield Difference("records", len(shipped["records"]), len(theirs["records"]))
    left = list(theirs["records"])
    for record in ours.records:
        found = next((each for each in left if _is_row_of(each, record)), None)
        if found is None:
            yield Difference("record", None, (record.source_ip_raw, record.count_raw))
            continue
        left.remove(found)
        yield from _compared(_their_record(found), _our_record(record))
        yield from _results("dkim", found, record.dkim_results)
        yield from _results("spf", found, record.spf_results)
        yield from _reasons(found["policy_evaluated"]["policy_override_reasons"], record)
    for row in left:
        yield Difference("record", (row["source"]["ip_address"], row["count"]), None)
    for refused in ours.refused_records:
        yield Difference("refused_record", None, refused.reason)


def _is_row_of(theirs: Values, ours: Record) -> bool:
    address = (ours.source_ip_raw or "").lower()
    return bool((theirs["source"]["ip_address"], theirs["count"]) == (address, ours.count))


def _epoch(local: str) -> datetime:
    """parsedmarc writes the wall clock of wherever it runs."""
    return datetime.strptime(local, "%Y-%m-%d %H:%M:%S").astimezone(UTC)


def _their_head(theirs: Values) -> Values:
    head, policy = theirs["report_metadata"], theirs["policy_published"]
    return {
        "org_name": head["org_name"],
        "email": head["org_email"],
        "extra_contact_info": head["org_extra_contact_info"],
        "report_id": head["report_id"],
        "begin_at": _epoch(head["begin_date"]),
        "end_at": _epoch(head["end_date"]),
        "errors": tuple(head["errors"]),
        "generator": head["generator"],
        "version": theirs["xml_schema"],
        "xml_namespace": theirs["xml_namespace"],
        **{f"policy.{key}": value for key, value in policy.items()},
    }


def _our_head(ours: AggregateReport) -> Values:
    head = ("org_name", "email", "extra_contact_info", "report_id", "begin_at", "end_at", "errors")
    fields = {key: getattr(ours, key) for key in (*head, "generator", "version", "xml_namespace")}
    tags = ("domain", "adkim", "aspf", "p", "sp", "pct", "np", "testing", "discovery_method")
    policy = {f"policy.{tag}": getattr(ours.policy, f"{tag}_raw") for tag in tags}
    return (
        fields
        | policy
        | {
            "policy.fo": ours.policy.fo,
            "extensions": ours.extensions or None,
            "extra_contact_info_lang": ours.extra_contact_info_lang,
        }
    )


def _their_record(theirs: Values) -> Values:
    evaluated, names = theirs["policy_evaluated"], theirs["identifiers"]
    return {
        **{f"record.{key}": evaluated[key] for key in ("disposition", "dkim", "spf")},
        **{
            f"record.{key}": names.get(key)
            for key in ("header_from", "envelope_from", "envelope_to")
        },
    }


def _our_record(ours: Record) -> Values:
    fields = ("disposition", "dkim", "spf", "header_from", "envelope_from", "envelope_to")
    values = {f"record.{field}": getattr(ours, f"{field}_raw") for field in fields}
    return values | {"record.extensions": ours.extensions or None}


def _results(kind: str, theirs: Values, ours: Sequence[Any]) -> Iterator[Difference]:
    named = [each for each in ours if each.domain_raw]
    for result in ours:
        if not result.domain_raw:
            yield Difference(f"{kind}.no_domain", None, (result.domain_raw, result.result_raw))
    found = theirs["auth_results"][kind]
    if len(found) != len(named):
        yield Difference(f"{kind}_results", len(found), len(named))
        return
    for their, our in zip(found, named, strict=True):
        values = {
            key.removesuffix("_raw"): value
            for key, value in our
            if key.endswith("_raw") or f"{key}_raw" not in dict(our)
        }
        for difference in _compared(their, values):
            yield difference._replace(field=f"{kind}.{difference.field}")


def _reasons(theirs: Sequence[Values], ours: Record) -> Iterator[Difference]:
    sent = [each for each in theirs if each.get("type") or each["comment"]]
    if len(sent) < len(theirs):
        yield Difference("reasons", len(theirs), len(sent))
    if len(sent) != len(ours.reasons):
        yield Difference("reasons", len(sent), len(ours.reasons))
        return
    for their, our in zip(sent, ours.reasons, strict=True):
        values = {"type": our.type_raw, "comment": our.comment, "comment_lang": our.comment_lang}
        for difference in _compared(dict(their), values):
            yield difference._replace(field=f"reason.{difference.field}")


def _tls(theirs: Values, ours: TlsReport) -> Iterator[Difference]:
    yield from _compared(
        {key: value for key, value in theirs.items() if key != "policies"},
        {
            "organization_name": ours.organization_name,
            "begin_date": ours.start_raw,
            "end_date": ours.end_raw,
            "contact_info": ours.contact_info,
            "report_id": ours.report_id,
        },
    )
    for their, our in zip(theirs["policies"], ours.policies, strict=True):
        for difference in _policy(their, our):
            yield difference._replace(field=f"tls.{difference.field}")


def _policy(theirs: Values, ours: TlsPolicy) -> Iterator[Difference]:
    yield from _compared(
        {key: value for key, value in theirs.items() if key != "failure_details"},
        {
            "policy_domain": ours.policy_domain_raw,
            "policy_type": ours.policy_type_raw,
            "policy_strings": list(ours.policy_strings) or None,
            "mx_host_patterns": list(ours.mx_hosts) or None,
            "successful_session_count": ours.successful_sessions,
            "failed_session_count": ours.failed_sessions,
        },
    )
    for their, our in zip(theirs.get("failure_details", ()), ours.failures, strict=True):
        yield from _compared(
            their,
            {
                "result_type": our.result_type_raw,
                "failed_session_count": our.failed_sessions,
                "sending_mta_ip": our.sending_mta_ip_raw,
                "receiving_ip": our.receiving_ip_raw,
                "receiving_mx_hostname": our.receiving_mx_hostname,
                "receiving_mx_helo": our.receiving_mx_helo,
                "failure_reason_code": our.failure_reason_code,
                "additional_info_uri": our.additional_information,
            },
        )
