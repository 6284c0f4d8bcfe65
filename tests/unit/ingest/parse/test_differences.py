"""rua's readers held against parsedmarc's, on every golden case and on the corpus.

tests/support/readers/explained_differences.py has the table of what may differ.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.mails.every_document import CORPUS, GOLDEN_INPUTS, documents_below
from tests.support.paths import DOCS
from tests.support.readers.both_readers import Difference, differences
from tests.support.readers.explained_differences import KINDS, as_markdown, kinds_of

PAGE = DOCS / "differences.md"
REWRITE = os.environ.get("RUA_REWRITE_DIFFERENCES") == "1"

Found = Sequence[tuple[str, Difference]]


def found_below(*paths: Path) -> Found:
    return [
        (document.name, difference)
        for document in documents_below(*paths)
        for difference in differences(document)
    ]


def not_of_one_kind(found: Found) -> list[tuple[str, Difference, list[str]]]:
    explained = ((name, difference, kinds_of(difference)) for name, difference in found)
    return [(name, difference, kinds) for name, difference, kinds in explained if len(kinds) != 1]


@pytest.fixture(scope="module")
def golden() -> Found:
    return found_below(*GOLDEN_INPUTS)


def test_each_difference_on_the_golden_cases_is_of_one_explained_kind(golden: Found) -> None:
    assert not_of_one_kind(golden) == []


def test_each_difference_on_the_corpus_is_of_one_explained_kind() -> None:
    if CORPUS is None:
        pytest.skip("differences on the corpus were NOT tested: set RUA_CORPUS to its folder")
    found = found_below(Path(CORPUS))
    assert len(found) > 1000
    assert not_of_one_kind(found) == []


def test_each_kind_still_occurs_among_the_golden_cases(golden: Found) -> None:
    met = {name for _, difference in golden for name in kinds_of(difference)}
    assert {kind.name for kind in KINDS} - met == set()


def test_an_unknown_difference_is_not_explained() -> None:
    assert kinds_of(Difference("record.disposition", "none", "reject")) == []
    assert kinds_of(Difference("record", ("192.0.2.1", 5), None)) == []
    assert kinds_of(Difference("report_id", "1", "2")) == []
    assert kinds_of(Difference("policy.p", "none", None)) == []


def test_the_page_says_what_the_table_says() -> None:
    if REWRITE:
        PAGE.write_text(as_markdown(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == as_markdown()
