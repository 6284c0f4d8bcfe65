"""What the screens on TLS, reports and reading ask, for whoever asks it."""

from collections.abc import Iterable, Iterator
from typing import Any

from analytics import browse, quarantine, runs, tls
from analytics.window import Window

__all__ = ["asked_by_screens"]


def asked_by_screens(
    con: Any, window: Window, documents: Iterable[int]
) -> Iterator[tuple[str, object]]:
    """(what, answer), about all domains that `con` sees."""
    yield "tls", tls.tls(con, window)
    yield "tls days", (tls.tls_days(con, window), tls.tls_failure_days(con, window, by="mx"))
    yield "tls feed", (tls.tls_feed(con, window.last), tls.tls_domain_names(con))
    yield "browse", browse.browse(con, window, most=100_000)
    yield "conflicts", browse.conflicts(con, window)
    yield "genuine", (browse.genuine(con, window), browse.genuine_days(con, window))
    yield "genuine reasons", browse.genuine_reasons(con, window)
    yield "reporter days", browse.reporter_days(con, window)
    yield "quarantine page", (quarantine.quarantine_page(con, most=1000), quarantine.codes(con))
    yield "run page", (runs.run_page(con, window, most=1000), runs.run_days(con, window))
    yield "run sources", (runs.run_sources(con), runs.run_problems(con, window))
    yield "waiting", (runs.waiting(con, window), runs.backlog(con))
    for number in documents:
        found = browse.records(con, number, most=1000)
        yield f"report {number}", (browse.head(con, number), found)
