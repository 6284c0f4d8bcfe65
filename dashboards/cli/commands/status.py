"""rua status: whether reports arrive, from whom, and what was refused."""

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
from dashboards.common.formatting import amount
from schemas.config.sizes import size_words
from schemas.sanitize import cell

__all__ = ["status"]

REPORTER_COLUMNS = (
    *("reporter", "reports", "recent_days", "delay_hours"),
    *("first_day", "last_day", "is_missing"),
)
REPORTER_LAYOUT = Layout(spare=("first_day", "reports"), right=("delay_hours",))
COVERAGE = "Only receivers that send reports are counted: your domains send more mail than this."
DISAGREEMENT_COLUMNS = ("reporter", "messages", "disagreeing", "share")
RUN_COLUMNS = ("source", "started_at", "finished_at", "messages", "stored", "refused", "problem")


@click.command()
@window_options
@output_options
@click.pass_obj
def status(context: Globals, window: Window, output: str) -> None:
    """Check the feed: newest reports, reporters seen and missing, last runs, quarantine, size.

    \b
    rua status
    rua status --format json

    For each reporter: its days with reports, of the last 35, and the hours from the end of a
    report's period to its mail. Reporters whose alignment contradicts their own DKIM and SPF
    results are listed with the messages concerned.
    """
    store = context.store
    with store.read() as reader:
        q = Question(reader, window, gates=context.settings.gates)
        fresh = feed(q)
        listed = [
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
        tables = {"reporters": listed, "disagreement": doubtful, "runs": latest}
        emit_object(found | {"coverage": COVERAGE} | tables, output)
        return
    if output == Output.TABLE:
        found["quarantine"] = _quarantine_text(found["quarantine"])
    emit_object(found, output)
    if output == Output.TABLE:
        click.echo()
        emit(
            [row | {"delay_hours": _tenths(row["delay_hours"])} for row in listed],
            REPORTER_COLUMNS,
            output,
            empty="no reporter yet",
            layout=REPORTER_LAYOUT,
        )
        click.echo(_silent_reporters(listed) + COVERAGE)
        if doubtful:
            click.echo("\nReported alignment contradicts the reporter's own results:")
            emit(doubtful, DISAGREEMENT_COLUMNS, output, empty="")
        click.echo()
        emit(latest, RUN_COLUMNS, output, empty="no ingest run yet")


def _quarantine_text(quarantine: dict[str, int]) -> str:
    used, budget = size_words(quarantine["bytes"]), size_words(quarantine["budget"])
    return f"{used} of {budget}, {amount(quarantine['documents'], 'refused document')}"


def _silent_reporters(reporters: list[dict[str, Any]]) -> str:
    """A line on reporters that sent regularly and stopped."""
    silent = [row["reporter"] for row in reporters if row["is_missing"]]
    return f"Gone silent: {cell(silent)}.\n" if silent else ""


def _tenths(hours: float | None) -> str | None:
    return None if hours is None else f"{hours:.1f}"
