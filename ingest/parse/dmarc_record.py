"""One `record` of a DMARC aggregate report: the source, its message count and the results."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from ingest.model.limits import RECORD_RESULTS, TEMPLATE_BYTES, TEMPLATES
from ingest.parse.xml import (
    Element,
    children,
    lang_of,
    local_name,
    markup,
    serialise,
    text_of,
)
from schemas.domain_names import canonical_ip, normal_domain
from schemas.reports.aggregate import Record
from schemas.reports.vocabulary import (
    Disposition,
    DkimVerdict,
    EvaluatedResult,
    OverrideReason,
    SpfScope,
    SpfVerdict,
)

__all__ = ["Fields", "lean", "read_record", "refuse_record", "whole_number", "with_word"]

Fields = dict[str, Any]

MOST_MESSAGES = 1_000_000_000
LARGEST_BIGINT = 2**63 - 1
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]++")  # xs:integer
LONGEST_NUMBER = 40
REFUSED_XML_CHARACTERS = 4096

RECORD = frozenset(("row", "identifiers", "identities", "auth_results"))
ROW = frozenset(("source_ip", "count", "policy_evaluated"))
EVALUATED = frozenset(("disposition", "dkim", "spf"))
REASON = frozenset(("type", "comment"))
IDENTIFIERS = frozenset(("header_from", "envelope_from", "envelope_to"))
DKIM = frozenset(("domain", "selector", "result", "human_result"))
SPF = frozenset(("domain", "scope", "result", "human_result"))
SINGLE = frozenset(("row", "source_ip", "count"))

# Most records of a report differ only in address and count. The rest is cached by its markup; the
# cache holds immutable values and is bounded, because strangers fill it.
_templates: dict[bytes, Record] = {}
ALL_FIELDS = set(Record.model_fields)


def read_record(element: Element) -> Record | Fields:
    """The record, or {"reason", "xml"} if its count cannot be read."""
    varying = list(element.iter("{*}count", "{*}source_ip"))
    if not 1 <= len(varying) <= 2 or any(map(len, varying)):
        return _read(element)
    texts = {local_name(each): (each.text or "").strip() for each in varying}
    if len(texts) != len(varying) or WHOLE_NUMBER.fullmatch(texts.get("count", "")) is None:
        return _read(element)
    sent = [each.text for each in varying]
    for each in varying:
        each.text = ""
    key = markup(element)
    for each, text in zip(varying, sent, strict=True):
        each.text = text
    template = _templates.get(key)
    if template is None:
        return _cached(key, _read(element), texts)
    return lean(
        template.model_copy(update=_source_and_count(texts.get("source_ip"), texts["count"]))
    )


def _cached(key: bytes, record: Record | Fields, texts: Fields) -> Record | Fields:
    """Cache the record if its address and count stood in the row, and not somewhere else."""
    if isinstance(record, Record):
        found = (record.source_ip_raw, record.count_raw)
        if found == (texts.get("source_ip"), texts["count"]) and len(key) <= TEMPLATE_BYTES:
            if len(_templates) >= TEMPLATES:
                _templates.clear()
            _templates[key] = record
    return record


def lean(record: Record) -> Record:
    """The record with a shared set of field names: pydantic's own set takes more than the data."""
    object.__setattr__(record, "__pydantic_fields_set__", ALL_FIELDS)
    return record


def _read(element: Element) -> Record | Fields:
    rest: list[Element] = []
    parts = children(element, RECORD, rest)
    row = children(parts.get("row"), ROW, rest)
    ip_raw, count_raw = text_of(row.get("source_ip")), text_of(row.get("count"))
    if not count_raw:
        return _refused(element, "the record has no count" if ip_raw else "the record is empty")
    if WHOLE_NUMBER.fullmatch(count_raw) is None:
        return _refused(element, f"count is no number: {count_raw[:40]!r}")
    repeated = SINGLE.intersection(map(local_name, rest))
    if repeated:
        return _refused(element, f"more than one {min(repeated)} in the record")
    out: Fields = _source_and_count(ip_raw, count_raw)
    reasons = _evaluated(out, row.get("policy_evaluated"), rest)
    # D23: some reporters call it `identities`.
    _identifiers(out, parts.get("identifiers", parts.get("identities")), rest)
    dkim, spf = _auth_results(parts.get("auth_results"), rest)
    if max(len(reasons), len(dkim), len(spf)) > RECORD_RESULTS:
        return _refused(element, f"more than {RECORD_RESULTS} results in the record")
    out |= {"reasons": reasons, "dkim_results": dkim, "spf_results": spf}
    out["extensions"] = [serialise(child) for child in rest]
    return lean(Record.model_validate(out))


