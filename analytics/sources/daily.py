"""Mail of each source by day, and sources that have stopped sending."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from analytics.query.question import Question
from analytics.query.relation import Relations
from analytics.query.run import Row, ask, ask_cached
from analytics.sources.catalogue import find
from analytics.sources.classification import among, source_class

__all__ = ["GONE_DAYS", "called", "gone", "source_days"]

GONE_DAYS = 90


def source_days(q: Question) -> list[Row]:
    """One row per (domain, source, day) with mail: domain, source, day, messages, aligned,
    dkim_aligned, spf_aligned, indeterminate, legitimate, legitimate_aligned, reporters."""
    bounds = {**q.days, "domain": q.domain}
    over: Relations = (*q.counted, source_class(q))
    return among(q, ask_cached(q.reader, "sources/source_days", bounds, *over))


def gone(q: Question) -> list[Row]:
    """One row per (domain, source address) with mail in the 90 days before the window and none in
    it: domain, source_ip, source, sender, messages (of those days), first_seen, last_seen."""
    first = q.window.first
    then = replace(
        q.window, first=first - timedelta(days=GONE_DAYS), last=first - timedelta(days=1)
    )
    over: Relations = (*q.counted, source_class(q.over(then).under(())))
    bounds = {**q.days, "domain": q.domain}
    return among(q, ask(q.reader, "sources/gone", bounds, *over))


def called(rows: Iterable[Row], name: str) -> list[Row]:
    """The rows (with `source` and `sender`) of one source: by sender id or alias, or by name."""
    sender = find(name)
    lower = name.strip().lower()
    return [
        row
        for row in rows
        if row["source"].lower() == lower or (sender is not None and row["sender"] == sender.id)
    ]
