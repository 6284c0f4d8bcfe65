"""Which reports advice goes by: where reporters prove themselves, theirs alone.

Anyone can mail a report about any domain, under a name that nobody has proved yet (RFC 9990 §8.2).
Such a report counts in what is shown; but of a domain of which `verified_reporters` of `[gates]`
have told with proof, in the window or in the months before, unverified reports neither open a gate
nor close one. Where fewer have, as in a folder of files, nothing else is there to go by, and the
advice says what share is unverified.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from analytics.query.window import Window
from analytics.sources.classified_query import ask_kept
from schemas.config.thresholds import Gates
from schemas.store.store import Connection

__all__ = ["proven"]


@contextmanager
def proven(
    con: Connection, window: Window, gates: Gates, domain: str | None = None
) -> Iterator[Mapping[str, int]]:
    """Within, the views of `con` hold verified reports alone of the domains where enough of their
    reporters prove themselves. Gives {domain: unverified reports of the window left out}."""
    (before,) = con.execute("select getvariable('proven_domains')").fetchall()[0]
    _go_by(con, None)  # asked within another one, all reports are looked at again
    bounds = {
        "since": window.first - timedelta(days=gates.quarter_days),
        "first": window.first,
        "last": window.last,
        "domain": domain,
        "reporters": gates.verified_reporters,
    }
    rows = ask_kept(con, "reports/proven", bounds)
    found = {row["domain"]: row["left_out"] for row in rows}
    _go_by(con, sorted(found))
    try:
        yield found
    finally:
        _go_by(con, before)


def _go_by(con: Connection, domains: Sequence[str] | None) -> None:
    con.execute("set variable proven_domains = $1", [domains or None])
