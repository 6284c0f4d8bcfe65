"""The week as tables: the columns of each sheet and CSV file.

A cell is a number, a day, a boolean, None, or text as the reporter sent it; the writers of XLSX and
CSV make the text safe for their format.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from analytics.query.run import Row
from analytics.sources.classes import CLASSES
from analytics.weekly import Week
from dashboards.weekly.sentences import next_step, summary_rows

__all__ = ["Column", "Grid", "Type", "grids"]


class Type(StrEnum):
    TEXT = "text"
    LONG = "long"  # text for a wide column
    COUNT = "count"
    NUMBER = "number"
    RATE = "rate"  # 0 to 1
    DAY = "day"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `take` gives its cell of a row."""

    header: str
    type: Type
    take: Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; `name` is that of its sheet and, in lower case, of its CSV file."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Row]

    @property
    def headers(self) -> list[str]:
        return [column.header for column in self.columns]

    def cells(self) -> Iterator[list[Any]]:
        for row in self.rows:
            yield [column.take(row) for column in self.columns]


def grids(week: Week) -> list[Grid]:
    """Summary, Domains, Sources, Decisions, Changes, TLS and Reporters, with all their rows."""
    return [
        Grid("Summary", SUMMARY, summary_rows(week)),
        Grid("Domains", DOMAINS, week.domains),
        Grid("Sources", SOURCES, week.sources),
        Grid("Decisions", DECISIONS, week.decisions),
        Grid("Changes", CHANGES, week.changes),
        Grid("TLS", TLS, week.tls),
        Grid("Reporters", REPORTERS, week.reporters),
    ]


def _key(name: str, kind: Type = Type.TEXT, header: str = "") -> Column:
    return Column(header or name.replace("_", " "), kind, lambda row: row.get(name))


def _counts(*names: str) -> list[Column]:
    return [_key(name, Type.COUNT) for name in names]


def _bound(place: int) -> Callable[[Row], Any]:
    return lambda row: row["interval"][place] if row["interval"] else None


def _class(name: str) -> Column:
    return Column(name, Type.COUNT, lambda row: row["classes"].get(name, 0))


def _advice(name: str) -> Callable[[Row], Any]:
    return lambda row: row["advice"][name] if row["advice"] else None


def _rate(row: Row) -> float | None:
    rate: float | None = None
    if row["legitimate"]:
        rate = row["legitimate_aligned"] / row["legitimate"]
    return rate


def _before(name: str) -> Callable[[Row], Any]:
    return lambda row: row["before"][name] if row["before"] else None


def _rate_before(row: Row) -> float | None:
    return _rate(row["before"]) if row["before"] else None


def _failures(failures: Sequence[Row]) -> str:
    return "; ".join(
        f"{each['result_type'] or 'not reported'}{' at ' + each['mx'] if each['mx'] else ''}:"
        f" {each['count']:,}"
        for each in failures
    )


def _distinct(rows: Sequence[Row], key: str) -> list[str]:
    """The texts under `key`, each once, in order."""
    return list(dict.fromkeys(row[key] for row in rows if row[key]))


SUMMARY = [_key("what", Type.LONG), _key("value", Type.LONG), _key("sure")]
DOMAINS = [
    _key("domain"),
    Column("verdict", Type.TEXT, _advice("verdict")),
    Column("next step", Type.LONG, lambda row: next_step(row["advice"]).text),
    Column("record", Type.LONG, _advice("record")),
    *_counts("reports", "messages", "aligned", "unverified", "legitimate", "legitimate_aligned"),
    Column("legitimate rate", Type.RATE, _rate),
    Column("interval from", Type.RATE, _bound(0)),
    Column("interval to", Type.RATE, _bound(1)),
    _key("enough", Type.BOOLEAN, "enough to tell"),
    Column("legitimate rate, week before", Type.RATE, _rate_before),
    Column("messages, week before", Type.COUNT, _before("messages")),
    *(_class(name) for name in CLASSES),
    _key("undecided_sources", Type.COUNT),
]
SOURCES = [
    *(_key(name) for name in ("domain", "source", "class", "decided_by")),
    _key("is_new", Type.BOOLEAN, "new this week"),
    *_counts("source_ips", "messages", "aligned", "dkim_aligned", "spf_aligned", "indeterminate"),
    *_counts("legitimate", "legitimate_aligned"),
    _key("first_seen", Type.DAY),
    _key("last_seen", Type.DAY),
    _key("country"),
    _key("asn", Type.COUNT),
    _key("as_name"),
    _key("reason", Type.LONG),
    _key("settled_by", Type.LONG),
]
DECISIONS = [
    *(_key(name) for name in ("kind", "domain", "source")),
    _key("messages", Type.COUNT),
    *(_key(name, Type.LONG) for name in ("what", "todo", "record")),
    _key("certainty"),
]
CHANGES = [
    *(_key(name) for name in ("kind", "domain", "source")),
    _key("messages", Type.COUNT),
    _key("text", Type.LONG, "what changed"),
    _key("certainty"),
]
REPORTERS = [
    _key("reporter"),
    _key("is_missing", Type.BOOLEAN, "gone silent"),
    *_counts("reports", "days", "messages", "unverified", "recent_days"),
    _key("delay_hours", Type.NUMBER),
    _key("first_day", Type.DAY),
    _key("last_day", Type.DAY),
]
TLS = [
    *(_key(name) for name in ("domain", "policy_type", "mode")),
    *_counts("successful", "failed", "failed_before", "reports", "reporters", "unverified"),
    _key("last_day", Type.DAY),
    Column("failures", Type.LONG, lambda row: _failures(row["failures"])),
    Column("remedies", Type.LONG, lambda row: " ".join(_distinct(row["failures"], "remedy"))),
]
