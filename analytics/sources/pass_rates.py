"""Pass rates of a domain's sources, as reported."""

from analytics.query.question import Question
from analytics.query.run import Row, ask_cached
from analytics.sources.classification import source_class
from analytics.sources.totals import with_interval

__all__ = ["source_rates"]


def source_rates(q: Question) -> list[Row]:
    """Of one domain: one row per source with legitimate mail, the largest first: source,
    legitimate, legitimate_aligned, interval (95 %, reporter-days as clusters), enough."""
    bounds = {**q.days, "domain": q.domain}
    rows = ask_cached(q.reader, "sources/source_rates", bounds, *q.counted, source_class(q))
    return [with_interval(row) for row in rows]
