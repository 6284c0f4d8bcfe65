"""Sources gathered into services: the addresses that bear one name, whatever their number.

Gathered in SQL, so that a store with hundreds of thousands of addresses answers as fast.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics.ask import Row
from analytics.classified import ask_classified
from analytics.labels import Word
from analytics.mail import by_service, is_new
from analytics.reasons import reason, settled_by
from analytics.window import Window
from schemas.store import Connection

__all__ = ["by_class", "services"]


def by_class(
    con: Connection, window: Window, domain: str | None = None, words: Sequence[Word] = ()
) -> list[Row]:
    """One row per (domain, source, class), most mail first.

    Sums over `source_ips` addresses; `source_ip` is that of the one with the most mail, whose
    `reason`, `rule` and `settled_by` stand for all; `days` those of the one seen on most days;
    `header_froms` the author domains met. `country`, `asn`, `as_name` are None where they differ.
    """
    only = None if domain is None else (domain,)
    rows = ask_classified(con, "services", {"domain": domain}, window, words, only)
    return [_told(row, window) for row in rows]


def _told(row: Row, window: Window) -> Row:
    loudest: Mapping[str, Any] = {"source": row["source"], **row.pop("loudest")}
    return {
        **row,
        "decided_by": loudest["decided_by"],
        "sender": loudest["sender"],
        "rule": loudest["rule"] if loudest["decided_by"] == "rule" else None,
        "reason": reason(loudest),
        "settled_by": settled_by(loudest),
        "is_new": is_new(row, window),
    }


def services(
    con: Connection, window: Window, domain: str | None = None, words: Sequence[Word] = ()
) -> list[Row]:
    """One row per (domain, source), as `rua sources --by source` has them."""
    return by_service(by_class(con, window, domain, words))
