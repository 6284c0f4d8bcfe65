"""Who sends as a domain and what passes: domains, sources."""

from collections.abc import Container, Iterable
from typing import Any

from analytics.ask import Row, ask
from analytics.statistics import design_effect, wilson
from analytics.window import Window
from schemas.store import Connection

__all__ = ["by_service", "domains", "sources"]

FLOOR_MESSAGES = 10
FLOOR_SHARE = 0.001


def domains(
    con: Connection, window: Window, configured: Container[str] = (), domain: str | None = None
) -> list[Row]:
    """One row per policy domain, the keys of `rua domains` (DESIGN §5), most mail first.

    Rates are of legitimate mail: that of own sources, indeterminate results left out. `interval`
    is its 95 % interval with reporter-days as clusters, None without legitimate mail. `verdict`
    is None: no advice is given yet.
    """
    rows = ask(con, "domains", _bounds(window, domain))
    return [_domain(row, configured) for row in rows]


def _domain(row: Row, configured: Container[str]) -> Row:
    counts = (row["legitimate_aligned"], row["legitimate"])
    sums = {key: row[key] for key in ("clusters", "xx", "xn", "nn")}
    effect = design_effect(*counts, **sums)
    kept = {key: value for key, value in row.items() if key not in sums}
    undecided, last = kept.pop("undecided_sources"), kept.pop("last_report")
    return {
        "domain": kept.pop("domain"),
        "configured": row["domain"] in configured,
        **kept,
        "interval": wilson(*counts, effect=effect),
        "undecided_sources": undecided,
        "last_report": last,
        "verdict": None,
    }


def sources(con: Connection, window: Window, domain: str | None = None) -> list[Row]:
    """One row per (domain, source address), the keys of `rua sources`, most mail first."""
    return [_source(row) for row in ask(con, "sources", _bounds(window, domain))]


def _source(row: Row) -> Row:
    days, reporters = row.pop("days"), row.pop("reporters")
    row["reason"] = _reason(row, days, reporters)
    row["decided_by"] = "rule"
    return row


def _reason(row: Row, days: int, reporters: int) -> str:
    over = f"on {_some(days, 'day')}, as {_some(reporters, 'reporter')} saw it"
    if row["class"] == "own":
        return f"{row['aligned']} of {_some(row['messages'], 'message')} pass aligned, {over}"
    return f"none of {_some(row['messages'], 'message')} passes aligned, {over}"


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def by_service(rows: Iterable[Row]) -> list[Row]:
    """Sources gathered into services: `source_ip` is None, `source_ips` counts addresses.

    The class is the largest one other than own that is above the floor, else own.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["domain"], row["source"] or row["source_ip"]), []).append(row)
    services = [_service(name, members) for (_, name), members in groups.items()]
    return sorted(services, key=lambda row: (-row["messages"], row["domain"], row["source"]))


def _service(name: str, members: list[Row]) -> Row:
    classes: dict[str, int] = {}
    for row in members:
        classes[row["class"]] = classes.get(row["class"], 0) + row["messages"]
    total = {
        key: sum(row[key] for row in members)
        for key in ("messages", "aligned", "dkim_aligned", "spf_aligned")
    }
    chosen = _class_of(classes, total["messages"])
    loudest = max((r for r in members if r["class"] == chosen), key=lambda r: r["messages"])
    return {
        "domain": members[0]["domain"],
        "source_ip": None,
        "source_ips": len(members),
        "source": name,
        "class": chosen,
        "classes": classes,
        "decided_by": loudest["decided_by"],
        **total,
        "first_seen": min(row["first_seen"] for row in members),
        "last_seen": max(row["last_seen"] for row in members),
        **{key: _common(members, key) for key in ("country", "asn", "as_name")},
        "reason": f"{loudest['source_ip']}: {loudest['reason']}",
    }


def _class_of(classes: dict[str, int], messages: int) -> str:
    others = {
        name: count
        for name, count in classes.items()
        if name != "own" and (count >= FLOOR_MESSAGES or count >= FLOOR_SHARE * messages)
    }
    if others:
        return max(others, key=lambda name: (others[name], name))
    return "own" if "own" in classes else max(classes, key=lambda name: classes[name])


def _common(members: list[Row], key: str) -> Any:
    values = {row[key] for row in members}
    return values.pop() if len(values) == 1 else None


def _bounds(window: Window, domain: str | None) -> dict[str, Any]:
    return {"first": window.first, "last": window.last, "domain": domain}
