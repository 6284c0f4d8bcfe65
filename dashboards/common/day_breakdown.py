"""The shares of a day's messages, for every chart that stacks them."""

from collections.abc import Iterator

from analytics.query.run import Row
from dashboards.common.palette import Share

__all__ = ["counted_as"]


def counted_as(row: Row) -> Iterator[tuple[Share, int]]:
    """A row of `totals.days` as (share, messages); the shares add up to all messages."""
    others = row["indirect"] + row["spoof"] + row["undecided"]
    yield Share.PASSING, row["legitimate_aligned"]
    yield Share.BROKEN, row["legitimate"] - row["legitimate_aligned"]
    yield Share.INDIRECT, row["indirect"]
    yield Share.SPOOF, row["spoof"]
    yield Share.UNDECIDED, row["undecided"]
    yield Share.NO_RESULT, row["messages"] - others - row["legitimate"]
