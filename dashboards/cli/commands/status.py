"""rua status"""

from typing import Any

import click

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.reports.freshness import disagreement, feed, reporters, runs
from analytics.reports.quarantine import held
from dashboards.cli.output import (
    Globals,
    Output,
    emit,
    emit_object,
    output_options,
    window_options,
)
from dashboards.cli.tables import Layout
from schemas.config.sizes import size_words
from schemas.sanitize import cell

__all__ = ["status"]

REPORTER_COLUMNS = (
    *("reporter", "reports", "recent_days", "delay_hours"),
    *("first_day", "last_day", "is_missing"),
)
REPORTER_LAYOUT = Layout(spare=("first_day", "reports"), right=("delay_hours",))
COVERAGE = (
    "Only receivers that send reports are counted: there is more mail than these numbers show."
)
DISAGREEMENT_COLUMNS = ("reporter", "messages", "disagreeing", "share")
RUN_COLUMNS = ("source", "started_at", "finished_at", "messages", "stored", "refused", "problem")


@click.command()
@window_options
@output_options
@click.pass_obj
def status(context: Globals, window: Window, output: str) -> None:
    """Is the feed alive: freshness, reporters seen and missing, last runs, quarantine, size.

    Of each reporter: days with reports, of the last 35, and the hours from the end of what a
    report covers to its mail. A reporter that calls mail aligned, or not, against its own
    authentication results is named, with the messages concerned.

    \b
    rua status
    rua status --format json
    """
    store = context.store
    with store.read() as reader:
        q = Question(reader, window, gates=context.settings.gates)
        fresh = feed(q)
        seen = [
            row
            for row in reporters(q, window.as_of)
            if row["is_missing"] or row["last_day"] >= window.first
        ]
        latest, quarantine = runs(reader), held(reader)
        doubtful = [row for row in disagreement(q) if row["is_flagged"]]
    found: dict[str, Any] = {
        "store": str(store.path),
        "store_bytes": store.path.stat().st_size,
        **fresh,
    }
    found["quarantine"] = quarantine | {"budget": context.settings.quarantine_budget}
    if output == Output.JSON:
        tables = {"reporters": seen, "disagreement": doubtful, "runs": latest}
        emit_object(found | {"coverage": COVERAGE} | tables, output)
        return
    if output == Output.TABLE:
        found["quarantine"] = _quarantine_words(found["quarantine"])
    emit_object(found, output)
    if output == Output.TABLE:
        click.echo()
        emit(
            [row | {"delay_hours": _tenths(row["delay_hours"])} for row in seen],
            REPORTER_COLUMNS,
            output,
            empty="no reporter was seen yet",
            layout=REPORTER_LAYOUT,
        )
        click.echo(_silent(seen) + COVERAGE)
        if doubtful:
            click.echo("\nalignment reported against the reporter's own results:")
            emit(doubtful, DISAGREEMENT_COLUMNS, output, empty="")
        click.echo()
        emit(latest, RUN_COLUMNS, output, empty="no run yet")


def _quarantine_words(held: dict[str, int]) -> str:
    used, budget = size_words(held["bytes"]), size_words(held["budget"])
    return f"{used} of {budget} in {held['documents']} refused documents"


def _silent(seen: list[dict[str, Any]]) -> str:
    """Who sent regularly and stopped."""
    silent = [row["reporter"] for row in seen if row["is_missing"]]
    return f"Gone silent: {cell(silent)}.\n" if silent else ""


def _tenths(hours: float | None) -> str | None:
    return None if hours is None else f"{hours:.1f}"
