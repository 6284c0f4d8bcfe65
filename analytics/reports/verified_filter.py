"""Which reports advice goes by: where reporters prove themselves, theirs alone.

Anyone can mail a report about any domain, under a name that nobody has proved yet (RFC 9990 §8.2).
Such a report counts in what is shown; but of a domain of which `verified_reporters` of `[gates]`
have told with proof, in the window or in the months before, unverified reports neither open a gate
nor close one. Where fewer have, as in a folder of files, nothing else is there to go by, and the
advice says what share is unverified.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from analytics.query.question import Question
from analytics.query.run import ask_cached

__all__ = ["verified_where_proven"]


def verified_where_proven(q: Question) -> tuple[Question, Mapping[str, int]]:
    """The question over verified reports alone, of the domains where enough reporters prove
    themselves; and {domain: unverified reports of the window left out}."""
    asked = {
        **q.days,
        "since": q.window.first - timedelta(days=q.gates.quarter_days),
        "domain": q.domain,
        "reporters": q.gates.verified_reporters,
    }
    rows = ask_cached(q.reader, "reports/proven", asked)
    left_out = {row["domain"]: row["left_out"] for row in rows}
    return replace(q, verified_only=tuple(sorted(left_out))), left_out
