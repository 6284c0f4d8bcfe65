"""Sources gathered into services: the addresses that bear one name, whatever their number.

Gathered in SQL and kept, so that a store with hundreds of thousands of addresses answers as fast;
lists come in pages. Why each is of its class is told of those alone that are looked at, since most
of them are abuse, of which nobody asks.
"""

from collections.abc import Collection, Sequence
from typing import Any

from analytics.query.result_cache import SLOW_ANSWER, Kept
from analytics.query.run import Row, ask, question
from analytics.query.window import Window
from analytics.sources.classification import classify
from analytics.sources.classified_query import questions_digest
from analytics.sources.drilldown import Sought, seek
from analytics.sources.explanation import reason, settled_by
from analytics.sources.labels import Word
from analytics.sources.summary import FLOOR_MESSAGES, FLOOR_SHARE, by_service, is_new
from schemas.store.store import Connection

__all__ = ["EVERY", "by_class", "service_counts", "service_page", "services"]

EVERY = 1_000_000_000  # services of a page that is to hold them all
ALL_ROWS: dict[str, Any] = {
    "classes": None,
    "told": None,
    "of_class": None,
    "most": EVERY,
    "skip": 0,
}
FLOORS = {"floor_messages": FLOOR_MESSAGES, "floor_share": FLOOR_SHARE}


def by_class(
    con: Connection,
    window: Window,
    domain: str | None = None,
    words: Sequence[Word] = (),
    classes: Collection[str] | None = None,
) -> list[Row]:
    """One row per (domain, source, class), most mail first; of these classes, None meaning all.

    Sums over `source_ips` addresses; `source_ip` is that of the one with the most mail, whose
    `reason`, `rule` and `settled_by` stand for all; `days` those of the one seen on most days;
    `header_froms` the author domains met. `country`, `asn`, `as_name` are None where they differ.
    """
    listed = _listed(classes)
    return _rows(con, window, _of(domain), words, classes=listed, told=listed)


def services(
    con: Connection,
    window: Window,
    domain: str | None = None,
    words: Sequence[Word] = (),
    told: Collection[str] | None = None,
) -> list[Row]:
    """One row per (domain, source), as `rua sources --by source` has them.

    `told` names the classes of which `reason` and `settled_by` are wanted, None meaning all; they
    are None of the others.
    """
    return by_service(_rows(con, window, _of(domain), words, told=_listed(told)))


def service_counts(
    con: Connection, window: Window, sought: Sought, words: Sequence[Word] = ()
) -> dict[str, int]:
    """How many services with mail that is sought are of each class: {class: services}."""
    _gather(con, window, sought, words)
    return {row["class"]: row["services"] for row in ask(con, "sources/service_counts", {})}


def service_page(
    con: Connection,
    window: Window,
    sought: Sought,
    words: Sequence[Word] = (),
    *,
    of_class: str | None = None,
    most: int,
    skip: int = 0,
) -> list[Row]:
    """A page of the rows of `services` with mail that is sought and counted as far as it is: at
    most `most` after the first `skip`, most mail first; of one class, where it is named."""
    page = {"of_class": of_class, "most": most, "skip": skip}
    return by_service(_rows(con, window, sought, words, **page))


def _of(domain: str | None) -> Sought:
    return Sought(domains=None if domain is None else (domain,))


def _rows(
    con: Connection, window: Window, sought: Sought, words: Sequence[Word], **asked: Any
) -> list[Row]:
    """Rows of queries/service_rows.sql, by default all of them."""
    _gather(con, window, sought, words)
    rows = ask(con, "sources/service_rows", ALL_ROWS | asked)
    return [_told(row, window) for row in rows]


def _told(row: Row, window: Window) -> Row:
    """The row with why, where that is told."""
    loudest = row.pop("loudest")
    row["reason"] = loudest and reason(loudest)
    row["settled_by"] = loudest and settled_by(loudest)
    row["is_new"] = is_new(row, window)
    return row


def _gather(con: Connection, window: Window, sought: Sought, words: Sequence[Word]) -> None:
    """Make `service`, of the mail that is sought, unless it is kept (queries/services.sql)."""
    kept = Kept(con, "services", repr((window, sought, words, questions_digest())))
    (gathered,) = con.execute("select getvariable('gathered')").fetchall()[0]
    if gathered != kept.name and not kept.restore("service"):
        _make_service(con, window, sought, words)
        kept.keep("gathered_service", slow=SLOW_ANSWER)
    con.execute("set variable gathered = $1", [kept.name])


def _make_service(con: Connection, window: Window, sought: Sought, words: Sequence[Word]) -> None:
    if sought == Sought(domains=sought.domains):
        classify(con, window, words, _only(sought))
        _make(con, "counted_address", "sources/source_counts", {"domains": _listed(sought.domains)})
    else:
        seek(con, window, sought, words)
        bounds: dict[str, Any] = {"first": window.first, "last": window.last}
        bounds |= {"reporter": sought.reporter, "failing": sought.failing}
        bounds["domains"] = _listed(sought.domains)
        _make(con, "counted_address", "sources/sought_addresses", bounds)
    _make(con, "gathered_service", "sources/services", FLOORS)
    con.execute("create or replace temp view service as from gathered_service")


def _make(con: Connection, table: str, name: str, parameters: dict[str, Any]) -> None:
    con.execute(f"create or replace temp table {table} as {question(name)}", parameters)


def _only(sought: Sought) -> Sequence[str] | None:
    """One domain is classified alone; all are, where several are looked at."""
    return sought.domains if sought.domains is not None and len(sought.domains) == 1 else None


def _listed(names: Collection[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
