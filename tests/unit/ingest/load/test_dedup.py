"""New, repeated or contradicting: decided from identity and content alone."""

from dataclasses import replace

from ingest.load.dedup import KnownDocument, KnownReports, decide
from ingest.model.batch import Reading

REPORT = Reading("sha-1", "xml", b"<1/>", "a.xml", "dmarc", "identity-1", "content-1", records=3)
REFUSED = Reading("sha-9", "xml", b"<9/>", "b.xml", code="malformed", reason="no period")


def known() -> KnownReports:
    return {"identity-1": {"content-1": 3}}


def test_a_new_report_is_stored_and_its_rows_with_it() -> None:
    decisions = decide([REPORT], [7], {}, {})
    assert decisions.statuses == ["stored"]
    assert decisions.row_documents == [7]
    assert decisions.outcomes[0].report_kind == "dmarc"


def test_the_same_bytes_again_are_a_duplicate_and_no_new_document() -> None:
    decisions = decide([REPORT], [7], {"sha-1": KnownDocument(3, "stored")}, {})
    assert decisions.statuses == ["duplicate"]
    assert decisions.documents == [3]
    assert decisions.is_new == [False]
    assert decisions.outcomes == []


def test_other_bytes_with_equal_content_are_kept_and_not_counted() -> None:
    other = replace(REPORT, sha256="sha-2")
    decisions = decide([other], [8], {}, known())
    assert decisions.statuses == ["duplicate"]
    assert decisions.is_new == [True]
    assert decisions.row_documents == [None]
    assert decisions.outcomes[0].of_document_id == 3


def test_other_content_under_one_identity_is_a_conflict_and_uncounted() -> None:
    other = replace(REPORT, sha256="sha-2", content_hash="content-2")
    decisions = decide([other], [8], {}, known())
    assert decisions.statuses == ["conflict"]
    assert decisions.row_documents == [8]
    assert decisions.contested == {"identity-1"}


def test_a_repetition_within_the_batch_is_found_too() -> None:
    other = replace(REPORT, sha256="sha-2")
    decisions = decide([REPORT, REPORT, other, REFUSED, REFUSED], [1, 2, 3], {}, {})
    assert decisions.statuses == ["stored", "duplicate", "duplicate", "refused", "refused"]
    assert decisions.documents == [1, 1, 2, 3, 3]


def test_what_was_refused_before_is_refused_again_but_kept_once() -> None:
    decisions = decide([REFUSED], [9], {"sha-9": KnownDocument(4, "refused")}, {})
    assert decisions.statuses == ["refused"]
    assert decisions.is_new == [False]
