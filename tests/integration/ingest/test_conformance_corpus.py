"""The corpus of real reports that public projects publish, where RUA_CORPUS names its folder.

What is expected is counted from the corpus's own manifest, never with rua's readers.
"""

import csv
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Rua

CORPUS = os.environ.get("RUA_CORPUS")

# parsedmarc 11.1 accepts these, and so do we, but they contradict another file of the corpus:
# projects edited each other's sample and kept its reporter, report ID and period. One of two
# such reports counts, the other is kept and shown.
CONFLICTS = {
    "29c3fb04": "names the reporter, ID and period of 102b9b7d, with other records",
    "ee82dcf7": "29c3fb04, gzipped",
    "537c3299": "the example of RFC 8460, as 413b9b83, with a URI broken by spaces",
    "ffa6cd2e": "the example of RFC 8460, as 413b9b83, with another key",
    "7512cfbf": "the sample of 183c5c58 in the form of a later draft",
    "77efb2a3": "10641a86 with a version, envelope_from and scope",
    "bb1e1356": "7de94b82 before its e-mail and header_from were broken",
    "c3a0762e": "2dbb2eed with another case of one word",
    "eefe7551": "a2eb611c with a header_from that is not UTF-8",
    "f2b4f938": "3816b6c7 with the optional elements",
}


@pytest.fixture(scope="module")
def corpus() -> Path:
    if CORPUS is None:
        pytest.skip("conformance was NOT tested: set RUA_CORPUS to the folder of the corpus")
    return Path(CORPUS)


@pytest.fixture(scope="module")
def manifest(corpus: Path) -> list[dict[str, str]]:
    with (corpus / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def read(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = Rua(tmp_path_factory.mktemp("corpus"))
    first = run.json("--store", "s.duckdb", "ingest", corpus)
    again = run.json("--store", "s.duckdb", "ingest", corpus)
    placed = """
        select carrier.key, outcome.status
        from delivery
        join carrier using (carrier_id)
        join outcome using (document_id)
    """
    deliveries = run.json("--store", "s.duckdb", "sql", placed)
    return {"first": first, "again": again, "deliveries": deliveries}


def documents_of(row: dict[str, str]) -> int:
    """How many documents a file holds, by what its manifest row says of it."""
    container, note, verdict = row["container"], row["note"], row["parsedmarc_11_1"]
    if several := re.search(r"(\d+) reports in container", note):
        return int(several[1])
    if container in ("raw", "empty") or row["file"].startswith("failure/"):
        return 0
    if "no parsable payload" in note:
        # A container that does not open is a document, one without a report in it is none.
        return int("Unable to parse message" in verdict)
    if "not a report" in note:
        return int(container == "xml")
    return 1


def test_every_document_is_accounted_for(
    read: dict[str, Any], manifest: list[dict[str, str]]
) -> None:
    first = read["first"]
    assert first["messages"] == len(manifest) + 1  # the manifest itself lies there too
    assert first["documents"] == sum(map(documents_of, manifest))
    parts = ("stored", "duplicate", "conflict", "refused")
    assert first["documents"] == sum(first[part] for part in parts)


def test_failure_reports_are_ignored(read: dict[str, Any], manifest: list[dict[str, str]]) -> None:
    failures = [row for row in manifest if row["file"].startswith("failure/")]
    assert read["first"]["ignored"] == len(failures)


def test_whatever_parsedmarc_accepts_is_stored(
    read: dict[str, Any], manifest: list[dict[str, str]]
) -> None:
    statuses: dict[str, set[str]] = {}
    for delivery in read["deliveries"]:
        name = Path(delivery["key"]).name
        statuses.setdefault(name, set()).add(delivery["status"])
    accepted = [
        Path(row["file"]).name
        for row in manifest
        if row["parsedmarc_11_1"] in ("ok:aggregate", "ok:smtp_tls")
    ]
    assert len(accepted) > 140
    missing = {
        name
        for name in accepted
        if not statuses.get(name, set()) & {"stored", "duplicate"}
        and name.partition("-")[0] not in CONFLICTS
    }
    assert not missing


def test_a_second_time_nothing_is_stored(read: dict[str, Any]) -> None:
    again = read["again"]
    assert again["stored"] == 0
    assert again["records"] == 0
    assert again["documents"] == read["first"]["documents"]
