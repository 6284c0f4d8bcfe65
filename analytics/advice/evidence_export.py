"""Exports everything that the advice on a domain is based on, for others to check.

`write` creates a folder with the advice, the SQL, its results, and the hashes of the report
documents behind them. The same store and day give the same bytes.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from analytics.advice.advise import advise
from analytics.policy.history import policy_changes
from analytics.query.override import Override
from analytics.query.question import Question
from analytics.query.run import Row, ask, question
from analytics.reports.verified_filter import verified_where_proven
from analytics.sources.summary import sources
from schemas.csv_writer import csv_text
from schemas.errors import ConfigError

__all__ = ["write"]

QUESTIONS = (
    "sources/evidence",
    "sources/named",
    "sources/stream",
    "sources/returning",
    "sources/classes",
    "sources/source_class",
    "reports/proven",
    "sources/domains",
    "sources/sources",
    "sources/services",
    "advice/domain_state",
    "advice/breaks",
    "advice/fixed",
    "advice/names_below",
    "policy/whatif_replayed",
    "policy/whatif_exposed",
    "policy/whatif_outcomes",
    "policy/whatif_sources",
    "advice/failing",
    "policy/policy_seen",
    "advice/reports_counted",
)


def write(q: Question, folder: Path) -> list[Path]:
    """Write the evidence of one domain's advice into `folder`, which must be new or empty; return
    the files. Raises ConfigError."""
    _prepare(folder)
    rows = advise(q)
    counted, _ = verified_where_proven(q)  # the reports that the advice used
    found, behind = sources(counted), _reports(counted)
    window = q.window
    files = {
        "advice.json": _json(rows[0] if rows else {}),
        "gates.json": _json(q.gates.model_dump()),
        "window.json": _json({"first": window.first, "last": window.last, "as_of": window.as_of}),
        "policy_changes.json": _json([each.as_row() for each in policy_changes(q)]),
        "sources.csv": _csv(found),
        "reports.csv": _csv(behind),
        "labels.json": _json(
            [_label(each) for each in q.overrides if each.policy_domain == q.domain]
        ),
        **{f"sql/{name.rpartition('/')[2]}.sql": question(name) for name in QUESTIONS},
    }
    files["sha256.txt"] = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n"
        for name, text in sorted(files.items())
    )
    return [_put(folder / name, text) for name, text in files.items()]


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sql").mkdir(exist_ok=True)
        others = [each.name for each in folder.iterdir() if each.name != "sql"]
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(folder)) from None
    if others:
        raise ConfigError(
            f"the folder contains {', '.join(sorted(others)[:3])}",
            where=str(folder),
            todo="choose a new folder",
        )


def _reports(q: Question) -> list[Row]:
    bounds = {**q.days, "domain": q.domain}
    return ask(q.reader, "advice/reports_behind", bounds, *q.counted)


def _label(one: Override) -> dict[str, Any]:
    return {"match": one.match, "class": one.class_, "note": one.note, "made_at": one.made_at}


def _json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"cannot write {type(value).__name__} as evidence")


def _csv(rows: Sequence[Row]) -> str:
    return csv_text(list(rows[0]), (row.values() for row in rows)) if rows else ""


def _put(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
