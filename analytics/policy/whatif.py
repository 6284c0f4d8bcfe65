"""Shows what another policy would do, by replaying the mail of the window under it.

Each record is evaluated again (queries/whatif_replayed.sql): whether it passes under the alignment
modes asked for, and which tag applies if it fails (RFC 9989 §4.10.1). The published policy and what
receivers did at the time do not matter here; `observed` has the latter.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict

from analytics.policy.replay import Replayed, Tags
from analytics.query.question import Question
from analytics.query.run import Row, ask
from analytics.query.statistics import CLUSTERS, design_effect, wilson
from analytics.sources.classes import CLASSES
from analytics.sources.classification import source_class

__all__ = ["LEGITIMATE", "as_published", "outcome", "whatif"]

LEGITIMATE = ("own", "broken")
INDIRECT = ("forwarder", "list")
SEVERITY = {"none": 0, "quarantine": 1, "reject": 2}
STRICT = "s"
TAGS = ("p", "sp", "np")


def as_published(q: Question) -> Row:
    """p, sp, np, adkim and aspf of one domain as the newest report saw them, up to the window's
    end.

    Reporters fill sp and np in with what stands for an absent tag, so such a value says nothing:
    it is None, and follows p. `p` is None where no report shows any; modes are relaxed then.
    """
    asked = {"domain": q.domain, "last": q.window.last}
    (seen,) = ask(q.reader, "policy/whatif_published", asked, *q.counted)
    p, sp, np = (seen[tag] if seen[tag] in SEVERITY else None for tag in TAGS)
    return {
        "p": p,
        "sp": None if sp == p else sp,
        "np": None if np == (sp or p) else np,
        # RFC 9989 §4.7: an absent or unknown mode is relaxed.
        "adkim": STRICT if seen["adkim"] == STRICT else "r",
        "aspf": STRICT if seen["aspf"] == STRICT else "r",
    }


def whatif(q: Question, tags: Tags, existing: Mapping[str, bool] | None = None) -> Row:
    """What of the window's mail of one domain `tags` would have had rejected or quarantined: the
    keys of `rua whatif` (docs/commands.md). Counts are messages; failures that a temporary error
    may explain are `indeterminate` and in no other count but `messages`.

    `existing` says of names below the domain whether DNS has them.
    """
    return outcome(Replayed.of(q, tags, existing), tags)


def outcome(mail: Replayed, tags: Tags) -> Row:
    """The same of mail that was replayed under these tags."""
    force = tags.in_force()
    outcomes = mail.ask("policy/whatif_outcomes", {})
    hit = [row for row in outcomes if row["state"] == "fail" and force[row["tag"]] != "none"]
    hardest, mildest = (_below(force, choose) for choose in (max, min))
    decided = _exposed(mail, LEGITIMATE, force, force)
    lost = int(decided["legitimate_lost"])
    firm = [row for row in outcomes if row["state"] != "indeterminate"]
    legitimate = _sum(firm, LEGITIMATE)
    maybe = _sum(firm, (*LEGITIMATE, "undecided"))
    *dialects, together = mail.ask("policy/whatif_dialects", {})
    return {
        "domain": mail.q.domain,
        "policy": asdict(tags),
        "in_force": force,
        "messages": _sum(outcomes),
        "rejected": _sum(_at("reject", hit, force)),
        "quarantined": _sum(_at("quarantine", hit, force)),
        "legitimate": legitimate,
        "legitimate_lost": lost,
        "interval": decided["interval"] if legitimate else None,
        "indirect_lost": _sum(hit, INDIRECT),
        "spoof_stopped": _sum(hit, ("spoof",)),
        "undecided": _sum(hit, ("undecided",)),
        "indeterminate": _sum(outcomes) - _sum(firm),
        "best": {"legitimate": legitimate, **_exposed(mail, LEGITIMATE, force, mildest)},
        "worst": {
            "legitimate": maybe,
            **_exposed(mail, (*LEGITIMATE, "undecided"), force, hardest),
        },
        "by_class": {name: _class(name, outcomes, hit, force) for name in CLASSES},
        "by_source": _by_source(mail, force, legitimate, lost),
        "unknown_names": _sum(row for row in firm if _hangs_on_name(row, force)),
        "not_replayed": _not_replayed(outcomes),
        "unverified": sum(row["unverified"] for row in outcomes),
        "reporters": together["reporters"],
        "dialects": {row.pop("dialect"): row for row in dialects},
        "observed": _observed(mail.q),
        "window": {
            "first": mail.q.window.first,
            "last": mail.q.window.last,
            "days": mail.q.window.days,
            "days_with_mail": together["days"],
        },
    }


def _below(force: Mapping[str, str], choose: Callable[..., str]) -> dict[str, str]:
    """The policies where a name of which DNS was not asked is what makes the result so."""
    chosen = choose((force["sp"], force["np"]), key=SEVERITY.__getitem__)
    return {"p": force["p"], "sp": chosen, "np": chosen}


def _exposed(
    mail: Replayed,
    classes: Sequence[str],
    force: Mapping[str, str],
    unsure: Mapping[str, str],
) -> Row:
    """legitimate_lost, and its 95 % interval in messages, with reporter-days as clusters.

    The rate is of the mail on which an enforcing policy decides; what else there is cannot be lost.
    """
    parameters = {
        "classes": list(classes),
        "enforced": _enforced(force),
        "enforced_unsure": _enforced(unsure),
    }
    (row,) = mail.ask("policy/whatif_exposed", parameters)
    counts = (row["lost"], row["exposed"])
    sums = {key: row[key] for key in CLUSTERS}
    bounds = wilson(*counts, effect=design_effect(*counts, **sums)) or (0.0, 0.0)
    return {
        "legitimate_lost": row["lost"],
        "interval": _messages(bounds, row["exposed"]),
    }


def _messages(bounds: tuple[float, float], of: int) -> tuple[int, int]:
    """A rate's interval in whole messages, rounded outwards."""
    # 0.1 * 30 is 3.0000000000000004: what floating point adds is no message.
    low, high = (round(bound * of, 6) for bound in bounds)
    return math.floor(low), math.ceil(high)


