"""The gates before each policy step: what is required, what is measured, and on what basis."""

from dataclasses import asdict, dataclass
from typing import Any

from analytics.advice.domain_state import DomainState, Level
from analytics.advice.rollout import Step, is_below, level_of
from analytics.query.run import Row
from analytics.query.statistics import CLUSTERS, design_effect, wilson
from schemas.config.thresholds import Gates

__all__ = [
    "BELOW",
    "DAYS",
    "MESSAGES",
    "Exposed",
    "Gate",
    "before_enforcing",
    "before_reject",
    "names_without_evidence",
    "rate_floor",
]

DAYS = "days at this policy"  # the command line's next look goes by this one
MESSAGES = "legitimate messages"
BELOW = "each name below the domain"


@dataclass(frozen=True, slots=True)
class Gate:
    """`required` and `measured` are text; `ok` is whether the gate is open."""

    name: str
    required: str
    measured: str
    ok: bool
    basis: str

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def before_enforcing(state: DomainState, gates: Gates, step: Step) -> list[Gate]:
    """The gates before any step."""
    checks = [
        _days_at_policy(state, gates, step),
        _days_with_reports(state, gates),
        _reporters(state, gates),
        _large_reporters(state, gates),
        _others(state, gates),
        _messages(state, gates),
        _rate(state, gates, step),
        _rate_of_sources(state, gates),
        _new_sources(state, gates),
    ]
    return [*checks, _names_below(state, gates, step)] if is_below(step) else checks


@dataclass(frozen=True, slots=True)
class Exposed:
    """Mail at risk under p=reject, as shares of legitimate mail (RFC 9989 §7.4): what passes by SPF
    alone, and what lists and forwarders would lose."""

    spf_alone: float
    indirect: float

    @classmethod
    def of(cls, state: DomainState, step: Step) -> "Exposed":
        """For a step of sp alone, only mail of names below the domain counts."""
        seen, legitimate = state.seen, state.legitimate
        alone, lost = seen["spf_alone"], seen["indirect_fails"]
        if is_below(step):
            legitimate = sum(row["messages"] for row in state.below)
            alone, lost = seen["spf_alone_below"], seen["indirect_fails_below"]
        return cls(alone / max(1, legitimate), lost / max(1, legitimate))


def before_reject(state: DomainState, gates: Gates, step: Step) -> list[Gate]:
    """The further gates before p=reject (RFC 9989 §7.4)."""
    exposed = Exposed.of(state, step)
    accepted = state.owner.accept_indirect_loss
    return [
        Gate(
            "mail by SPF alone",
            f"at most {gates.spf_alone:.1%}",
            f"{exposed.spf_alone:.1%}",
            exposed.spf_alone <= gates.spf_alone,
            _basis("spf_alone"),
        ),
        Gate(
            "lists and forwarders",
            f"at most {gates.indirect_loss:.1%} lost" + (", or accepted" if accepted else ""),
            f"{exposed.indirect:.2%}",
            exposed.indirect <= gates.indirect_loss or accepted,
            _basis("indirect_loss"),
        ),
    ]


def _basis(name: str) -> str:
    return str(Gates.model_fields[name].description)


def _days_at_policy(state: DomainState, gates: Gates, step: Step) -> Gate:
    """Days at this policy; for a step of sp alone, days at this sp."""
    now, days = state.policy, state.days_at_policy
    if is_below(step):
        now, days = state.subdomain_policy, state.days_at_subdomain_policy
    name = "days_at_none" if now == Level.NONE else "days_at_quarantine"
    required: int = getattr(gates, name)
    return Gate(DAYS, f"{required}", f"{days}", days >= required, _basis(name))


def _days_with_reports(state: DomainState, gates: Gates) -> Gate:
    days = state.seen["days_of_30"]
    required = gates.days_with_reports
    return Gate(
        "days with reports",
        f"{required} of the last 30",
        f"{days}",
        days >= required,
        _basis("days_with_reports"),
    )


def _reporters(state: DomainState, gates: Gates) -> Gate:
    count = state.seen["reporters"]
    unproven = f"; {state.left_out:,} unverified reports do not count" if state.left_out else ""
    return Gate(
        "reporters",
        f"{gates.reporters}",
        f"{count}{unproven}",
        count >= gates.reporters,
        _basis("reporters"),
    )


