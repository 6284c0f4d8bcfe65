"""Totals of the window, by day and by source: mail volume, and how much of it passes."""

from collections.abc import Iterable

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.query.statistics import CLUSTERS, design_effect, is_enough, wilson
from analytics.sources.classification import source_class
from schemas.store.reader import Reader

__all__ = ["arrived", "days", "domain_names", "source_rates", "together", "with_interval"]

COUNTS = (
    *("messages", "aligned", "undecided", "spoof", "indirect"),
    *("legitimate", "legitimate_aligned"),
)


def domain_names(reader: Reader) -> list[str]:
    """The policy domains of all counted DMARC reports, in alphabetical order."""
    return [row["domain"] for row in ask_cached(reader, "sources/domain_names", {})]


def arrived(q: Question) -> Row:
    """reports, reporters and days (with a report) in the window."""
    return ask_cached(q.reader, "sources/arrived", q.bounds, *q.counted)[0]


def days(q: Question) -> list[Row]:
    """One row per day with mail: messages, aligned, undecided, spoof, indirect (forwarders and
    lists), legitimate, legitimate_aligned, `interval`, and the cluster sums that `together` adds
    up; `enough` whether there is enough mail for a rate."""
    rows = ask_cached(q.reader, "sources/days", q.bounds, *q.counted, source_class(q))
    return [with_interval(row) for row in rows]


def source_rates(q: Question) -> list[Row]:
    """One row per source of one domain with legitimate mail, the largest first: source,
    legitimate, legitimate_aligned, interval (95 %, reporter-days as clusters), enough."""
    bounds = {**q.days, "domain": q.domain}
    rows = ask_cached(q.reader, "sources/source_rates", bounds, *q.counted, source_class(q))
    return [with_interval(row) for row in rows]


def together(rows: Iterable[Row]) -> Row:
    """The sum of days, with the interval of the whole: its clusters are all reporter-days."""
    listed = list(rows)
    total: Row = {key: sum(row[key] for row in listed) for key in (*COUNTS, *CLUSTERS)}
    return with_interval(total)


def with_interval(row: Row) -> Row:
    """A row with legitimate, legitimate_aligned and cluster sums, plus its 95 % `interval`."""
    counts = (row["legitimate_aligned"], row["legitimate"])
    effect = design_effect(*counts, **{key: row[key] for key in CLUSTERS})
    interval = wilson(*counts, effect=effect)
    return row | {"interval": interval, "enough": is_enough(row["legitimate"])}
