"""Reports that only parsedmarc reads, through `rua ingest`: kept, marked, counted nowhere."""

from tests.conftest import Rua
from tests.unit.ingest.parse.test_parsedmarc_fallback import IN_THE_LAST_RECORD, document, tls

DAY = ("--as-of", "2023-11-20")


def test_a_truncated_report_is_kept_and_shown_and_counts_in_no_rate(rua: Rua) -> None:
    (rua.folder / "r.xml").write_bytes(document(cut=IN_THE_LAST_RECORD))
    assert rua.json("ingest", "r.xml")["stored"] == 1
    (row,) = rua.json("reports", *DAY)
    reason = "the document ends too early: </feedback> is missing"
    assert row["repairs"][0] == f"read by parsedmarc: {reason}"
    assert row["flags"] == [f"incomplete: {reason}"]
    assert (row["records"], row["refused_records"]) == (2, 1)
    assert row["report_id"] == "7@mx.receiver.example"
    assert rua.json("domains", *DAY) == []


def test_a_part_does_not_contend_with_the_whole_report(rua: Rua) -> None:
    """It came first, and the whole one must count all the same."""
    (rua.folder / "part.xml").write_bytes(document(cut=IN_THE_LAST_RECORD))
    (rua.folder / "whole.xml").write_bytes(document())
    rua.json("ingest", "part.xml")
    assert rua.json("ingest", "whole.xml")["stored"] == 1
    (domain,) = rua.json("domains", *DAY)
    assert (domain["reports"], domain["messages"]) == (1, 6)
    assert rua.json("ingest", "part.xml")["duplicate"] == 1


def test_a_report_without_an_end_time_stays_refused(rua: Rua) -> None:
    """parsedmarc refuses it too, and the reason is ours."""
    (rua.folder / "r.xml").write_bytes(document().replace(b"<end>1700092799</end>", b""))
    assert rua.json("ingest", "r.xml")["refused"] == 1
    (row,) = rua.json("quarantine", "list")
    assert (row["code"], row["reason"]) == ("malformed", "date_range/end is no time: ''")


def test_a_tls_report_without_a_start_is_stored(rua: Rua) -> None:
    period = {"start-datetime": None, "end-datetime": "2026-03-01T23:59:59Z"}
    (rua.folder / "t.json").write_bytes(tls(**period))
    assert rua.json("ingest", "t.json")["stored"] == 1
    (row,) = rua.json("sql", "select start_at, start_raw, flags from tls_report")
    assert row["start_raw"] is None
    assert row["start_at"] == "2026-03-01T23:59:59Z"
    assert row["flags"]


def test_a_document_that_parsedmarc_cannot_digest_costs_itself_alone(rua: Rua) -> None:
    hostile = document(cut=IN_THE_LAST_RECORD)[:-1] + b"<a b=''>" * 400_000
    (rua.folder / "hostile.xml").write_bytes(hostile)
    (rua.folder / "whole.xml").write_bytes(document())
    counts = rua.json("ingest", "hostile.xml", "whole.xml")
    assert counts["stored"] >= 1
    (domain,) = rua.json("domains", *DAY)
    assert domain["messages"] == 6
