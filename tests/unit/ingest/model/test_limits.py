"""Every limit on input, number by number: changing one changes what docs/design.md promises."""

import pytest

import schemas.dns
from ingest.model import limits

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MESSAGE_BYTES", 50 * MIB),
        ("DOCUMENT_BYTES", 100 * MIB),
        ("TOTAL_BYTES", 256 * MIB),
        ("MEMBERS", 64),
        ("DEPTH", 3),
        ("RECORDS", 100_000),
        ("TAGS_BETWEEN_RECORDS", 200_000),
        ("CPU_SECONDS", 10),
        ("RECORD_RESULTS", 1000),
        ("BROKEN_RECORDS", 1000),
        ("QUARANTINE_BYTES", 1024 * MIB),
        ("HEADER_BYTES", 64 * 1024),
        ("LINES", 2_000_000),
        ("HEADER_FIELDS", 10_000),
        ("FIELD_CHARACTERS", 4096),
        ("PARTS", 500),
        ("LEAVES", 500),
        ("MIME_WORK", 30_000_000),
        ("PROOF_FIELDS", 50),
        ("PROOF_CHARACTERS", 16 * 1024),
        ("ARCHIVE_ENTRIES", 10_000),
        ("REPAIRABLE_BYTES", 16 * MIB),
        ("FALLBACK_BYTES", 4 * MIB),
        ("JSON_BYTES", 32 * MIB),
        ("JSON_VALUES", 500_000),
        ("PTR_ADDRESSES", 5000),
        ("MEMORY_BYTES", 256 * MIB),
    ],
)
def test_limits_are_those_that_are_promised(name: str, value: int) -> None:
    assert getattr(limits, name) == value


@pytest.mark.parametrize(
    ("name", "value"), [("AT_ONCE", 64), ("RUN_SECONDS", 60), ("MOST_ERRORS", 20)]
)
def test_a_run_of_dns_questions_is_bounded(name: str, value: int) -> None:
    assert getattr(schemas.dns, name) == value
