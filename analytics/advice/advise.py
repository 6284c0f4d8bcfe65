"""Builds the rows of `rua advise`: each domain's recommended next step, with its evidence.

verdict.py decides. This module adds the record to publish, the gates and blockers, and what the
next step would do to the mail of the window.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from analytics.advice.domain_state import LEVELS, DomainState, domain_states
from analytics.advice.fingerprint import inputs
from analytics.advice.gates import DAYS
from analytics.advice.no_reports import no_reports_row
from analytics.advice.remediation import with_prospects
from analytics.advice.verdict import Decision, Verdict, as_rows, decide
from analytics.dns.dmarc_record import change
from analytics.policy.replay import Tags
from analytics.policy.whatif import whatif
from analytics.query.question import Question
from analytics.query.run import Row
from analytics.reports.verified_filter import verified_where_proven
from analytics.sources.totals import domain_names
from schemas.config.thresholds import Gates

__all__ = ["advise", "advise_on", "existing", "next_tags"]

TAGS = ("p", "sp", "np", "adkim", "aspf", "pct", "t")
LEVEL_TAGS = ("p", "sp", "np")
NO_DNS = "DNS was not asked: keep rua, ruf and fo of your present record"
NO_RECORD = "DNS has no DMARC record now: add rua=mailto:… or no reports will arrive"
# Days until the next look, by verdict.
LOOK_AGAIN = {
    Verdict.ADVANCE: 7,
    Verdict.FIX: 1,
    Verdict.WAIT: 1,
    Verdict.DONE: 7,
    Verdict.ROLL_BACK: 1,
}


def advise(q: Question, *, with_impact: bool = True) -> list[Row]:
    """One row per policy domain with reports, then per domain of the settings without any, with the
    keys of `rua advise` (docs/commands.md).

    Without `with_impact` no mail is replayed: `impact` is None, and blockers have no prospects.
    """
    counted, _ = verified_where_proven(q)
    rows = [
        advise_on(counted, each) if with_impact else _row(each, decide(each, q.gates), q.gates)
        for each in domain_states(counted)
    ]
    known = domain_names(q.reader)
    wanted = q.owners if q.domains is None else [name for name in q.domains if name in q.owners]
    silent = [name for name in wanted if name not in known]
    return [*rows, *(no_reports_row(q, name) for name in silent)]


def advise_on(q: Question, state: DomainState) -> Row:
    """The row of one domain; `q` covers the reports that its state was measured over."""
    q = q.about(state.domain)
    decision = decide(state, q.gates)
    tags, names = next_tags(state, decision), existing(state)
    replayed = whatif(q, tags, names)
    return _row(state, decision, q.gates) | {
        "blockers": with_prospects(q, state, decision.blockers, replayed),
        "impact": _impact(replayed),
        "inputs": inputs(q, state),
    }


def _row(state: DomainState, decision: Decision, gates: Gates) -> Row:
    """The row as far as it needs no replay of mail."""
    published = {tag: state.published[tag] for tag in TAGS}
    target = _target(state, decision)
    return {
        "domain": state.domain,
        "published": published,
        "verdict": decision.verdict.value,
        "target": {tag: target[tag] for tag in LEVEL_TAGS},
        "changes": dict(decision.target),
        "record": _record(state, decision, target),
        "record_note": _note(state) if decision.target else None,
        "dns": _dns(state),
        "reason": decision.reason,
        "blockers": list(decision.blockers),
        "gates": as_rows(decision.gates),
        "window": _window(state, gates),
        "impact": None,
        "next_look": state.window.last + timedelta(days=_patience(state, decision)),
    }


def _target(state: DomainState, decision: Decision) -> dict[str, Any]:
    """All tags of the next record: the changes, and the rest as it is."""
    tags: dict[str, Any] = {tag: state.published[tag] for tag in TAGS}
    tags["pct"] = None  # removed by RFC 9989 (App. C)
    for tag in LEVEL_TAGS:
        if tags[tag] not in LEVELS:
            tags[tag] = None  # RFC 9989 §4.7: an unknown value counts as absent
    if tags["sp"] == tags["p"]:
        tags["sp"] = None  # reporters fill in p for an absent sp
    if tags["np"] == (tags["sp"] or tags["p"]):
        tags["np"] = None
    return {**tags, **decision.target}


def record_text(tags: Mapping[str, Any]) -> str:
    """The TXT value in the usual order, without the defaults: relaxed alignment and t=n
    (RFC 9989 §4.7)."""
    defaults = {"adkim": "r", "aspf": "r", "t": "n"}
    shown = [
        f"{tag}={tags[tag]}"
        for tag in TAGS
        if tags.get(tag) is not None and tags[tag] != defaults.get(tag)
    ]
    return "; ".join(("v=DMARC1", *shown))


def _record(state: DomainState, decision: Decision, target: Mapping[str, Any]) -> str | None:
    """The TXT value to publish: the present record from DNS with the changes, else the tags that
    reports show."""
    if not decision.target:
        return None
    record = state.dns.record if state.dns else None
    if record is None:
        return record_text(target)
    tags = {tag: value for tag, value in decision.target.items() if tag != "pct"}
    return change(record, **tags).text()


def _note(state: DomainState) -> str | None:
    """What to add to the record if DNS did not give the present one."""
    if state.dns is None:
        return NO_DNS
    return NO_RECORD if state.dns.record is None else None


def _dns(state: DomainState) -> Row | None:
    """What DNS answered, and when; None if it was not asked or did not answer."""
    if state.dns is None:
        return None
    return {
        "asked_at": state.dns.asked_at,
        "found_at": state.dns.found_at,
        "record": state.dns.text,
        "spf": state.dns.spf,
        "null_mx": state.dns.null_mx,
    }


def _window(state: DomainState, gates: Gates) -> Row:
    return {
        "begin": state.window.first,
        "end": state.window.last,
        "dormant_begin": state.window.first - timedelta(days=gates.quarter_days),
        "days": state.seen["days"],
        "reporters": state.seen["reporters"],
        "messages": state.mail["messages"],
        "legitimate": state.legitimate,
        "unverified": state.mail["unverified"],
        "left_out": state.left_out,
        "last_report_day": state.seen["last_day"],
        "policy_since": state.seen["policy_since"],
    }


def next_tags(state: DomainState, decision: Decision) -> Tags:
    """The policy tags of the next record; the published ones if nothing changes."""
    target = _target(state, decision)
    return Tags(
        target["p"] or "none",
        target["sp"],
        target["np"],
        target["adkim"] or "r",
        target["aspf"] or "r",
    )


def existing(state: DomainState) -> dict[str, bool]:
    """Whether names below the domain exist, as far as DNS answered."""
    exists = state.dns.exists if state.dns else {}
    return {name: there for name, there in exists.items() if there is not None}


def _impact(replayed: Row) -> Row:
    """What the target policy would have done to the mail of the window."""
    keys = ("rejected", "quarantined", "legitimate_lost", "interval", "undecided")
    more = ("indirect_lost", "spoof_stopped")
    return {key: replayed[key] for key in (*keys, *more)}


def _patience(state: DomainState, decision: Decision) -> int:
    """Days until the next look is useful; a closed gate of days gives the number."""
    for gate in decision.gates:
        if not gate.ok and gate.name == DAYS:
            return max(1, int(gate.required) - int(gate.measured))
    return LOOK_AGAIN[decision.verdict]
