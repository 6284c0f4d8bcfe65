"""What was advised before, and how the policy changed: `rua advise DOMAIN --history`, `--week`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import click

from analytics.policy.history import PolicyChange, differences
from dashboards.cli.advice_text import in_full
from dashboards.cli.output import Output, emit, emit_object
from dashboards.cli.tables import Layout, folded, width
from dashboards.common.stderr import say
from schemas.errors import ConfigError

__all__ = ["print_history", "print_week"]

Row = Mapping[str, Any]

WEEK_COLUMNS = ("domain", "week", "as_of", "made_at", "stands", "verdict", "target", "reason")
COLUMNS = (
    *("when", "what", "as_of", "made_at", "stands", "verdict", "target", "record", "reason"),
    *("by", "before", "after", "reporters", "until"),
)
SHOWN = ("when", "what", "says")
LAYOUT = Layout(below={"reason": ""})
ADVICE_KEYS = (
    *("domain", "week", "as_of", "made_at", "stands", "verdict", "target", "record", "reason"),
    "inputs",
)


def print_history(
    name: str, kept: Sequence[Row], changes: Sequence[PolicyChange], last: date, output: str
) -> None:
    """Weeks and changes of the policy, the newest first, up to the day `last`."""
    spans = differences(changes, last)
    if output == Output.JSON:
        emit_object(
            {
                "domain": name,
                "advice": [{key: row[key] for key in ADVICE_KEYS} for row in kept],
                "policy_changes": [each.as_row() for each in reversed(changes)],
                "differences": [each.as_row() for each in reversed(spans)],
            },
            output,
        )
        return
    rows = [*map(_advised, kept), *map(_changed, changes)]
    rows += [_differing(each.as_row()) for each in spans]
    # The advice of a day was given with what was seen by then: above it.
    rows.sort(key=lambda row: (row["day"], row["what"] == "advice", str(row["made_at"])))
    rows.reverse()
    columns = COLUMNS if output == Output.CSV else SHOWN
    emit(rows, columns, output, empty="no advice was kept, and no policy was seen", layout=LAYOUT)
    if output == Output.TABLE and not kept:
        say(f"no advice was kept yet: each run of rua advise {name} keeps that of its week")


def _advised(row: Row) -> dict[str, Any]:
    gone = [f"without {tag}" for tag, value in row["target"].items() if value is None]
    tags = ", ".join([*filter(None, [_tags(row["target"])]), *gone])
    earlier = "" if row["stands"] else f", taken back in the same week ({row['as_of']})"
    return {
        **{key: row[key] for key in ADVICE_KEYS},
        "day": row["as_of"],
        "when": row["week"],
        "what": "advice",
        "says": row["verdict"] + (f": {tags}" if tags else "") + earlier,
    }


def _changed(change: PolicyChange) -> dict[str, Any]:
    row = change.as_row()
    if change.before is None:
        says = f"first seen: {_tags(change.after) or 'no policy'}"
    else:
        says = ", ".join(_step(tag, change.before[tag], change.after[tag]) for tag in change.tags)
    who = "DNS" if change.by == "dns" else f"{_count(change.reporters)} of reports"
    return {
        **row,
        "when": change.day,
        "what": "policy",
        "says": f"{says} (by {who})",
        "made_at": change.seen_at,
        "reason": None,
    }


def _differing(row: Row) -> dict[str, Any]:
    told = ", ".join(
        f"{tag} {row['dns'][tag] or 'absent'} in DNS, {row['reports'][tag] or 'absent'} in reports"
        for tag in row["tags"]
    )
    return {
        "day": row["since"],
        "when": row["since"],
        "what": "differs",
        "says": f"{told}, until {row['until'] or 'now'}",
        "before": row["dns"],
        "after": row["reports"],
        "until": row["until"],
        "made_at": None,
    }


def _count(reporters: int | None) -> str:
    return "1 sender" if reporters == 1 else f"{reporters} senders"


def _step(tag: str, before: str | None, after: str | None) -> str:
    return f"{tag} {before or 'absent'} → {after or 'absent'}"


def _tags(tags: Mapping[str, str | None]) -> str:
    return " ".join(f"{tag}={value}" for tag, value in tags.items() if value)


def print_week(name: str, week: str, kept: Sequence[Row], output: str) -> None:
    """The advice of one week in full, as it was given; the one that stands last. Raises ConfigError
    where none was kept."""
    if not kept:
        raise ConfigError(
            f"no advice on {name} was kept in {week}",
            todo=f"rua advise {name} --history shows the weeks that were",
        )
    told = list(reversed(kept))
    if output != Output.TABLE:
        about = ("week", "as_of", "made_at", "stands")
        rows = [{**row["given"], **{key: row[key] for key in about}} for row in told]
        emit(rows, WEEK_COLUMNS, output, empty="")
        return
    click.echo("\n".join(line for number, row in enumerate(told) for line in _told(row, number)))


def _told(row: Row, number: int) -> Iterator[str]:
    if number:
        yield ""
    stands = "" if row["stands"] else "; taken back later in the week"
    made_at = f"{row['made_at']:%Y-%m-%d %H:%M} UTC"
    yield from folded(f"{row['week']}, given on {made_at}{stands}:", width())
    window = row["given"]["window"]
    flags = f"--as-of {row['as_of']}"
    yield from in_full(row["given"] | {"window": window}, flags, width())
