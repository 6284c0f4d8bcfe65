"""The gates on the road to reject: what is required, what is measured, and on what basis."""

from dataclasses import asdict, dataclass
from typing import Any

from analytics.standing import Standing
from schemas.gates import Gates

__all__ = ["Gate", "before_enforcing", "before_reject"]


@dataclass(frozen=True, slots=True)
class Gate:
    """`required` and `measured` in words; `ok` whether it is open."""

    name: str
    required: str
    measured: str
    ok: bool
    basis: str

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def before_enforcing(standing: Standing, gates: Gates) -> list[Gate]:
    """The gates before any step."""
    return [
        _days_at_policy(standing, gates),
        _days_with_reports(standing, gates),
        _reporters(standing, gates),
        _large_reporters(standing, gates),
        _messages(standing, gates),
        _rate(standing, gates),
        _rate_of_sources(standing, gates),
        _new_sources(standing, gates),
    ]


def before_reject(standing: Standing, gates: Gates) -> list[Gate]:
    """What stands before p=reject beside them (RFC 9989 §7.4)."""
    legitimate = max(1, standing.legitimate)
    alone = standing.seen["spf_alone"] / legitimate
    lost = standing.seen["indirect_fails"] / legitimate
    accepted = standing.owner.accept_indirect_loss
    return [
        Gate(
            "mail by SPF alone",
            f"at most {gates.spf_alone:.1%}",
            f"{alone:.1%}",
            alone <= gates.spf_alone,
            _basis("spf_alone"),
        ),
        Gate(
            "lists and forwarders",
            f"at most {gates.indirect_loss:.1%} lost" + (", or accepted" if accepted else ""),
            f"{lost:.2%}",
            lost <= gates.indirect_loss or accepted,
            _basis("indirect_loss"),
        ),
    ]


def _basis(name: str) -> str:
    return str(Gates.model_fields[name].description)


def _days_at_policy(standing: Standing, gates: Gates) -> Gate:
    name = "days_at_none" if standing.policy == "none" else "days_at_quarantine"
    required: int = getattr(gates, name)
    days = standing.days_at_policy
    return Gate("days at this policy", f"{required}", f"{days}", days >= required, _basis(name))


def _days_with_reports(standing: Standing, gates: Gates) -> Gate:
    days = standing.seen["days_of_30"]
    required = gates.days_with_reports
    return Gate(
        "days with reports",
        f"{required} of the last 30",
        f"{days}",
        days >= required,
        _basis("days_with_reports"),
    )


def _reporters(standing: Standing, gates: Gates) -> Gate:
    count = standing.seen["reporters"]
    return Gate(
        "reporters", f"{gates.reporters}", f"{count}", count >= gates.reporters, _basis("reporters")
    )


def _large_reporters(standing: Standing, gates: Gates) -> Gate:
    count = standing.seen["large_reporters"]
    return Gate(
        "of them large",
        f"{gates.large_reporters} of Google, Microsoft, Yahoo",
        f"{count}",
        count >= gates.large_reporters,
        _basis("large_reporters"),
    )


def _messages(standing: Standing, gates: Gates) -> Gate:
    count = standing.legitimate
    return Gate(
        "legitimate messages",
        f"{gates.messages:,}",
        f"{count:,}",
        count >= gates.messages,
        _basis("messages"),
    )


def _rate(standing: Standing, gates: Gates) -> Gate:
    """The lower end of the interval: with failures it knows that messages come in batches, with
    none the gates of days and reporters carry that."""
    to_reject = standing.policy == "quarantine" and standing.owner.goal == "reject"
    name = "rate_before_reject" if to_reject else "rate_before_quarantine"
    required: float = getattr(gates, name)
    interval = standing.mail["interval"]
    low = interval[0] if interval else 0.0
    return Gate(
        "legitimate mail that passes",
        f"at least {required:.1%}, at 95 % confidence",
        f"{low:.1%}" if interval else "nothing to measure",
        low >= required,
        _basis(name),
    )


def _rate_of_sources(standing: Standing, gates: Gates) -> Gate:
    """Each own source that matters, for itself: a small one must not drown in a large one."""
    floor = max(1, min(50, round(0.01 * standing.legitimate)))
    low = 1.0
    where = "every source"
    for row in standing.of_class("own"):
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


def _new_sources(standing: Standing, gates: Gates) -> Gate:
    """A service that has only just begun may not have shown its whole traffic yet."""
    fresh = [
        row["source"]
        for row in standing.of_class("own")
        if (standing.window.last - row["first_seen"]).days < gates.new_source_days
        and row["messages"] >= gates.source_messages
    ]
    return Gate(
        "sources known for two weeks",
        f"{gates.new_source_days} days",
        "all" if not fresh else f"new: {', '.join(sorted(fresh)[:3])}",
        not fresh,
        _basis("new_source_days"),
    )
