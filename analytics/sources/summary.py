"""The rows of `rua domains` and `rua sources`: who sends as a domain, and what passes."""

from collections.abc import Container, Iterable
from typing import Any

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.query.statistics import CLUSTERS, design_effect, is_enough, wilson
from analytics.query.window import Window
from analytics.sources.classes import SourceClass
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

# Parameters of queries/sources.sql for all sources.
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

# The evidence in a source's row beside the keys of the contract.
EVIDENCE = ("days", "reporters", "other_dkim", "other_spf", "header_from", "rhythm")


def domains(q: Question, configured: Container[str] = ()) -> list[Row]:
    """One row per policy domain with the keys of `rua domains` (docs/commands.md), most mail first.

    Rates are of legitimate mail: own and broken sources without indeterminate results. `interval`
    is its 95 % interval with reporter-days as clusters, None without legitimate mail; `enough`
    whether there is enough for a rate. `classes` is {class: messages}. `verdict` is None: the
    caller adds it.
    """
    rows = by_domain(q, "sources/domains", {**q.days, "domain": q.domain})
    return [_domain(row, configured) for row in among(q, rows)]


def _domain(row: Row, configured: Container[str]) -> Row:
    counts = (row["legitimate_aligned"], row["legitimate"])
    sums = {key: row[key] for key in CLUSTERS}
    interval = wilson(*counts, effect=design_effect(*counts, **sums))
    rest = {key: value for key, value in row.items() if key not in sums}
    classes, undecided, last = (
        rest.pop(key) for key in ("classes", "undecided_sources", "last_report")
    )
    return {
        "domain": rest.pop("domain"),
        "configured": row["domain"] in configured,
        **rest,
        "interval": interval,
        "enough": is_enough(row["legitimate"]),
        "undecided_sources": undecided,
        "last_report": last,
        "classes": classes,
        "verdict": None,
    }


def sources(q: Question) -> list[Row]:
    """One row per (domain, source address) with the keys of `rua sources`, most mail first.

    `rule` is the rule that decided, `settled_by` what would decide an undecided source, `is_new`
    whether it was first seen in the window's last 7 days.
    """
    rows = ask_cached(q.reader, "sources/sources", q.named | ALL, source_class(q))
    return [source(row, q.window) for row in rows]


def source(row: Row, window: Window) -> Row:
    """A row of `sources` from a row of queries/sources.sql."""
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
    """Whether it was first seen in the window's last NEW_DAYS days."""
    return bool((window.last - row["first_seen"]).days < NEW_DAYS)


def by_service(rows: Iterable[Row], gates: Gates) -> list[Row]:
    """Sources grouped by service: `source_ip` is None, `source_ips` counts addresses.

    Takes rows of `sources`, or of `services.services_by_class`, which are groups already.

    The class is the largest one other than own with at least `source_messages` of the thresholds,
    or `source_share` of the service's mail; else own.
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
    largest = max((r for r in members if r["class"] == chosen), key=lambda r: r["messages"])
    return {
        "domain": members[0]["domain"],
        "source_ip": None,
        "source_ips": _addresses(members),
        "source": name,
        "class": chosen,
        "classes": classes,
        "decided_by": largest["decided_by"],
        **total,
        "first_seen": min(row["first_seen"] for row in members),
        "last_seen": max(row["last_seen"] for row in members),
        **{key: _common(members, key) for key in ("country", "asn", "as_name")},
        "reason": _service_reason(members, chosen, largest),
        "settled_by": largest["settled_by"],
        "sender": largest["sender"],
        "is_new": all(row["is_new"] for row in members),
    }


def _service_reason(members: list[Row], chosen: str, largest: Row) -> str | None:
    """The reason of the class's largest address, and the number of addresses; None without one."""
    if largest["reason"] is None:
        return None
    addresses = _addresses(row for row in members if row["class"] == chosen)
    among = f" (1 of {addresses:,} addresses)" if addresses > 1 else ""
    return f"{largest['source_ip']}{among}: {largest['reason']}"


def _addresses(members: Iterable[Row]) -> int:
    return sum(row.get("source_ips", 1) for row in members)


def _class_of(classes: dict[str, int], messages: int, gates: Gates) -> str:
    others = {
        name: count
        for name, count in classes.items()
        if name != SourceClass.OWN
        and (count >= gates.source_messages or count >= gates.source_share * messages)
    }
    if others:
        return max(others, key=lambda name: (others[name], name))
    own: str = SourceClass.OWN
    return own if own in classes else max(classes, key=lambda name: classes[name])


def _common(members: list[Row], key: str) -> Any:
    values = {row[key] for row in members}
    return values.pop() if len(values) == 1 else None