def _large_reporters(state: DomainState, gates: Gates) -> Gate:
    count = state.seen["large_reporters"]
    return Gate(
        "large reporters",
        f"{gates.large_reporters} of Google, Microsoft, Yahoo",
        f"{count}",
        count >= gates.large_reporters,
        _basis("large_reporters"),
    )


def _others(state: DomainState, gates: Gates) -> Gate:
    """One reporter may see most of the mail; the others must see enough of it and agree."""
    seen = state.seen
    firm, aligned, required = seen["firm_of_others"], seen["aligned_of_others"], gates
    share, rate = seen["largest_share"], aligned / firm if firm else 0.0
    who = f"; {seen['largest_reporter']} sees {share:.0%}" if share is not None else ""
    return Gate(
        "messages seen by other reporters",
        f"{required.messages_of_others}, of which {required.rate_of_source:.0%} pass",
        f"{firm:,}, {rate:.1%} pass{who}",
        not required.messages_of_others
        or (firm >= required.messages_of_others and rate >= required.rate_of_source),
        _basis("messages_of_others"),
    )


def _messages(state: DomainState, gates: Gates) -> Gate:
    count = state.legitimate
    return Gate(
        MESSAGES,
        f"{gates.messages:,}",
        f"{count:,}",
        count >= gates.messages,
        _basis("messages"),
    )


def _rate(state: DomainState, gates: Gates, step: Step) -> Gate:
    """The lower bound of the interval. With failures it allows for mail in batches; without any,
    the gates of days and reporters do."""
    name = _rate_name(step)
    required: float = getattr(gates, name)
    interval = state.mail["interval"]
    low = interval[0] if interval else 0.0
    return Gate(
        "legitimate mail that passes",
        f"at least {required:.1%}, at 95 % confidence",
        f"{low:.1%}" if interval else "no legitimate mail",
        low >= required,
        _basis(name),
    )


def _rate_name(step: Step) -> str:
    return "rate_before_reject" if level_of(step) == Level.REJECT else "rate_before_quarantine"


def names_without_evidence(state: DomainState, gates: Gates, step: Step) -> list[Row]:
    """Names below the domain with legitimate mail and without their own record whose mail does not
    pass the gates of messages and of the rate."""
    if not is_below(step):
        return []
    required: float = getattr(gates, _rate_name(step))
    return [
        row
        for row in state.below
        if not row["has_record"] and (row["messages"] < gates.messages or _low(row) < required)
    ]


def _low(row: Row) -> float:
    counts = (row["aligned"], row["messages"])
    interval = wilson(*counts, effect=design_effect(*counts, **{key: row[key] for key in CLUSTERS}))
    return interval[0] if interval else 0.0


def _names_below(state: DomainState, gates: Gates, step: Step) -> Gate:
    closed = names_without_evidence(state, gates, step)
    shown = ", ".join(f"{row['name']} ({row['messages']:,})" for row in closed[:3])
    more = f" and {len(closed) - 3} more" if len(closed) > 3 else ""
    return Gate(
        BELOW,
        f"{gates.messages:,} messages and the same rate, or its own record",
        f"all but {shown}{more}" if closed else "all",
        not closed,
        _basis("messages"),
    )


def rate_floor(gates: Gates, legitimate: int) -> int:
    """The messages a source needs for its own rate, in a domain with so many legitimate ones."""
    return max(1, min(gates.rate_messages, round(gates.rate_share * legitimate)))


def _rate_of_sources(state: DomainState, gates: Gates) -> Gate:
    """The worst own source with enough mail: a small one must not drown in a large one."""
    floor = rate_floor(gates, state.legitimate)
    low = 1.0
    where = "every source"
    for row in state.of_class("own"):
        counted = row["messages"] - row["indeterminate"]
        if counted >= floor and row["aligned"] / counted < low:
            low, where = row["aligned"] / counted, row["source"]
    return Gate(
        "each source that passes",
        f"at least {gates.rate_of_source:.0%}",
        f"{low:.1%}, {where}",
        low >= gates.rate_of_source,
        _basis("rate_of_source"),
    )


def _new_sources(state: DomainState, gates: Gates) -> Gate:
    """A new service may not have shown all of its mail yet."""
    fresh = [
        row["source"]
        for row in state.of_class("own")
        if (state.window.last - row["first_seen"]).days < gates.new_source_days
        and row["messages"] >= gates.source_messages
    ]
    return Gate(
        "each source's age",
        f"at least {gates.new_source_days} days",
        "all" if not fresh else f"new: {', '.join(sorted(fresh)[:3])}",
        not fresh,
        _basis("new_source_days"),
    )
