"""Past advice and policy changes as text: `rua advise DOMAIN --history` and `--week`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import click

from analytics.policy.history import PolicyChange, differences
from dashboards.cli.advice_text import in_full
from dashboards.cli.output import Output, emit, emit_object
from dashboards.cli.tables import Layout, folded, width
from dashboards.common.formatting import amount
from dashboards.common.stderr import say
from schemas.errors import ConfigError

__all__ = ["print_history", "print_week"]

Row = Mapping[str, Any]

WEEK_COLUMNS = ("domain", "week", "as_of", "made_at", "stands", "verdict", "target", "reason")
COLUMNS = (
    *("when", "what", "as_of", "made_at", "stands", "verdict", "target", "record", "reason"),
    *("by", "before", "after", "reporters", "until"),
)
TABLE_COLUMNS = ("when", "what", "says")
LAYOUT = Layout(below={"reason": ""})
ADVICE_KEYS = (
    *("domain", "week", "as_of", "made_at", "stands", "verdict", "target", "record", "reason"),
    "inputs",
)


def print_history(
    name: str, past: Sequence[Row], changes: Sequence[PolicyChange], last: date, output: str
) -> None:
    """Print weeks of advice and policy changes up to the day `last`, newest first."""
    spans = differences(changes, last)
    if output == Output.JSON:
        emit_object(
            {
                "domain": name,
                "advice": [{key: row[key] for key in ADVICE_KEYS} for row in past],
                "policy_changes": [each.as_row() for each in reversed(changes)],
                "differences": [each.as_row() for each in reversed(spans)],
            },
            output,
        )
        return
    rows = [*map(_advice_row, past), *map(_change_row, changes)]
    rows += [_difference_row(each.as_row()) for each in spans]
    # The advice of a day used the policy changes of that day, so it is listed above them.
    rows.sort(key=lambda row: (row["day"], row["what"] == "advice", str(row["made_at"])))
    rows.reverse()
    columns = COLUMNS if output == Output.CSV else TABLE_COLUMNS
    emit(rows, columns, output, empty="no advice is stored, and no policy was seen", layout=LAYOUT)
    if output == Output.TABLE and not past:
        say(f"no advice is stored yet; each run of rua advise {name} stores that of its week")


def _advice_row(row: Row) -> dict[str, Any]:
    removed = [f"without {tag}" for tag, value in row["target"].items() if value is None]
    tags = ", ".join([*filter(None, [_tags(row["target"])]), *removed])
    earlier = "" if row["stands"] else f", replaced in the same week ({row['as_of']})"
    return {
        **{key: row[key] for key in ADVICE_KEYS},
        "day": row["as_of"],
        "when": row["week"],
        "what": "advice",
        "says": row["verdict"] + (f": {tags}" if tags else "") + earlier,
    }


def _change_row(change: PolicyChange) -> dict[str, Any]:
    row = change.as_row()
    if change.before is None:
        text = f"first seen: {_tags(change.after) or 'no policy'}"
    else:
        text = ", ".join(_step(tag, change.before[tag], change.after[tag]) for tag in change.tags)
    who = "DNS" if change.by == "dns" else amount(change.reporters or 0, "reporter")
    return {
        **row,
        "when": change.day,
        "what": "policy",
        "says": f"{text} (seen by {who})",
        "made_at": change.seen_at,
        "reason": None,
    }


def _difference_row(row: Row) -> dict[str, Any]:
    tags = ", ".join(
        f"{tag} {row['dns'][tag] or 'absent'} in DNS, {row['reports'][tag] or 'absent'} in reports"
        for tag in row["tags"]
    )
    return {
        "day": row["since"],
        "when": row["since"],
        "what": "differs",
        "says": f"{tags}, until {row['until'] or 'now'}",
        "before": row["dns"],
        "after": row["reports"],
        "until": row["until"],
        "made_at": None,
    }


def _step(tag: str, before: str | None, after: str | None) -> str:
    return f"{tag} {before or 'absent'} → {after or 'absent'}"


def _tags(tags: Mapping[str, str | None]) -> str:
    return " ".join(f"{tag}={value}" for tag, value in tags.items() if value)


def print_week(name: str, week: str, past: Sequence[Row], output: str) -> None:
    """Print the advice of one week in full, as it was given, the valid one last. Raises
    ConfigError if none is stored."""
    if not past:
        raise ConfigError(
            f"no advice on {name} is stored for {week}",
            todo=f"rua advise {name} --history lists the stored weeks",
        )
    oldest_first = list(reversed(past))
    if output != Output.TABLE:
        about = ("week", "as_of", "made_at", "stands")
        rows = [{**row["given"], **{key: row[key] for key in about}} for row in oldest_first]
        emit(rows, WEEK_COLUMNS, output, empty="")
        return
    lines = [_week_lines(row, number) for number, row in enumerate(oldest_first)]
    click.echo("\n".join(line for each in lines for line in each))


def _week_lines(row: Row, number: int) -> Iterator[str]:
    if number:
        yield ""
    stands = "" if row["stands"] else "; replaced later in the week"
    made_at = f"{row['made_at']:%Y-%m-%d %H:%M} UTC"
    yield from folded(f"{row['week']}, given on {made_at}{stands}:", width())
    yield from in_full(row["given"], f"--as-of {row['as_of']}", width())