def _enforced(policies: Mapping[str, str]) -> list[str]:
    return [tag for tag in TAGS if policies[tag] != "none"]


def _sum(rows: Iterable[Row], classes: Sequence[str] = CLASSES) -> int:
    return sum(row["messages"] for row in rows if row["class"] in classes)


def _at(policy: str, rows: Iterable[Row], force: Mapping[str, str]) -> list[Row]:
    return [row for row in rows if force[row["tag"]] == policy]


def _class(
    name: str, outcomes: Iterable[Row], hit: Iterable[Row], force: Mapping[str, str]
) -> dict[str, int]:
    mine = [row for row in hit if row["class"] == name]
    return {
        "messages": _sum(outcomes, (name,)),
        "rejected": _sum(_at("reject", mine, force)),
        "quarantined": _sum(_at("quarantine", mine, force)),
    }


def _hangs_on_name(row: Row, force: Mapping[str, str]) -> bool:
    return row["state"] == "fail" and not row["is_sure"] and force["sp"] != force["np"]


def _by_source(mail: Replayed, force: Mapping[str, str], legitimate: int, lost: int) -> list[Row]:
    """What is lost, source by source; `left_after` is the legitimate loss once this source and
    those before it are fixed. `share` is of legitimate mail."""
    asked = {"domain": mail.q.domain, "enforced": _enforced(force)}
    rows = mail.ask("policy/whatif_sources", asked, source_class(mail.q))
    left = lost
    for row in rows:
        if row["class"] in LEGITIMATE:
            left -= row["lost"]
        row["share"] = row["lost"] / legitimate if legitimate else None
        row["left_after"] = left
    return rows


def _not_replayed(outcomes: Iterable[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in outcomes:
        if why := row["not_replayed"]:
            found[why] = found.get(why, 0) + row["messages"]
    return found


def _observed(q: Question) -> Row:
    """What receivers did with the mail that failed as they saw it."""
    rows = ask(q.reader, "policy/whatif_observed", {"domain": q.domain, **q.days}, *q.counted)
    return {
        "failing": sum(row["messages"] for row in rows),
        "weaker": sum(row["weaker"] for row in rows),
        "dispositions": _gathered(rows, "disposition"),
        "reasons": _gathered(rows, "reason"),
    }


def _gathered(rows: Iterable[Row], key: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row[key] is not None:
            found[row[key]] = found.get(row[key], 0) + row["messages"]
    return found
