"""Who sends as a domain and what passes: domains, sources."""

from collections.abc import Container, Iterable
from typing import Any

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.query.statistics import CLUSTERS, design_effect, is_enough, wilson
from analytics.query.window import Window
from analytics.sources.classification import among, by_domain, source_class
from analytics.sources.explanation import reason, settled_by
from schemas.config.thresholds import Gates

__all__ = [
    "ALL",
    "NEW_DAYS",
    "by_service",
    "domains",
    "is_new",
    "source",
    "sources",
]

NEW_DAYS = 7

# Of queries/sources.sql, which can tell of some of them alone.
ALL: dict[str, Any] = {
    "everything": True,
    "undecided": False,
    "new": False,
    "since": None,
    "anywhere": True,
    "country": None,
    "most": None,
    "skip": 0,
}

# What a source's row tells of its evidence beside the keys of the contract.
EVIDENCE = ("days", "reporters", "other_dkim", "other_spf", "header_from", "rhythm")


def domains(q: Question, configured: Container[str] = ()) -> list[Row]:
    """One row per policy domain, the keys of `rua domains` (docs/commands.md), most mail first.

    Rates are of legitimate mail: that of own and broken sources, indeterminate results left out.
    `interval` is its 95 % interval with reporter-days as clusters, None without legitimate mail;
    `enough` whether that says anything. `classes` is {class: messages}. `verdict` is None: no
    advice is given yet.
    """
    rows = by_domain(q, "sources/domains", {**q.days, "domain": q.domain})
    return [_domain(row, configured) for row in among(q, rows)]


def _domain(row: Row, configured: Container[str]) -> Row:
    counts = (row["legitimate_aligned"], row["legitimate"])
    sums = {key: row[key] for key in CLUSTERS}
    interval = wilson(*counts, effect=design_effect(*counts, **sums))
    kept = {key: value for key, value in row.items() if key not in sums}
    classes, undecided, last = (
        kept.pop(key) for key in ("classes", "undecided_sources", "last_report")
    )
    return {
        "domain": kept.pop("domain"),
        "configured": row["domain"] in configured,
        **kept,
        "interval": interval,
        "enough": is_enough(row["legitimate"]),
        "undecided_sources": undecided,
        "last_report": last,
        "classes": classes,
        "verdict": None,
    }


def sources(q: Question) -> list[Row]:
    """One row per (domain, source address), the keys of `rua sources`, most mail first.

    `rule` names the rule that decided, `settled_by` says what would decide an undecided one,
    `is_new` that it was first seen in the window's last 7 days.
    """
    rows = ask_cached(q.reader, "sources/sources", q.named | ALL, source_class(q))
    return [source(row, q.window) for row in rows]


def source(row: Row, window: Window) -> Row:
    """A row of queries/sources.sql as `sources` tells it."""
    keys = (
        *("domain", "source_ip", "source", "class", "decided_by"),
        *("messages", "aligned", "dkim_aligned", "spf_aligned", "indeterminate"),
        *("first_seen", "last_seen", "country", "asn", "as_name", "ptr", "unconfirmed_ptr"),
    )
    return {
        **{key: row[key] for key in keys},
        "reason": reason(row),
        "settled_by": settled_by(row),
        "rule": row["rule"] if row["decided_by"] == "rule" else None,
        "sender": row["sender"],
        "is_new": is_new(row, window),
        **{key: row[key] for key in EVIDENCE},
    }


def is_new(row: Row, window: Window) -> bool:
    """Whether it was first seen in the window's last days."""
    return bool((window.last - row["first_seen"]).days < NEW_DAYS)


def by_service(rows: Iterable[Row], gates: Gates) -> list[Row]:
    """Sources gathered into services: `source_ip` is None, `source_ips` counts addresses.

    Takes rows of `sources`, or of `services.by_class`, whose each stands for several.

    The class is the largest one other than own that has `source_messages` of the gates, or
    `source_share` of the service's mail; else own.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["domain"], row["source"]), []).append(row)
    services = [_service(name, members, gates) for (_, name), members in groups.items()]
    return sorted(services, key=lambda row: (-row["messages"], row["domain"], row["source"]))


def _service(name: str, members: list[Row], gates: Gates) -> Row:
    classes: dict[str, int] = {}
    for row in members:
        classes[row["class"]] = classes.get(row["class"], 0) + row["messages"]
    counted = ("messages", "aligned", "dkim_aligned", "spf_aligned", "indeterminate")
    total = {key: sum(row[key] for row in members) for key in counted}
    chosen = _class_of(classes, total["messages"], gates)
    loudest = max((r for r in members if r["class"] == chosen), key=lambda r: r["messages"])
    return {
        "domain": members[0]["domain"],
        "source_ip": None,
        "source_ips": _addresses(members),
        "source": name,
        "class": chosen,
        "classes": classes,
        "decided_by": loudest["decided_by"],
        **total,
        "first_seen": min(row["first_seen"] for row in members),
        "last_seen": max(row["last_seen"] for row in members),
        **{key: _common(members, key) for key in ("country", "asn", "as_name")},
        "reason": _spoken_for(members, chosen, loudest),
        "settled_by": loudest["settled_by"],
        "sender": loudest["sender"],
        "is_new": all(row["is_new"] for row in members),
    }


def _spoken_for(members: list[Row], chosen: str, loudest: Row) -> str | None:
    """The reason of the class's largest address, and how many more there are; None where it is
    not told."""
    if loudest["reason"] is None:
        return None
    alike = _addresses(row for row in members if row["class"] == chosen)
    among = f" (1 of {alike:,} addresses)" if alike > 1 else ""
    return f"{loudest['source_ip']}{among}: {loudest['reason']}"


def _addresses(members: Iterable[Row]) -> int:
    return sum(row.get("source_ips", 1) for row in members)


def _class_of(classes: dict[str, int], messages: int, gates: Gates) -> str:
    others = {
        name: count
        for name, count in classes.items()
        if name != "own"
        and (count >= gates.source_messages or count >= gates.source_share * messages)
    }
    if others:
        return max(others, key=lambda name: (others[name], name))
    return "own" if "own" in classes else max(classes, key=lambda name: classes[name])


def _common(members: list[Row], key: str) -> Any:
    values = {row[key] for row in members}
    return values.pop() if len(values) == 1 else None
