"""rua status"""

from typing import Any

import click

from analytics.feed import disagreement, feed, reporters, runs
from analytics.quarantine import held
from analytics.window import Window
from dashboards.console import (
    Globals,
    Output,
    emit,
    emit_object,
    output_options,
    window_options,
)
from schemas.sizes import size_words

__all__ = ["status"]

REPORTER_COLUMNS = ("reporter", "reports", "days", "first_day", "last_day", "is_missing")
DISAGREEMENT_COLUMNS = ("reporter", "messages", "disagreeing", "share")
RUN_COLUMNS = ("source", "started_at", "finished_at", "messages", "stored", "refused", "problem")


@click.command()
@window_options
@output_options
@click.pass_obj
def status(context: Globals, window: Window, output: str) -> None:
    """Is the feed alive: freshness, reporters seen and missing, last runs, quarantine, size.

    A reporter that calls mail aligned, or not, against its own authentication results is named,
    with the messages concerned.

    \b
    rua status
    rua status --format json
    """
    store = context.store
    with store.read() as con:
        fresh = feed(con, window.as_of)
        seen = [
            row
            for row in reporters(con, window.as_of)
            if row["is_missing"] or row["last_day"] >= window.first
        ]
        latest, quarantine = runs(con), held(con)
        doubtful = [row for row in disagreement(con, window) if row["is_flagged"]]
    found: dict[str, Any] = {
        "store": str(store.path),
        "store_bytes": store.path.stat().st_size,
        **fresh,
    }
    found["quarantine"] = quarantine | {"budget": context.settings.quarantine_budget}
    if output == Output.JSON:
        emit_object(found | {"reporters": seen, "disagreement": doubtful, "runs": latest}, output)
        return
    if output == Output.TABLE:
        found["quarantine"] = _quarantine_words(found["quarantine"])
    emit_object(found, output)
    if output == Output.TABLE:
        click.echo()
        emit(seen, REPORTER_COLUMNS, output, empty="no reporter was seen yet")
        if doubtful:
            click.echo("\nalignment reported against the reporter's own results:")
            emit(doubtful, DISAGREEMENT_COLUMNS, output, empty="")
        click.echo()
        emit(latest, RUN_COLUMNS, output, empty="no run yet")


def _quarantine_words(held: dict[str, int]) -> str:
    used, budget = size_words(held["bytes"]), size_words(held["budget"])
    return f"{used} of {budget} in {held['documents']} refused documents"
