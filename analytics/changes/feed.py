"""Detects reporters that stop or resume, and rising TLS failures."""

from collections.abc import Iterable

from analytics.changes.model import Kind, change
from analytics.query.question import Question
from analytics.query.run import Row
from analytics.query.statement import Certainty, named, some
from analytics.query.window import Window
from analytics.reports.freshness import reporters

__all__ = ["quiet_reporters", "tls_failures_rose"]

FAILED_SESSIONS = 5
FAILED_SHARE = 0.01  # of all sessions
TIMES = 2  # the share before


def quiet_reporters(q: Question, before: Window) -> list[Row]:
    """Reporters that stopped in the window, and reporters that came back."""
    now = {row["reporter"]: row for row in reporters(q)}
    then = {row["reporter"]: row for row in reporters(q.over(before))}
    found = []
    for name, row in now.items():
        was = then.get(name, {}).get("is_missing", False)
        if row["is_missing"] and not was:
            text = f"{named(name)} stopped sending reports; the last covers {row['last_day']}."
            found.append(_reporter(Kind.REPORTER_SILENT, name, text))
        elif was and not row["is_missing"]:
            text = f"{named(name)} sends reports again."
            found.append(_reporter(Kind.REPORTER_BACK, name, text))
    return found


def _reporter(kind: Kind, name: str, text: str) -> Row:
    link = {"to": "reporters", "reporter": name}
    return change(kind, None, None, text, None, Certainty.OBSERVED, link)


def tls_failures_rose(now: Iterable[Row], then: Iterable[Row]) -> list[Row]:
    """Policies with a larger share of failed sessions than before, from rows of `tls`."""
    before = {(row["domain"], row["policy_type"]): _share(row) for row in then}
    found = []
    for row in now:
        was, share = before.get((row["domain"], row["policy_type"]), 0.0), _share(row)
        if row["failed"] < FAILED_SESSIONS or share < FAILED_SHARE or share < TIMES * was:
            continue
        domain = row["domain"]
        text = (
            f"{some(row['failed'], 'TLS session')} failed under policy type"
            f" {named(row['policy_type'] or 'unnamed')}, {share:.1%} of all; before, {was:.1%}."
        ).replace("%", " %")
        link = {"to": "tls", "domain": domain}
        found.append(change(Kind.TLS, domain, None, text, None, Certainty.OBSERVED, link))
    return found


def _share(row: Row) -> float:
    total = row["successful"] + row["failed"]
    return float(row["failed"] / total) if total else 0.0
