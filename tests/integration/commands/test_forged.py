"""Forged reports, thrown into whole histories, change no verdict (RFC 9990 §8.2)."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.advice.domain_state import domain_states
from analytics.advice.verdict import decide
from analytics.query.question import Owner, Question
from analytics.query.window import Window
from schemas.config.thresholds import Gates
from schemas.store.store import Store
from tests.conftest import Rua
from tests.support.mails.forged_mail import LIES, Lie, write_lies
from tests.support.stores.quick_store import Truth, quick_store

UNTIL = date(2026, 11, 20)
WINDOW = Window(UNTIL - timedelta(days=Window.DAYS - 1), UNTIL, UNTIL)
HISTORIES = ("default", "situations")
Said = dict[str, tuple[Any, ...]]


@pytest.fixture(scope="module", params=HISTORIES)
def history(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp(request.param)
    return quick_store(folder, request.param, seed=3, until=UNTIL)


@pytest.fixture(scope="module")
def before(history: tuple[Path, Truth]) -> "Said":
    """What is advised before anybody lies."""
    return said(*history)


def said(store: Path, truth: Truth, gates: Gates = Gates()) -> Said:  # noqa: B008  # is frozen
    """What is advised about each domain: verdict, reason, what changes, who blocks, and gates."""
    owners = {name: Owner(each["goal"], each["parked"]) for name, each in truth["domains"].items()}
    with Store(store).read() as reader:
        found = domain_states(Question(reader, WINDOW, gates=gates, owners=owners))
    decisions = {each.domain: decide(each, gates) for each in found}
    return {
        name: (
            each.verdict,
            each.reason,
            dict(each.target),
            [(row["source"], row["messages"]) for row in each.blockers],
            [(gate.name, gate.ok) for gate in each.gates],
        )
        for name, each in decisions.items()
    }


def lied_to(history: tuple[Path, Truth], folder: Path, lies: tuple[Lie, ...]) -> Path:
    """A copy of the store into which the forged mails were read."""
    store, truth = history
    other = folder / "rua.duckdb"
    shutil.copy(store, other)
    shutil.copy(store.with_name("rua.toml"), folder / "rua.toml")
    own: dict[str, list[str]] = {name: [] for name in truth["domains"]}
    for row in truth["sources"]:
        if row["class"] == "own":
            own[row["domain"]].append(row["source_ip"])
    count = write_lies(folder / "forged", lies, own, UNTIL - timedelta(days=1))
    done = Rua(folder)("--config", folder / "rua.toml", "ingest", "--offline", folder / "forged")
    assert done.returncode == 0, done.stderr
    assert count == len(lies) * len(own)
    return other


@pytest.mark.parametrize("kind", LIES)
def test_forged_reports_change_no_verdict(
    kind: str, history: tuple[Path, Truth], before: Said, tmp_path: Path
) -> None:
    store = lied_to(history, tmp_path, LIES[kind])
    assert said(store, history[1]) == before


def test_without_proof_they_would(
    history: tuple[Path, Truth], before: Said, tmp_path: Path
) -> None:
    """The same lies where unverified reports count: the test above can fail."""
    counting = Gates(verified_reporters=0)
    credulous = said(*history, counting)
    store = lied_to(history, tmp_path, LIES["of strangers that nothing proves"])
    after = said(store, history[1], counting)
    changed = [name for name in credulous if after[name][0] != credulous[name][0]]
    assert len(changed) > len(credulous) / 3
    assert said(store, history[1]) == before


def test_they_are_kept_and_shown(history: tuple[Path, Truth], tmp_path: Path) -> None:
    store = lied_to(history, tmp_path, LIES["that a policy was changed"])
    shown = Rua(tmp_path).json("--store", store, "reports", "--reporter", "policy.test")
    assert shown
    assert {row["authenticity"] for row in shown} == {"unverified"}
