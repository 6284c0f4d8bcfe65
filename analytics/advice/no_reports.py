"""Advice on a domain of the settings without any report yet: what to publish to get reports."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from analytics.advice.verdict import Verdict
from analytics.dns.history import published_on
from analytics.dns.policy_discovery import Found, Published
from analytics.query.question import Owner, Question
from analytics.query.run import Row

__all__ = ["no_reports_row"]

TAGS = ("p", "sp", "np", "adkim", "aspf", "pct", "t")
MONITORING = {"p": "none"}
# RFC 7505 and docs/deviations.md: a domain that sends nothing needs no observation period.
PARKED = {"p": "reject", "sp": "reject", "np": "reject", "adkim": "s", "aspf": "s"}
IMPACT = ("rejected", "quarantined", "legitimate_lost", "undecided")
NEEDS_RUA = "add rua=mailto:… or no reports will arrive"


def no_reports_row(q: Question, name: str) -> Row:
    """The row of `rua advise` of a domain without reports; counts are 0."""
    window, owner = q.window, q.owners[name]
    known = published_on(q.reader, name, q.known_at)
    dns = known if known is not None and known.outcome in (Found.FOUND, Found.NONE) else None
    verdict, reason, changes = _decided(name, owner, dns)
    target: dict[str, Any] = {tag: changes.get(tag) for tag in TAGS}
    record = "; ".join(("v=DMARC1", *(f"{tag}={value}" for tag, value in changes.items())))
    return {
        "domain": name,
        "published": _published(dns),
        "verdict": verdict.value,
        "target": {tag: target[tag] for tag in ("p", "sp", "np")},
        "changes": changes,
        "record": record if changes else None,
        "record_note": NEEDS_RUA if changes else None,
        "dns": _dns(dns),
        "reason": reason,
        "blockers": [],
        "gates": [],
        "window": _window(q),
        "impact": dict.fromkeys((*IMPACT, "indirect_lost", "spoof_stopped"), 0)
        | {"interval": None},
        "next_look": window.last + timedelta(days=1),
        "inputs": "",
    }


def _decided(
    name: str, owner: Owner, dns: Published | None
) -> tuple[Verdict, str, Mapping[str, str]]:
    changes = PARKED if owner.parked else MONITORING
    if dns is None:
        return Verdict.WAIT, "no report yet, and DNS was not asked", changes
    if dns.record is None:
        return Verdict.ADVANCE, "no report yet, and DNS has no DMARC record", changes
    if dns.is_inherited:
        # RFC 9989 §4.10.1: its mail falls under the record of a name above.
        above = f"the record of {dns.found_at} applies: see the advice on that domain"
        return Verdict.WAIT, f"no report and no record of its own; {above}", {}
    if not dns.record.rua:
        return Verdict.FIX, "no report yet: its record has no address in rua", {}
    return Verdict.WAIT, f"no report yet: they go to {', '.join(dns.record.rua)}", {}


def _published(dns: Published | None) -> Row:
    record = dns.record if dns else None
    return {tag: getattr(record, tag, None) for tag in TAGS}


def _dns(dns: Published | None) -> Row | None:
    if dns is None:
        return None
    return {
        "asked_at": dns.asked_at,
        "found_at": dns.found_at,
        "record": dns.text,
        "spf": dns.spf,
        "null_mx": dns.null_mx,
    }


def _window(q: Question) -> Row:
    counts = ("days", "reporters", "messages", "legitimate", "unverified", "left_out")
    return {
        "begin": q.window.first,
        "end": q.window.last,
        "dormant_begin": q.window.first - timedelta(days=q.gates.quarter_days),
        **dict.fromkeys(counts, 0),
        "last_report_day": None,
        "policy_since": None,
    }
