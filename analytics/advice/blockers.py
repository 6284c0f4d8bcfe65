"""What stands in the way of the next step, largest first, each with a remedy."""

from collections.abc import Sequence
from shlex import quote
from typing import Any

from analytics.advice.domain_state import Standing
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


def broken(standing: Standing) -> list[Blocker]:
    """Every broken source, at any volume: a small biller does not vanish in a large domain."""
    return [
        _blocker(standing, row, "broken", _remedy(standing, row))
        for row in standing.of_class("broken")
    ]


def dormant(standing: Standing) -> list[Blocker]:
    """Sources that failed when they sent last, before the window: they may send again."""
    return [
        _blocker(
            standing,
            row,
            row["class"],
            _remedy(standing, row) if row["class"] == "broken" else _label_remedy(standing, row),
        )
        for row in standing.dormant
    ]


def undecided(standing: Standing, gates: Gates) -> list[Blocker]:
    """Undecided sources above the floor: so many messages, such a share, or two separate weeks;
    and all of them when together they are too much."""
    found = standing.of_class("undecided")
    floor = gates.source_share * standing.legitimate
    loud = [
        row
        for row in found
        if row["messages"] >= gates.source_messages
        or (standing.legitimate and row["messages"] >= floor)
        or (row["last_seen"] - row["first_seen"]).days >= gates.source_days
    ]
    together = sum(row["messages"] for row in found)
    chosen = found if together > gates.undecided_share * standing.legitimate else loud
    return [
        _blocker(
            standing,
            row,
            "undecided",
            _label_remedy(standing, row),
        )
        for row in chosen
    ]


def indirect(standing: Standing) -> list[Blocker]:
    """Mailing lists and forwarders whose mail would be lost at p=reject."""
    found = standing.of_class("list", "forwarder")
    rows = [row for row in found if row["aligned"] + row["indeterminate"] < row["messages"]]
    return [_blocker(standing, row, "list", LIST_REMEDY) for row in rows]


def signs_nothing(standing: Standing, step: Step) -> list[Blocker]:
    """Own sources of which no message is DKIM-aligned."""
    rows = [row for row in standing.of_class("own") if not row["dkim_aligned"]]
    if is_below(step):
        rows = [row for row in rows if set(row["header_froms"]) - {standing.domain}]
    remedy = SIGN_REMEDY.format(domain=standing.domain)
    return [_blocker(standing, row, "own", remedy) for row in rows]


def below(standing: Standing, names: Sequence[Row]) -> list[Blocker]:
    """Names below the domain whose own mail is too little to raise sp over."""
    record = standing.dns.record if standing.dns else None
    rua = ",".join(record.rua) if record and record.rua else "mailto:…"
    found = []
    for row in names:
        text = f"v=DMARC1; p={standing.subdomain_policy}; rua={rua}"
        failed = row["messages"] - row["aligned"]
        made = row | {
            "source": row["name"],
            "reason": f"{row['messages']:,} legitimate messages, {failed:,} of them fail",
        }
        remedy = BELOW_REMEDY.format(name=row["name"], text=text)
        found.append(_blocker(standing, made, "own", remedy))
    return found


def unexpected(standing: Standing) -> list[Blocker]:
    """Mail of a parked domain that does not look like abuse."""
    remedy = "A parked domain sends none: find out who sends this, or take parked = true back."
    found = standing.of_class("own", "broken", "forwarder", "list")
    return [_blocker(standing, row, row["class"], remedy) for row in found]


def _label_remedy(standing: Standing, row: Row) -> str:
    """A command that a shell takes as it is written, whatever the source is called. What is ours
    and does not pass is broken: own, it would only lower the rate."""
    class_ = "own" if row["aligned"] else "broken"
    names = {"domain": quote(standing.domain), "source": quote(row["source"])}
    return LABEL_REMEDY.format(**names, class_=class_)


def _blocker(standing: Standing, row: Row, class_: str, remedy: str) -> Blocker:
    total = standing.legitimate or standing.mail["messages"]
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


def _remedy(standing: Standing, row: Row) -> str:
    """The vendor's own steps where it is catalogued, else what its rule asks for."""
    rule = row["rule"]
    sender = find(row["sender"]) if row["sender"] else None
    if sender is not None and rule not in ("broken-alignment", "broken-lately"):
        return " ".join(_numbered(sender.steps(standing.domain)))
    text = BY_RULE.get(rule or "", "Let it sign as {domain}, or send with a MAIL FROM of {domain}.")
    return text.format(
        domain=standing.domain,
        source=row["source"],
        ip=row["source_ip"],
    )


def _numbered(steps: Sequence[str]) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
