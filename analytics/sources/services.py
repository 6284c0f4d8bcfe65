"""Sources gathered into services: the addresses that bear one name, whatever their number.

Gathered in SQL and kept, so that a store with hundreds of thousands of addresses answers as fast;
lists come in pages. Why each is of its class is told of those alone that are looked at, since most
of them are abuse, of which nobody asks.
"""

from collections.abc import Collection
from typing import Any

from analytics.query.question import Question
from analytics.query.relation import Made, Relations
from analytics.query.run import Row, ask, made
from analytics.query.window import Window
from analytics.sources.classification import source_class
from analytics.sources.drilldown import Drilldown, sought
from analytics.sources.explanation import reason, settled_by
from analytics.sources.summary import by_service, is_new

__all__ = ["EVERY", "by_class", "service_counts", "service_page", "services"]

EVERY = 1_000_000_000  # services of a page that is to hold them all
ALL_ROWS: dict[str, Any] = {
    "classes": None,
    "told": None,
    "of_class": None,
    "most": EVERY,
    "skip": 0,
}


def by_class(q: Question, classes: Collection[str] | None = None) -> list[Row]:
    """One row per (domain, source, class), most mail first; of these classes, None meaning all.

    Sums over `source_ips` addresses; `source_ip` is that of the one with the most mail, whose
    `reason`, `rule` and `settled_by` stand for all; `days` those of the one seen on most days;
    `header_froms` the author domains met. `country`, `asn`, `as_name` are None where they differ.
    """
    listed = _listed(classes)
    return _rows(q, Drilldown(), classes=listed, told=listed)


def services(q: Question, told: Collection[str] | None = None) -> list[Row]:
    """One row per (domain, source), as `rua sources --by source` has them.

    `told` names the classes of which `reason` and `settled_by` are wanted, None meaning all; they
    are None of the others.
    """
    return by_service(_rows(q, Drilldown(), told=_listed(told)), q.gates)


def service_counts(q: Question, to: Drilldown) -> dict[str, int]:
    """How many services with mail that `to` names are of each class: {class: services}."""
    rows = ask(q.reader, "sources/service_counts", {}, _services(q, to))
    return {row["class"]: row["services"] for row in rows}


def service_page(
    q: Question, to: Drilldown, *, of_class: str | None = None, most: int, skip: int = 0
) -> list[Row]:
    """A page of the rows of `services` with mail that `to` names, and counted as far as it does: at
    most `most` after the first `skip`, most mail first; of one class, where it is named."""
    return by_service(_rows(q, to, of_class=of_class, most=most, skip=skip), q.gates)


def _rows(q: Question, to: Drilldown, **asked: Any) -> list[Row]:
    """Rows of queries/service_rows.sql, by default all of them."""
    rows = ask(q.reader, "sources/service_rows", ALL_ROWS | asked, _services(q, to))
    return [_told(row, q.window) for row in rows]


def _told(row: Row, window: Window) -> Row:
    """The row with why, where that is told."""
    loudest = row.pop("loudest")
    row["reason"] = loudest and reason(loudest)
    row["settled_by"] = loudest and settled_by(loudest)
    row["is_new"] = is_new(row, window)
    return row


def _services(q: Question, to: Drilldown) -> Made:
    """The relation `service`, of the mail that `to` names (queries/services.sql)."""
    counted = _counted_address(q, to)
    floors = {"floor_messages": q.gates.source_messages, "floor_share": q.gates.source_share}
    return made("service", "sources/services", floors, counted, source_class(q), is_cached=True)


def _counted_address(q: Question, to: Drilldown) -> Made:
    if to == Drilldown():
        return made("counted_address", "sources/source_counts", q.named, source_class(q))
    chosen = {"reporter": to.reporter, "failing": to.failing}
    over: Relations = (*q.counted, sought(q, to))
    return made("counted_address", "sources/sought_addresses", q.bounds | chosen, *over)


def _listed(names: Collection[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
