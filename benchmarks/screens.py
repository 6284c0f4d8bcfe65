"""How fast the screens answer at ten million records, and beside an ingest.

    python -m benchmarks.screens [--records 10000000]

Four tables. Every question that a screen asks, opening the file included: when it is asked for
the first time after a change of the store, and the 95th percentile when it is asked again by
another process. Every screen in Chromium until each control answers, and until all is drawn: in a
server that has just started, and again. How long eight readers wait for the store while mails are
read into it, and how long eight sessions of the dashboard for the landing page.
"""

import argparse
import itertools
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.beside import percentile, reloading_sessions, waiting_readers
from benchmarks.classes import multiply
from benchmarks.mails import run_rua
from dashboards.web.session.navigation import SCREENS
from ingest.demo import write_demo
from schemas.store.store import Reader, Store

PAUSES = (0.25, 0.0)  # a browser takes longer to draw a page before it can be asked for again
MORE_SEED = 5
ASKED_AGAIN = 20
DOMAIN = "quayside.example"
HAS_RUN = "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
APP = Path(__file__).parent.parent / "dashboards" / "web" / "app.py"


@contextmanager
def timed_questions() -> Iterator[dict[str, list[float]]]:
    """Within, each question of analytics/queries is timed by its name, wherever it is asked."""
    import analytics.query.run  # noqa: PLC0415

    taken: dict[str, list[float]] = {}

    def timing(ask: Callable[..., Any]) -> Callable[..., Any]:
        def timed(reader: Reader, name: str, *rest: Any, **named: Any) -> Any:
            began = time.monotonic()
            try:
                return ask(reader, name, *rest, **named)
            finally:
                taken.setdefault(name, []).append(time.monotonic() - began)

        return timed

    originals: dict[str, Callable[..., Any]] = {
        "ask": analytics.query.run.ask,
        "ask_cached": analytics.query.run.ask_cached,
    }
    changed = [
        (module, name)
        for module in list(sys.modules.values())
        for name, original in originals.items()
        if getattr(module, name, None) is original
    ]
    for module, name in changed:
        setattr(module, name, timing(originals[name]))
    try:
        yield taken
    finally:
        for module, name in changed:
            setattr(module, name, originals[name])


def ask_all(store: Path, until: date) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of each question the first time, and when asked again: the 95th percentile."""
    import streamlit as st  # noqa: PLC0415
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415

    from dashboards.web.server.warmup import loaded  # noqa: PLC0415

    app = AppTest.from_file(str(APP), default_timeout=600)
    app.query_params["until"] = until.isoformat()
    app.run()  # imports everything, so that all is there to be timed
    opening = statistics.median(opening_times(Store(store)))
    shutil.rmtree(f"{store}.kept", ignore_errors=True)
    rounds = []
    for _ in range(ASKED_AGAIN + 1):
        with loaded(), timed_questions() as taken:  # as in the server
            for screen in SCREENS:
                st.cache_data.clear()
                app.switch_page(f"screens/{screen}/page.py").run()
                if app.exception:
                    raise RuntimeError(f"{screen}: {app.exception[0].message}")
        rounds.append(taken)
    first, *again = rounds
    later: dict[str, list[float]] = {}
    for name, seconds in itertools.chain.from_iterable(each.items() for each in again):
        later.setdefault(name, []).extend(seconds)
    return (
        {name: max(seconds) + opening for name, seconds in first.items()},
        {name: percentile(seconds) + opening for name, seconds in later.items()},
    )


def opening_times(store: Store) -> Iterator[float]:
    for _ in range(ASKED_AGAIN):
        began = time.monotonic()
        with store.read():
            yield time.monotonic() - began


Drawn = tuple[float, float]  # seconds until each control answers, and until each chart is there


def draw_all(flags: list[str], folder: Path, until: date, domain: str) -> dict[str, list[Drawn]]:
    """How long each screen takes: first in a server that has just started, then again."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    from tests.support.screens.browser import CHROMIUM, QUIET, running, wait_until_drawn  # noqa: PLC0415

    found: dict[str, list[Drawn]] = {}
    for place, screen in enumerate(SCREENS):
        with running(flags, folder) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            view = f"{url}/{screen if place else ''}?until={until.isoformat()}&domain={domain}"
            for _ in range(3):
                began = time.monotonic()
                page.goto(view)
                page.get_by_role("heading", level=1).wait_for(timeout=600_000)
                page.wait_for_function(HAS_RUN, timeout=600_000)
                interactive = time.monotonic() - began
                wait_until_drawn(page, pause=0)
                found.setdefault(screen, []).append((interactive, time.monotonic() - began))
            browser.close()
    return found


def report(folder: Path, path: Path, until: date, records: int) -> None:
    """Make the store that large, and print the tables."""
    small = Path(shutil.copy(path, folder / "small.duckdb"))
    count = multiply(Store(path), records)
    os.environ["RUA_STORE"] = str(path)
    first, again = ask_all(path, until)
    out = [
        f"{count:,} records. Questions, opening the file included: first time, asked again (p95)"
    ]
    for name in sorted(again, key=lambda each: -again[each]):
        out.append(f"  {name:24}{first.get(name, 0) * 1000:10.0f}{again[name] * 1000:8.0f} ms")
    out.append("Screens in Chromium until they are interactive / drawn: server just started, again")
    for name, times in draw_all(["--store", str(path)], folder, until, DOMAIN).items():
        out.append(f"  {name:24}" + "".join(f"{one:8.2f} /{two:5.2f}" for one, two in times) + " s")
    write_demo(folder / "more", seed=MORE_SEED, until=until)
    mails = folder / "more" / "mails"
    out += [waiting_readers(folder / f"beside {pause}", mails, pause) for pause in PAUSES]
    out += [reloading_sessions(store, folder, mails) for store in (small, path)]
    sys.stdout.write("\n".join(out) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screens")
    parser.add_argument("--records", type=int, default=10_000_000)
    words = parser.parse_args()
    until = datetime.now(UTC).date()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_demo(folder / "demo", until=until)
        path = run_rua(folder, folder / "demo" / "mails")
        report(folder, path, until, words.records)
    return 0


if __name__ == "__main__":
    sys.exit(main())
