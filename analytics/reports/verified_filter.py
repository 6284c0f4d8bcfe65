"""Limits advice to verified reports for domains with enough verified reporters.

Anyone can mail a report about any domain under any name (RFC 9990 §8.2). Unverified reports count
in what is shown. But if at least `verified_reporters` of `[gates]` sent verified reports about a
domain, in the window or in the months before, unverified reports neither open nor close its gates.
With fewer, as in a folder of files, all reports count, and the advice gives the unverified share.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from analytics.query.question import Question
from analytics.query.run import ask_cached

__all__ = ["verified_where_proven"]


def verified_where_proven(q: Question) -> tuple[Question, Mapping[str, int]]:
    """The question, limited to verified reports for domains with enough verified reporters; and
    {domain: unverified reports of the window left out}."""
    asked = {
        **q.days,
        "since": q.window.first - timedelta(days=q.gates.quarter_days),
        "domain": q.domain,
        "reporters": q.gates.verified_reporters,
    }
    rows = ask_cached(q.reader, "reports/proven", asked)
    left_out = {row["domain"]: row["left_out"] for row in rows}
    return replace(q, verified_only=tuple(sorted(left_out))), left_out
