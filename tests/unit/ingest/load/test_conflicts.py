"""Which report counts when several deliveries claim one identity, in whatever order they come."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.load.writer import Writer
from ingest.model.proof import Trust
from ingest.model.run import Run
from ingest.model.source import Arrival
from ingest.run.rebuild import rebuild
from ingest.verify.authenticity import prove
from ingest.workers.read import read_batch
from schemas.store.store import Store
from tests.support.moments import utc

OURS = Trust("mx.example.org")
REPORT = """<feedback><report_metadata><org_name>receiver.example</org_name><report_id>7</report_id>
<date_range><begin>1793000000</begin><end>1793086400</end></date_range></report_metadata>
<policy_published><domain>example.com</domain><p>none</p></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>{count}</count></row>
<identifiers><header_from>example.com</header_from></identifiers></record></feedback>{space}"""


def mail(count: int, said: str, space: str = "", sent: str = "") -> Arrival:
    """A report mail that our MX said `said` of; equal counts are equal content."""
    head = "From: <r@receiver.example>\r\n" + (f"Date: {sent}\r\n" if sent else "")
    results = f"Authentication-Results: mx.example.org; dmarc={said}\r\n\r\n"
    raw = (head + results + REPORT.format(count=count, space=space)).encode()
    return Arrival(f"{count}-{said}-{len(space)}", raw)


def stored(folder: Path, arrivals: Sequence[Arrival]) -> Store:
    """Each mail in a batch of its own, as if days apart."""
    store = Store(folder / "s.duckdb")
    writer = Writer(store)
    for arrival in arrivals:
        batch = read_batch([arrival], prover=lambda head, raw: prove(head, raw, OURS, None))
        writer.write(batch, Run("test", utc(2026, 10, 1)), None)
    return store


def asked(store: Store, question: str) -> list[Any]:
    with store.read() as con:
        return con.execute(question).fetchall()


COUNTED = "select sum(message_count)::bigint from dmarc_message"
STATUSES = "select status, count(*) from outcome group by status order by status"
DERIVED = (
    "select * from outcome order by document_id",
    "select * from dmarc_report order by document_id",
    "select * from dmarc_record order by document_id, ordinal",
)


def test_verified_beats_unverified_in_any_order(tmp_path: Path) -> None:
    mails = [mail(1, "none"), mail(2, "pass"), mail(3, "fail")]
    for number, order in enumerate(itertools.permutations(mails)):
        store = stored(tmp_path / str(number), order)
        assert asked(store, COUNTED) == [(2,)]
        assert asked(store, STATUSES) == [("conflict", 2), ("stored", 1)]


def test_among_equals_the_first_counts(tmp_path: Path) -> None:
    assert asked(stored(tmp_path / "a", [mail(1, "pass"), mail(2, "pass")]), COUNTED) == [(1,)]
    assert asked(stored(tmp_path / "b", [mail(2, "none"), mail(1, "none")]), COUNTED) == [(2,)]


def test_what_is_proven_false_never_counts(tmp_path: Path) -> None:
    store = stored(tmp_path, [mail(1, "fail")])
    assert asked(store, COUNTED) == [(None,)]
    assert asked(store, "select authenticity, counted from dmarc_report") == [("failed", False)]


def test_one_sent_before_its_period_is_over_does_not_push_out_the_true_one(tmp_path: Path) -> None:
    early = mail(7, "none", sent="Mon, 19 Oct 2026 10:00:00 +0000")
    true = mail(30, "none", sent="Tue, 27 Oct 2026 10:00:00 +0000")
    for order in ([early, true], [true, early]):
        store = stored(tmp_path / order[0].key, order)
        assert asked(store, COUNTED) == [(30,)]
        assert asked(store, STATUSES) == [("conflict", 1), ("stored", 1)]


def test_a_second_delivery_may_prove_what_the_first_did_not(tmp_path: Path) -> None:
    question = "select authenticity from dmarc_report"
    same_bytes = [mail(1, "none"), mail(1, "pass")]
    assert asked(stored(tmp_path / "a", same_bytes), question) == [("verified",)]
    same_content = [mail(1, "none"), mail(1, "pass", space=" \n")]
    assert asked(stored(tmp_path / "b", same_content), question) == [("verified",)]
    store = stored(tmp_path / "c", [mail(2, "none"), mail(1, "none"), mail(1, "pass")])
    assert asked(store, COUNTED) == [(1,)]


@pytest.mark.usefixtures("read_in_this_process")
@pytest.mark.parametrize("seed", range(4))
def test_a_rebuild_decides_the_same(tmp_path: Path, seed: int) -> None:
    mails = [
        mail(count, said, space)
        for count, said, space in itertools.product((1, 2), ("none", "pass", "fail"), ("", " "))
    ]
    store = stored(tmp_path, mails[seed:] + mails[:seed])
    before = [asked(store, question) for question in DERIVED]
    rebuild(store, Writer(store), workers=1)
    assert [asked(store, question) for question in DERIVED] == before


def test_unverified_does_not_count_for_a_reporter_who_proves_himself(tmp_path: Path) -> None:
    def on_day(day: int, count: int, said: str) -> Arrival:
        arrival = mail(count, said)
        begin = 1793000000 + day * 86400
        raw = arrival.raw.replace(b">7<", f">{day}-{count}<".encode())
        raw = raw.replace(b"1793000000", str(begin).encode())
        end = begin + 86400
        raw = raw.replace(b"1793086400", str(end).encode())
        return Arrival(f"{day}-{count}", raw, received_at=datetime.fromtimestamp(end, UTC))

    mails = [on_day(0, 1, "none"), on_day(1, 10, "pass"), on_day(2, 100, "none")]
    mails += [on_day(40, 1000, "none")]
    store = stored(tmp_path, mails)
    # Before the first proof and long after the last one, unverified reports count.
    assert asked(store, COUNTED) == [(1011,)]
    strict = Store(store.path, require_verified=True)
    assert asked(strict, COUNTED) == [(10,)]
