"""The soak itself: the same documents each time, and what it is to find it does find."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingest.model.batch import Batch, Watch
from ingest.model.source import Arrival
from ingest.workers.read import read_batch
from tests.soak import soak_check
from tests.soak.soak_check import Scratch, check
from tests.soak.soak_documents import KINDS, make_document
from tests.support.paths import ROOT

# As sitecustomize: the file that the soak calls number 7 ends the process as its timer would.
DEADLY = """
import os, signal
from ingest.workers import read as reading
extract = reading.extract
def deadly(raw, **words):
    if words["name"] == "7":
        os.kill(os.getpid(), signal.SIGPROF)
    return extract(raw, **words)
reading.extract = deadly
"""


def soak(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.soak.soak", "--processes", "1", *words]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_document_is_made_from_its_seed_and_number_alone() -> None:
    forwards = [make_document(5, number) for number in range(40)]
    assert forwards[::-1] == [make_document(5, number) for number in range(39, -1, -1)]
    assert forwards != [make_document(6, number) for number in range(40)]


def test_most_documents_are_well_formed_mutants() -> None:
    assert sum(KINDS.values()) == 100
    assert KINDS["well-formed XML"] + KINDS["well-formed JSON"] >= 50


def test_a_short_soak_finds_nothing_and_writes_its_page(tmp_path: Path) -> None:
    page = tmp_path / "soak.md"
    shutil.copy(ROOT / "docs" / "soak.md", page)
    done = soak("--documents", "300", "--seed", "11", "--write", str(page))
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("300 documents of seed 11 ")
    assert done.stdout in page.read_text(encoding="utf-8")


def test_a_document_that_kills_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    assert not make_document(11, 7).is_mail
    (tmp_path / "sitecustomize.py").write_text(DEADLY)
    env = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = soak("--documents", "100", "--seed", "11", env=env)
    assert done.returncode == 1, done
    assert done.stdout.startswith("99 documents of seed 11 ")
    assert "`--seed 11 --only 7`: ends the process with -27" in done.stdout


def test_a_reader_that_raises_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [make_document(11, number) for number in range(5)]

    def faulty(arrivals: Sequence[Arrival], watch: Watch) -> Batch:
        if any(each.key == "/3" for each in arrivals):
            raise IndexError("a fault")
        return read_batch(arrivals, watch)

    monkeypatch.setattr(soak_check, "read_batch", faulty)
    scratch = Scratch()
    told = check(documents, scratch, lambda number: None)
    assert told.findings == [(3, "IndexError: a fault")]
    assert told.outcomes.total() == 5
    assert scratch.close() == []


def test_a_store_that_holds_less_than_was_read_is_found() -> None:
    scratch = Scratch()
    check([make_document(11, number) for number in range(20)], scratch, lambda number: None)
    with scratch.store.write() as con:
        con.execute("delete from dmarc_record where ordinal = 0")
    assert scratch.close() == ["dmarc_record holds other rows than were read"]
