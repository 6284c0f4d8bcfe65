"""Pass rates of a domain's sources, and its days, as reported or replayed under another policy."""

from collections.abc import Mapping, Sequence

from analytics.query.run import Row, ask
from analytics.query.window import Window
from analytics.sources.classified_query import ask_classified
from analytics.sources.labels import Word
from analytics.sources.totals import with_interval
from schemas.store.store import Connection

__all__ = ["replayed_days", "replayed_fates", "replayed_rates", "source_rates"]


def source_rates(
    con: Connection, window: Window, domain: str, words: Sequence[Word] = ()
) -> list[Row]:
    """One row per source with legitimate mail, the largest first: source, legitimate,
    legitimate_aligned, interval (95 %, reporter-days as clusters), enough."""
    bounds = {"first": window.first, "last": window.last, "domain": domain}
    rows = ask_classified(con, "sources/source_rates", bounds, window, words, (domain,))
    return [with_interval(row) for row in rows]


def replayed_rates(con: Connection) -> list[Row]:
    """The same of the mail that `analytics.policy.whatif.replay` left in `con`."""
    return [with_interval(row) for row in ask(con, "sources/replayed_rates", {})]


def replayed_days(con: Connection) -> list[Row]:
    """The days of `analytics.sources.totals.days`, of the mail that `replay` left in `con`."""
    return [with_interval(row) for row in ask(con, "sources/replayed_days", {})]


def replayed_fates(con: Connection, in_force: Mapping[str, str]) -> list[Row]:
    """One row per day and fate of that mail under the policies {p, sp, np}: day, fate (passes,
    fails, quarantined, rejected, indeterminate), messages, legitimate."""
    return ask(con, "sources/replayed_fates", {tag: in_force[tag] for tag in ("p", "sp", "np")})