def _refused(element: Element, reason: str) -> Fields:
    return refuse_record(reason, serialise(element))


def refuse_record(reason: str, xml: str) -> Fields:
    """The reason and the text of a record that cannot be read."""
    return {"reason": reason, "xml": xml[:REFUSED_XML_CHARACTERS]}


def with_word(
    out: Fields, key: str, raw: str | None, normalise: Callable[[str | None], Any]
) -> None:
    """Set both columns of a field: as sent, and normalised."""
    out[key + "_raw"] = raw
    out[key] = normalise(raw)


def whole_number(raw: str | None) -> int | None:
    """An integer that the store can hold, else None."""
    if not raw or len(raw) > LONGEST_NUMBER or WHOLE_NUMBER.fullmatch(raw) is None:
        return None
    number = int(raw)
    return number if abs(number) <= LARGEST_BIGINT else None


def _source_and_count(ip_raw: str | None, count_raw: str) -> Fields:
    source_ip, count = canonical_ip(ip_raw), whole_number(count_raw)
    flags = []
    if source_ip is None:
        flags.append("the source address is no IP address")
    if count is None or not 0 <= count < MOST_MESSAGES:
        flags.append("the count is impossible")
    return {
        "source_ip": source_ip,
        "source_ip_raw": ip_raw,
        "count": count,
        "count_raw": count_raw,
        "flags": tuple(flags),
    }


def _evaluated(out: Fields, element: Element | None, rest: list[Element]) -> Sequence[Fields]:
    others: list[Element] = []
    parts = children(element, EVALUATED, others)
    with_word(out, "disposition", text_of(parts.get("disposition")), Disposition.of)
    with_word(out, "dkim", text_of(parts.get("dkim")), EvaluatedResult.of)
    with_word(out, "spf", text_of(parts.get("spf")), EvaluatedResult.of)
    reasons = []
    for child in others:
        if local_name(child) != "reason":
            rest.append(child)
            continue
        inner = children(child, REASON, rest)
        reason: Fields = {
            "comment": text_of(inner.get("comment")),
            "comment_lang": lang_of(inner.get("comment")),
        }
        with_word(reason, "type", text_of(inner.get("type")), OverrideReason.of)
        if reason["type_raw"] or reason["comment"]:  # D15: empty ones are skipped
            reasons.append(reason)
    return reasons


def _identifiers(out: Fields, element: Element | None, rest: list[Element]) -> None:
    parts = children(element, IDENTIFIERS, rest)
    for name in IDENTIFIERS:
        # D19: an empty envelope_from is the null reverse path, a missing one is unknown.
        with_word(out, name, text_of(parts.get(name)), normal_domain)


def _auth_results(
    element: Element | None, rest: list[Element]
) -> tuple[Sequence[Fields], Sequence[Fields]]:
    dkim: list[Fields] = []
    spf: list[Fields] = []
    for child in element if element is not None else ():
        name = local_name(child)
        if name == "dkim":
            dkim.append(_dkim(children(child, DKIM, rest)))
        elif name == "spf":
            spf.append(_spf(children(child, SPF, rest)))
        else:
            rest.append(child)
    return list(filter(_has_content, dkim)), list(filter(_has_content, spf))


def _has_content(result: Fields) -> bool:
    """D14: an element without content is no result; a language alone is no content."""
    return any(value for name, value in result.items() if name != "human_result_lang")


def _dkim(parts: dict[str, Element]) -> Fields:
    out: Fields = {"selector": text_of(parts.get("selector")), **_human_result(parts)}
    with_word(out, "domain", text_of(parts.get("domain")), normal_domain)
    with_word(out, "result", text_of(parts.get("result")), DkimVerdict.of)
    return out


def _spf(parts: dict[str, Element]) -> Fields:
    out = _human_result(parts)
    with_word(out, "domain", text_of(parts.get("domain")), normal_domain)
    with_word(out, "scope", text_of(parts.get("scope")), SpfScope.of)
    with_word(out, "result", text_of(parts.get("result")), SpfVerdict.of)
    return out


def _human_result(parts: dict[str, Element]) -> Fields:
    sent = parts.get("human_result")
    return {"human_result": text_of(sent), "human_result_lang": lang_of(sent)}
