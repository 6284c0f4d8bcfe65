"""Lists what blocks the next step, largest first, each with a remedy."""

from collections.abc import Sequence
from shlex import quote
from typing import Any

from analytics.advice.domain_state import DomainState
from analytics.advice.rollout import Step, is_below
from analytics.query.run import Row
from analytics.sources.catalogue import find
from schemas.config.thresholds import Gates

__all__ = ["below", "broken", "dormant", "indirect", "signs_nothing", "undecided", "unexpected"]

Blocker = dict[str, Any]

BY_RULE = {
    "broken-unsigned": "Send it through a server that signs as {domain}, or add {ip} to the SPF"
    " record of {domain}; p=reject needs a DKIM signature.",
    "broken-signature": "Make {source} sign after its last change to the message, or publish the"
    " key it signs with; and add its addresses to the SPF record of {domain}.",
    "broken-alignment": "Relax alignment (adkim=r, aspf=r), or sign and send as exactly the domain"
    " in From.",
    "broken-lately": "It passed before: check what changed when it began to fail, first its DKIM"
    " key.",
}
LIST_REMEDY = (
    "Have lists keep DKIM intact (no footer, no subject tag) or rewrite From; use a subdomain for"
    " people who post to lists; or set accept_indirect_loss = true and lose it (RFC 9989 §7.4)."
)
SIGN_REMEDY = (
    "Sign with DKIM as {domain}: SPF does not survive forwarding, and p=reject must not rest on it"
    " (RFC 9989 §7.4)."
)
LABEL_REMEDY = "Is it yours? If so: rua label {domain} {source} {class_}; if not: … spoof."
BELOW_REMEDY = (
    'Publish its own record with the weaker policy: _dmarc.{name}. TXT "{text}"; then sp no longer'
    " applies to it (RFC 9989 §4.10.1)."
)


def broken(state: DomainState) -> list[Blocker]:
    """Every broken source, at any volume: a small sender must not vanish in a large domain."""
    return [_blocker(state, row, "broken", _remedy(state, row)) for row in state.of_class("broken")]


def dormant(state: DomainState) -> list[Blocker]:
    """Sources that failed when they last sent, before the window: they may send again."""
    return [
        _blocker(
            state,
            row,
            row["class"],
            _remedy(state, row) if row["class"] == "broken" else _label_remedy(state, row),
        )
        for row in state.dormant
    ]


def undecided(state: DomainState, gates: Gates) -> list[Blocker]:
    """Undecided sources above a threshold of messages, share or days; all of them if their sum is
    above `undecided_share`."""
    found = state.of_class("undecided")
    floor = gates.source_share * state.legitimate
    large = [
        row
        for row in found
        if row["messages"] >= gates.source_messages
        or (state.legitimate and row["messages"] >= floor)
        or (row["last_seen"] - row["first_seen"]).days >= gates.source_days
    ]
    together = sum(row["messages"] for row in found)
    chosen = found if together > gates.undecided_share * state.legitimate else large
    return [
        _blocker(
            state,
            row,
            "undecided",
            _label_remedy(state, row),
        )
        for row in chosen
    ]


def indirect(state: DomainState) -> list[Blocker]:
    """Mailing lists and forwarders whose mail p=reject would lose."""
    found = state.of_class("list", "forwarder")
    rows = [row for row in found if row["aligned"] + row["indeterminate"] < row["messages"]]
    return [_blocker(state, row, "list", LIST_REMEDY) for row in rows]


def signs_nothing(state: DomainState, step: Step) -> list[Blocker]:
    """Own sources without any DKIM-aligned message."""
    rows = [row for row in state.of_class("own") if not row["dkim_aligned"]]
    if is_below(step):
        rows = [row for row in rows if set(row["header_froms"]) - {state.domain}]
    remedy = SIGN_REMEDY.format(domain=state.domain)
    return [_blocker(state, row, "own", remedy) for row in rows]


def below(state: DomainState, names: Sequence[Row]) -> list[Blocker]:
    """Names below the domain with too little evidence to raise sp."""
    record = state.dns.record if state.dns else None
    rua = ",".join(record.rua) if record and record.rua else "mailto:…"
    found = []
    for row in names:
        text = f"v=DMARC1; p={state.subdomain_policy}; rua={rua}"
        failed = row["messages"] - row["aligned"]
        made = row | {
            "source": row["name"],
            "reason": f"{failed:,} of {row['messages']:,} legitimate messages fail",
        }
        remedy = BELOW_REMEDY.format(name=row["name"], text=text)
        found.append(_blocker(state, made, "own", remedy))
    return found


def unexpected(state: DomainState) -> list[Blocker]:
    """Mail of a parked domain that does not look like abuse."""
    remedy = "A parked domain sends no mail: find out who sends this, or remove parked = true."
    found = state.of_class("own", "broken", "forwarder", "list")
    return [_blocker(state, row, row["class"], remedy) for row in found]


def _label_remedy(state: DomainState, row: Row) -> str:
    """A command quoted for a shell. If it is yours and does not pass, its class is broken: as own
    it would only lower the rate."""
    class_ = "own" if row["aligned"] else "broken"
    names = {"domain": quote(state.domain), "source": quote(row["source"])}
    return LABEL_REMEDY.format(**names, class_=class_)


def _blocker(state: DomainState, row: Row, class_: str, remedy: str) -> Blocker:
    total = state.legitimate or state.mail["messages"]
    return {
        "source": row["source"],
        "source_ips": row["source_ips"],
        "class": class_,
        "messages": row["messages"],
        "share": round(row["messages"] / total, 6) if total else None,
        "first_seen": row["first_seen"],
        "last_seen": row["last_seen"],
        "reason": _reason(row),
        "remedy": remedy,
    }


def _reason(row: Row) -> str:
    """The reason of the largest address, and that it is one of several."""
    addresses = row["source_ips"]
    if addresses < 2 or "name" in row:
        return str(row["reason"])
    return f"largest of {addresses:,} addresses: {row['reason']}"


def _remedy(state: DomainState, row: Row) -> str:
    """The vendor's own steps if it is in the catalogue, else the remedy for the rule."""
    rule = row["rule"]
    sender = find(row["sender"]) if row["sender"] else None
    if sender is not None and rule not in ("broken-alignment", "broken-lately"):
        return " ".join(_numbered(sender.steps(state.domain)))
    text = BY_RULE.get(rule or "", "Sign as {domain}, or send with a MAIL FROM of {domain}.")
    return text.format(
        domain=state.domain,
        source=row["source"],
        ip=row["source_ip"],
    )


def _numbered(steps: Sequence[str]) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
