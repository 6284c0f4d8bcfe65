"""The screen on reading: runs, their speed and problems, and what waits."""

from dataclasses import dataclass

from analytics.query.window import Window
from analytics.reports.ingest_runs import (
    backlog,
    run_days,
    run_page,
    run_problems,
    run_sources,
    waiting,
)
from analytics.reports.quarantine import held
from dashboards.common.asked import asked
from dashboards.web.session.query_cache import Row, answer
from schemas.config.settings import Settings
from schemas.store.reader import Reader

__all__ = ["Pipeline", "pipeline", "runs"]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Rows of reports.ingest_runs: `sources` of all time, the others of the window; `held` is
    what quarantine takes."""

    sources: list[Row]
    days: list[Row]
    problems: list[Row]
    waiting: list[Row]
    backlog: Row
    held: Row


def pipeline(window: Window) -> Pipeline:
    """Raises StoreError (missing, locked, damaged) and ConfigError."""
    return answer(_pipeline, window)


def runs(window: Window, most: int, skip: int = 0) -> list[Row]:
    """A page of runs. Raises the same."""
    found: list[Row] = answer(_runs, window, most, skip)
    return found


def _pipeline(reader: Reader, told: Settings, window: Window) -> Pipeline:
    q = asked(reader, told, window)
    return Pipeline(
        sources=run_sources(reader),
        days=run_days(q),
        problems=run_problems(q),
        waiting=waiting(q),
        backlog=backlog(reader),
        held=held(reader),
    )


def _runs(reader: Reader, told: Settings, window: Window, most: int, skip: int) -> list[Row]:
    return run_page(asked(reader, told, window), most=most, skip=skip)
