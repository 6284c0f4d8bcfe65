"""Sources over time: what they send day by day, and who sends no more."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from analytics.query.run import Row, ask
from analytics.query.window import Window
from analytics.sources.catalogue import find
from analytics.sources.classification import classify
from analytics.sources.classified_query import ask_classified
from analytics.sources.labels import Word
from schemas.store.store import Connection

__all__ = ["GONE_DAYS", "called", "gone", "source_days"]

GONE_DAYS = 90


def source_days(
    con: Connection, window: Window, domain: str | None = None, words: Sequence[Word] = ()
) -> list[Row]:
    """One row per (domain, source, day) with mail: domain, source, day, messages, aligned,
    dkim_aligned, spf_aligned, indeterminate, legitimate, legitimate_aligned, reporters."""
    bounds = {"first": window.first, "last": window.last, "domain": domain}
    only = None if domain is None else (domain,)
    return ask_classified(con, "sources/source_days", bounds, window, words, only)


def gone(con: Connection, window: Window, domain: str | None = None) -> list[Row]:
    """One row per (domain, source address) with mail in the 90 days before the window and none in
    it: domain, source_ip, source, sender, messages (of those days), first_seen, last_seen."""
    day_before = window.first - timedelta(days=1)
    then = replace(window, first=window.first - timedelta(days=GONE_DAYS), last=day_before)
    classify(con, then, (), None if domain is None else (domain,))
    return ask(con, "sources/gone", {"first": window.first, "last": window.last, "domain": domain})


def called(rows: Iterable[Row], name: str) -> list[Row]:
    """The rows (with `source` and `sender`) of one source: by sender id or alias, or by name."""
    sender = find(name)
    lower = name.strip().lower()
    return [
        row
        for row in rows
        if row["source"].lower() == lower or (sender is not None and row["sender"] == sender.id)
    ]
