"""Stores each week's advice as given, so that it can be explained later.

Within an ISO week (of the UTC day asked about) new advice on a domain replaces earlier advice with
the same verdict and changes. Advice with another verdict or other changes stays: somebody may have
acted on it.
"""

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from analytics.query.run import Row, ask
from schemas.errors import ConfigError
from schemas.store.reader import Reader
from schemas.store.store import Connection, Store

__all__ = ["given", "keep", "read_week", "week_of"]

WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.ASCII | re.IGNORECASE)
SAME_STEP = ("verdict", "target")
SAME = (*SAME_STEP, "as_of", "record", "reason", "inputs")
COLUMNS = (
    *("policy_domain", "week", "as_of", "made_at", "verdict", "target", "record", "reason"),
    *("inputs", "given"),
)


def week_of(day: date) -> str:
    """The ISO week of a day, as 2026-W46."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def read_week(text: str) -> str:
    """A week as typed, in the form of `week_of`. Raises ConfigError."""
    match = WEEK.fullmatch(text.strip())
    if match is not None:
        try:
            return week_of(date.fromisocalendar(int(match[1]), int(match[2]), 1))
        except ValueError:
            pass  # a year of 52 weeks has no 53rd
    raise ConfigError(f"{text[:40]!r} is not an ISO week", todo="write it as 2026-W46")


def keep(store: Store, rows: Sequence[Row], as_of: date, made_at: datetime) -> int:
    """Keep advice (rows of analytics/advice.py) on the day `as_of`; returns how many were new.

    What says nothing new of that day is not written, and nobody is locked out for it. `made_at` is
    UTC without a zone. Raises StoreError, StoreLocked after the store's `lock_timeout`.
    """
    wanted = [_columns(row, as_of, made_at) for row in rows]
    with store.read() as reader:
        new = _news(reader, wanted)
    if not new:
        return 0
    with store.write(changes_reports=False) as con:
        con.execute("begin")
        new = _news(Reader.on(con), wanted)  # another run may have kept it meanwhile
        for row, before in new:
            if before is not None and all(before[key] == row[key] for key in SAME_STEP):
                _drop(con, row, before)
        _add(con, [row for row, _ in new])
        con.execute("commit")
    return len(new)


def given(
    reader: Reader, domain: str, week: str | None = None, as_of: datetime | None = None
) -> list[Row]:
    """The stored advice on a domain, of one week or of all, the newest first.

    Keys: domain, week, as_of, made_at, verdict, target (the tags that were to change), record,
    reason, inputs, stands (the last of its week) and given, the row of `rua advise` as it was (its
    days and times as text). Looks at nothing made after the as_of (UTC, without a zone).
    """
    rows = ask(reader, "advice/advice", {"domain": domain, "week": week, "as_of": as_of})
    loaded = {"target": json.loads, "given": json.loads}
    return [
        {key: loaded[key](value) if key in loaded else value for key, value in row.items()}
        for row in rows
    ]


def _columns(row: Row, as_of: date, made_at: datetime) -> Row:
    return {
        "policy_domain": row["domain"],
        "week": week_of(as_of),
        "as_of": as_of,
        "made_at": made_at,
        "verdict": row["verdict"],
        "target": _json(row["changes"]),
        "record": row["record"],
        "reason": row["reason"],
        "inputs": row["inputs"],
        "given": _json(row),
    }


def _news(reader: Reader, wanted: Sequence[Row]) -> list[tuple[Row, Row | None]]:
    """Rows that say something new, each with the last one of its week."""
    weeks = {row["week"] for row in wanted}
    found = {}
    for week in weeks:
        domains = [row["policy_domain"] for row in wanted if row["week"] == week]
        for before in ask(reader, "advice/advice_last", {"domains": domains, "week": week}):
            found[before["domain"], week] = before
    pairs = [(row, found.get((row["policy_domain"], row["week"]))) for row in wanted]
    return [
        (row, before)
        for row, before in pairs
        if before is None or any(before[key] != row[key] for key in SAME)
    ]


def _drop(con: Connection, row: Row, before: Row) -> None:
    con.execute(
        "delete from advice where policy_domain = $1 and week = $2 and as_of = $3 and made_at = $4",
        [row["policy_domain"], row["week"], before["as_of"], before["made_at"]],
    )


def _add(con: Connection, rows: Sequence[Row]) -> None:
    picks = ", ".join(f"unnest(${place})" for place in range(1, len(COLUMNS) + 1))
    columns = [[row[column] for row in rows] for column in COLUMNS]
    if rows:
        con.execute(f"insert into advice ({', '.join(COLUMNS)}) select {picks}", columns)


def _json(value: object) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> str:
    """As the command line prints days and times."""
    if isinstance(value, datetime):
        return value.isoformat() + ("" if value.tzinfo else "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no part of advice")
