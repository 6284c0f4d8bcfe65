"""The window as a whole and day by day: what arrived, and how much of it passes."""

from collections.abc import Iterable, Sequence
from typing import Any

from analytics.query.run import Row
from analytics.query.statistics import CLUSTERS, design_effect, is_enough, wilson
from analytics.query.window import Window
from analytics.sources.classified_query import ask_classified, ask_kept
from analytics.sources.labels import Word
from schemas.store.store import Connection

__all__ = ["arrived", "days", "domain_names", "together", "with_interval"]

COUNTS = (
    *("messages", "aligned", "undecided", "spoof", "indirect"),
    *("legitimate", "legitimate_aligned"),
)


def domain_names(con: Connection) -> list[str]:
    """The policy domains of all counted DMARC reports, in alphabetical order."""
    return [row["domain"] for row in ask_kept(con, "sources/domain_names", {})]


def arrived(con: Connection, window: Window, domains: Sequence[str] | None = None) -> Row:
    """reports, reporters and days (with a report) of the window; `domains` None means all."""
    return ask_kept(con, "sources/arrived", _bounds(window, domains))[0]


def days(
    con: Connection,
    window: Window,
    domains: Sequence[str] | None = None,
    words: Sequence[Word] = (),
    *,
    domain: str | None = None,
) -> list[Row]:
    """One row per day with mail: messages, aligned, undecided, spoof, indirect (forwarders and
    lists), legitimate, legitimate_aligned, and the cluster sums from which `together` makes an
    interval; `enough` whether it says anything. `domains` None means all; `domain` is only that
    one."""
    chosen = [domain] if domain else domains
    only = domain and (domain,)  # as for its sources: classes are made once for both
    rows = ask_classified(con, "sources/days", _bounds(window, chosen), window, words, only or None)
    return [with_interval(row) for row in rows]


def together(rows: Iterable[Row]) -> Row:
    """Days added up, with the interval of the whole: its clusters are all reporter-days."""
    listed = list(rows)
    total: Row = {key: sum(row[key] for row in listed) for key in (*COUNTS, *CLUSTERS)}
    return with_interval(total)


def with_interval(row: Row) -> Row:
    """A row of legitimate, legitimate_aligned and cluster sums, with its 95 % `interval`."""
    counts = (row["legitimate_aligned"], row["legitimate"])
    effect = design_effect(*counts, **{key: row[key] for key in CLUSTERS})
    interval = wilson(*counts, effect=effect)
    return row | {"interval": interval, "enough": is_enough(row["legitimate"])}


def _bounds(window: Window, domains: Sequence[str] | None) -> dict[str, Any]:
    named = None if domains is None else list(domains)
    return {"first": window.first, "last": window.last, "domains": named}
