"""Fixtures that every test may ask for; the servers live in modules of their own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.demo import write_demo
from schemas.store.store import Store
from tests.support.process.forked import ended
from tests.support.process.shared import begin, once
from tests.support.stores.read_here import ReadersHere

# Started in the background, this process would ignore Ctrl-C, and so would all that tests start.
with contextlib.suppress(ValueError):  # not in the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "tests.support.servers.dovecot",
    "tests.support.servers.imap_mailbox",
    "tests.support.servers.knot",
    "tests.support.screens.opened_app",
    "tests.support.servers.token_endpoint",
]

RUA = Path(sys.executable).with_name("rua")
DEMO_UNTIL = date(2026, 11, 1)
DEMO_DAYS = 12


@dataclass(frozen=True)
class Rua:
    """The installed command, as a user calls it, with a folder of its own to stand in."""

    folder: Path

    def __call__(
        self, *words: str | Path, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it; nothing of the user's own settings is seen."""
        told = clean_environment(self.folder) | (env or {})
        done = ended([str(word) for word in words], self.folder, told, 120)
        out, err = (_text(each) for each in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def json(self, *words: str | Path) -> Any:
        """What it prints with --format json; fails the test unless it ends with 0."""
        done = self(*words, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def _text(said: bytes) -> str:
    """As subprocess gives text: any end of a line is one."""
    return said.decode().replace("\r\n", "\n").replace("\r", "\n")


def clean_environment(home: Path) -> dict[str, str]:
    """The environment without RUA_…, with a home folder that holds no settings, and no DNS."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RUA_")}
    return kept | {"HOME": str(home), "RUA_DNS__OFFLINE": "true"}


@pytest.fixture
def rua(tmp_path: Path) -> Rua:
    return Rua(tmp_path)


@dataclass(frozen=True)
class Demo:
    """A short demo, read into a store. Tests must not change either."""

    folder: Path
    store: Path
    truth: dict[str, Any]
    counts: dict[str, Any]

    def flags(self) -> Sequence[str]:
        return ("--config", str(self.folder / "rua.toml"), "--store", str(self.store))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    made = once("demo", _make_demo)
    store = tmp_path_factory.mktemp("store") / "rua.duckdb"
    shutil.copy(made / store.name, store)
    counts = json.loads((made / "counts.json").read_text())
    truth = json.loads((made / "demo" / "truth.json").read_text())
    return Demo(made / "demo", store, truth, counts)


def _make_demo(folder: Path) -> None:
    demo = folder / "demo"
    write_demo(demo, days=DEMO_DAYS, seed=7, until=DEMO_UNTIL)
    words = ("--config", demo / "rua.toml", "--store", folder / "rua.duckdb")
    counts = Rua(folder).json(*words, "ingest", demo / "mails")
    (folder / "counts.json").write_text(json.dumps(counts))


@pytest.fixture(scope="module", autouse=True)
def copied_stores() -> Iterator[None]:
    """A store that is made in this process is a copy of one that was made once: a tenth of a
    second less, a thousand times. Commands make theirs; so do the tests of the store itself."""
    made = once("empty store", lambda folder: Store(folder / "s.duckdb")._create()) / "s.duckdb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "_create", lambda store: shutil.copy(made, store.path))
        yield


@pytest.fixture
def read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries and rebuilds start no process: that is tested by `rua quarantine retry` and
    `rua rebuild`, which do."""
    for module in ("ingest.run.quarantine_retry", "ingest.run.rebuild"):
        monkeypatch.setattr(f"{module}.Readers", ReadersHere)


def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(begin())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tables that tests recorded as `table`, at the end of the run, whichever process made them."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == "table":
                    terminalreporter.write_line(f"\n{value}")
