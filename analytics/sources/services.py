"""Groups source addresses by service name.

SQL groups them and the result is cached, so that a store with hundreds of thousands of addresses
answers as fast; lists come in pages. Reasons are made only for the rows shown: most sources are
abuse, whose reason nobody reads.
"""

from collections.abc import Collection
from typing import Any

from analytics.query.question import Question
from analytics.query.relation import Made, Relations
from analytics.query.run import Row, ask, made
from analytics.query.window import Window
from analytics.sources.classification import source_class
from analytics.sources.drilldown import Drilldown, drilldown_relation
from analytics.sources.explanation import reason, settled_by
from analytics.sources.summary import by_service, is_new

__all__ = ["EVERY", "service_counts", "service_page", "services", "services_by_class"]

EVERY = 1_000_000_000  # page size for all services
ALL_ROWS: dict[str, Any] = {
    "classes": None,
    "explained": None,
    "of_class": None,
    "most": EVERY,
    "skip": 0,
}


def services_by_class(q: Question, classes: Collection[str] | None = None) -> list[Row]:
    """One row per (domain, source, class), most mail first; of these classes, None meaning all.

    Sums over `source_ips` addresses. `source_ip`, `reason`, `rule` and `settled_by` are those of
    the address with the most mail, `days` those of the address seen on most days; `header_froms`
    the author domains. `country`, `asn`, `as_name` are None if they differ.
    """
    listed = _listed(classes)
    return _rows(q, Drilldown(), classes=listed, explained=listed)


def services(q: Question, explained: Collection[str] | None = None) -> list[Row]:
    """One row per (domain, source), as in `rua sources --by source`.

    `explained` are the classes that get `reason` and `settled_by`, None meaning all; the others
    have None.
    """
    return by_service(_rows(q, Drilldown(), explained=_listed(explained)), q.gates)


def service_counts(q: Question, to: Drilldown) -> dict[str, int]:
    """Services with mail that `to` selects, by class: {class: services}."""
    rows = ask(q.reader, "sources/service_counts", {}, _services(q, to))
    return {row["class"]: row["services"] for row in rows}


def service_page(
    q: Question, to: Drilldown, *, of_class: str | None = None, most: int, skip: int = 0
) -> list[Row]:
    """A page of the rows of `services`, counting only mail that `to` selects: at most `most` after
    the first `skip`, most mail first; of one class, if given."""
    return by_service(_rows(q, to, of_class=of_class, most=most, skip=skip), q.gates)


def _rows(q: Question, to: Drilldown, **asked: Any) -> list[Row]:
    """Rows of queries/service_rows.sql, by default all of them."""
    rows = ask(q.reader, "sources/service_rows", ALL_ROWS | asked, _services(q, to))
    return [_explained(row, q.window) for row in rows]


def _explained(row: Row, window: Window) -> Row:
    """The row with `reason` and `settled_by`, if it has the row to explain."""
    largest = row.pop("largest")
    row["reason"] = largest and reason(largest)
    row["settled_by"] = largest and settled_by(largest)
    row["is_new"] = is_new(row, window)
    return row


def _services(q: Question, to: Drilldown) -> Made:
    """The relation `service`, of the mail that `to` selects (queries/services.sql)."""
    counted = _counted_address(q, to)
    floors = {"floor_messages": q.gates.source_messages, "floor_share": q.gates.source_share}
    return made("service", "sources/services", floors, counted, source_class(q), is_cached=True)


def _counted_address(q: Question, to: Drilldown) -> Made:
    if to == Drilldown():
        return made("counted_address", "sources/source_counts", q.named, source_class(q))
    chosen = {"reporter": to.reporter, "failing": to.failing}
    over: Relations = (*q.counted, drilldown_relation(q, to))
    return made("counted_address", "sources/drilldown_addresses", q.bounds | chosen, *over)


def _listed(names: Collection[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
