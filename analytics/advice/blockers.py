"""What stands in the way of the next step, largest first, each with a remedy."""

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
    " record of {domain}; for p=reject it has to be signed.",
    "broken-signature": "Let {source} sign after its last change to the mail, or publish the key it"
    " signs with; and add its addresses to the SPF record of {domain}.",
    "broken-alignment": "Relax the alignment (adkim=r, aspf=r), or let it sign and send as the very"
    " domain in From.",
    "broken-lately": "It passed before: look at what changed when it stopped, above all the key it"
    " signs with.",
}
LIST_REMEDY = (
    "Lists that keep DKIM (no footer, no subject tag) or rewrite From; a subdomain for those who"
    " post to lists; or say accept_indirect_loss = true and lose it (RFC 9989 §7.4)."
)
SIGN_REMEDY = (
    "Sign with DKIM as {domain}: SPF does not survive forwarding, and p=reject must not rest on it"
    " (RFC 9989 §7.4)."
)
LABEL_REMEDY = "Is it yours? Then: rua label {domain} {source} {class_}; else: … spoof."
BELOW_REMEDY = (
    'Give it a record of its own, at the weaker policy: _dmarc.{name}. TXT "{text}"; then sp no'
    " longer decides on it (RFC 9989 §4.10.1)."
)


def broken(state: DomainState) -> list[Blocker]:
    """Every broken source, at any volume: a small biller does not vanish in a large domain."""
    return [_blocker(state, row, "broken", _remedy(state, row)) for row in state.of_class("broken")]


def dormant(state: DomainState) -> list[Blocker]:
    """Sources that failed when they sent last, before the window: they may send again."""
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
    """Undecided sources above the floor: so many messages, such a share, or two separate weeks;
    and all of them when together they are too much."""
    found = state.of_class("undecided")
    floor = gates.source_share * state.legitimate
    loud = [
        row
        for row in found
        if row["messages"] >= gates.source_messages
        or (state.legitimate and row["messages"] >= floor)
        or (row["last_seen"] - row["first_seen"]).days >= gates.source_days
    ]
    together = sum(row["messages"] for row in found)
    chosen = found if together > gates.undecided_share * state.legitimate else loud
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
    """Mailing lists and forwarders whose mail would be lost at p=reject."""
    found = state.of_class("list", "forwarder")
    rows = [row for row in found if row["aligned"] + row["indeterminate"] < row["messages"]]
    return [_blocker(state, row, "list", LIST_REMEDY) for row in rows]


def signs_nothing(state: DomainState, step: Step) -> list[Blocker]:
    """Own sources of which no message is DKIM-aligned."""
    rows = [row for row in state.of_class("own") if not row["dkim_aligned"]]
    if is_below(step):
        rows = [row for row in rows if set(row["header_froms"]) - {state.domain}]
    remedy = SIGN_REMEDY.format(domain=state.domain)
    return [_blocker(state, row, "own", remedy) for row in rows]


def below(state: DomainState, names: Sequence[Row]) -> list[Blocker]:
    """Names below the domain whose own mail is too little to raise sp over."""
    record = state.dns.record if state.dns else None
    rua = ",".join(record.rua) if record and record.rua else "mailto:…"
    found = []
    for row in names:
        text = f"v=DMARC1; p={state.subdomain_policy}; rua={rua}"
        failed = row["messages"] - row["aligned"]
        made = row | {
            "source": row["name"],
            "reason": f"{row['messages']:,} legitimate messages, {failed:,} of them fail",
        }
        remedy = BELOW_REMEDY.format(name=row["name"], text=text)
        found.append(_blocker(state, made, "own", remedy))
    return found


def unexpected(state: DomainState) -> list[Blocker]:
    """Mail of a parked domain that does not look like abuse."""
    remedy = "A parked domain sends none: find out who sends this, or take parked = true back."
    found = state.of_class("own", "broken", "forwarder", "list")
    return [_blocker(state, row, row["class"], remedy) for row in found]


def _label_remedy(state: DomainState, row: Row) -> str:
    """A command that a shell takes as it is written, whatever the source is called. What is ours
    and does not pass is broken: own, it would only lower the rate."""
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
    """It is told of the address with the most mail: of several, that has to be said."""
    addresses = row["source_ips"]
    if addresses < 2 or "name" in row:
        return str(row["reason"])
    return f"of {addresses:,} addresses the largest: {row['reason']}"


def _remedy(state: DomainState, row: Row) -> str:
    """The vendor's own steps where it is catalogued, else what its rule asks for."""
    rule = row["rule"]
    sender = find(row["sender"]) if row["sender"] else None
    if sender is not None and rule not in ("broken-alignment", "broken-lately"):
        return " ".join(_numbered(sender.steps(state.domain)))
    text = BY_RULE.get(rule or "", "Let it sign as {domain}, or send with a MAIL FROM of {domain}.")
    return text.format(
        domain=state.domain,
        source=row["source"],
        ip=row["source_ip"],
    )


def _numbered(steps: Sequence[str]) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
