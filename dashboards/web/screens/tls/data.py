"""The screen on TLS: sessions, failures and their causes."""

from dataclasses import dataclass
from datetime import date

from analytics.tls.sessions import tls, tls_days, tls_failure_days, tls_failures, tls_feed
from dashboards.common.asked import asked
from dashboards.web.session.query_cache import Chosen, Row, answer
from schemas.config.settings import Settings
from schemas.store.reader import Reader

__all__ = ["Tls", "failure_days", "tls_screen"]


@dataclass(frozen=True, slots=True)
class Tls:
    """The answers of one screen.

    `policies` and `failures` are rows of tls.sessions, `others` policies of domains that the
    settings do not name, where they name any. `reports` of them count, of any day and domain, the
    newest up to the last day of the window being of `last_day`.
    """

    policies: list[Row]
    others: list[Row]
    failures: list[Row]
    days: list[Row]
    reports: int
    last_day: date | None


def tls_screen(chosen: Chosen) -> Tls:
    """Raises StoreError (missing, locked, damaged) and ConfigError."""
    return answer(_tls, chosen)


def failure_days(chosen: Chosen, by: str) -> list[Row]:
    """Rows of `tls_failure_days`. Raises the same."""
    found: list[Row] = answer(_failure_days, chosen, by)
    return found


def _tls(reader: Reader, told: Settings, chosen: Chosen) -> Tls:
    q = asked(reader, told, chosen.window, chosen.domains)
    is_all = bool(told.domains) and chosen.group is None and chosen.domain is None
    mine = tls(q)
    shown = {(row["domain"], row["policy_type"]) for row in mine}
    rest = tls(q.about()) if is_all else []
    known = tls_feed(reader, chosen.window.last)
    return Tls(
        policies=mine,
        others=[row for row in rest if (row["domain"], row["policy_type"]) not in shown],
        failures=tls_failures(q),
        days=tls_days(q),
        reports=known["reports"],
        last_day=known["last_day"],
    )


def _failure_days(reader: Reader, told: Settings, chosen: Chosen, by: str) -> list[Row]:
    return tls_failure_days(asked(reader, told, chosen.window, chosen.domains), by=by)
