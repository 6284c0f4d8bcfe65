"""Sessions and failures of TLS reports, over stores that `rua ingest` wrote (RFC 8460)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.tls.result_types import RESULTS, remedy, result
from analytics.tls.sessions import tls, tls_days, tls_failures
from schemas.reports.vocabulary import TlsResultType
from schemas.store.store import Store
from tests.support.mails.tls_documents import Said, policy, store_of

LAST = date(2026, 11, 19)
WINDOW = Window(LAST - timedelta(days=34), LAST, LAST)
EXPIRED = {
    "result-type": "certificate-expired",
    "sending-mta-ip": "192.0.2.7",
    "receiving-mx-hostname": "MX.example.com.",
    "failed-session-count": 3,
}


def back(days: int) -> date:
    return LAST - timedelta(days=days)


UNCOUNTED, SILENT = (
    {"result-type": "tlsa-invalid"},
    {"result-type": "certificate-expired", "failed-session-count": 2},
)
ELSEWHERE = {**EXPIRED, "sending-mta-ip": "192.0.2.8", "receiving-mx-hostname": "mx.example.com"}
ODD = {"result-type": "Quantum-Mismatch", "failed-session-count": 1, "failure-reason-code": "q"}
HUGE = 10**18 - 1

# Each case has a domain of its own, so that one store holds all.
REPORTS = (
    Said(back(2), [policy(10, 3, EXPIRED, domain="sums.example", mode="testing")]),
    Said(back(1), [policy(20, 0, domain="sums.example", mode="enforce")], "Other Inc."),
    Said(back(0), [policy(5, 0, domain="sums.example")]),
    Said(back(40), [policy(1000, 1000, domain="sums.example")]),
    Said(back(0), [policy(10, 1, domain="t16.example", kind=kind) for kind in ("sts", "tlsa")]),
    Said(back(0), [policy(n, 1, domain="entries.example") for n in (10, 4)]),
    Said(back(1), [policy(10, 8, EXPIRED, domain="t9.example")]),
    Said(back(0), [policy(10, 1, EXPIRED, domain="t9.example")]),
    Said(
        back(0),
        [
            policy(None, 2, UNCOUNTED, domain="unsaid.example"),
            policy(7, None, domain="unsaid.example"),
            policy(1, 0, domain="unsaid.example"),
        ],
    ),
    Said(back(3), [policy(0, 3, EXPIRED, domain="causes.example")]),
    Said(back(1), [policy(0, 6, EXPIRED, ELSEWHERE, domain="causes.example")]),
    Said(back(1), [policy(0, 2, SILENT, domain="causes.example")], "Other Inc."),
    Said(back(0), [policy(1, 1, ODD, {}, kind="Future", domain="words.example")]),
    Said(back(1), [policy(10, 0, domain="counted.example")], report_id="one"),
    Said(back(1), [policy(99, 99, EXPIRED, domain="counted.example")], report_id="one"),
    Said(back(0), [policy(-5, 0, domain="counted.example")]),
    Said(
        back(0),
        [
            policy(1, 1, EXPIRED, domain="parent.example"),
            policy(2, 1, EXPIRED, domain="other-parent.example"),
            policy(4, 1, EXPIRED, domain="mx.parent.example", kind="tlsa"),
            policy(8, 1, EXPIRED, domain="sub.parent.example"),
        ],
    ),
    Said(
        back(0),
        [policy(HUGE, HUGE, EXPIRED | {"failed-session-count": HUGE}, domain="huge.example")] * 12,
    ),
)


@pytest.fixture(scope="module")
def q(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Question]:
    numbered = [
        replace(each, report_id=each.report_id or f"report-{number}")
        for number, each in enumerate(REPORTS)
    ]
    with Store(store_of(numbered, tmp_path_factory.mktemp("tls") / "s")).read() as reader:
        yield Question(reader, WINDOW)


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows
    return row


def test_sessions_are_summed_over_reports_of_one_policy(q: Question) -> None:
    row = only(tls(q.about("sums.example")))
    assert (row["domain"], row["policy_type"]) == ("sums.example", "sts")
    assert (row["successful"], row["failed"]) == (35, 3)
    assert (row["reports"], row["reporters"], row["days"]) == (3, 2, 3)
    assert (row["first_day"], row["last_day"]) == (back(2), back(0))
    assert row["mode"] == "enforce"  # of the newest report that tells it
    assert (row["verdict"], row["reason"]) == (None, None)
    assert (row["unexplained"], row["overlapping"], row["unsaid"]) == (0, 0, 0)
    assert row["unverified"] == 3


def test_the_same_sessions_under_two_policies_are_never_added(q: Question) -> None:
    """T16: sts and tlsa of one domain, in one report."""
    rows, days = tls(q.about("t16.example")), tls_days(q.about("t16.example"))
    assert [(row["policy_type"], row["successful"]) for row in rows] == [("sts", 10), ("tlsa", 10)]
    assert [(row["policy_type"], row["successful"], row["failed"]) for row in days] == [
        ("sts", 10, 1),
        ("tlsa", 10, 1),
    ]


def test_several_entries_of_one_policy_are_added(q: Question) -> None:
    row = only(tls(q.about("entries.example")))
    assert (row["successful"], row["failed"], row["reports"]) == (14, 2, 1)


def test_failures_that_do_not_add_up_are_said(q: Question) -> None:
    """T9; RFC 8460 §4: they are not exclusive. One report does not hide what another lacks."""
    row = only(tls(q.about("t9.example")))
    assert row["failed"] == 9  # the summary is what counts
    assert row["failures"][0]["count"] == 6
    assert (row["unexplained"], row["overlapping"]) == (5, 2)


def test_counts_that_are_left_out_are_said(q: Question) -> None:
    row = only(tls(q.about("unsaid.example")))
    assert (row["successful"], row["failed"], row["unsaid"]) == (8, 2, 2)
    assert (row["failures"][0]["count"], row["failures"][0]["uncounted"]) == (0, 1)


def test_failures_by_result_mx_sender_and_reporter(q: Question) -> None:
    """T5: hosts may be left out; names of one host are one, however they are written."""
    fine = tls_failures(q.about("causes.example"))
    row = only(tls(q.about("causes.example")))
    told = [(r["mx"], r["sender"], r["reporter"], r["count"], r["days"]) for r in fine]
    assert told == [
        ("mx.example.com", "192.0.2.7", "receiver.example", 6, 2),
        ("mx.example.com", "192.0.2.8", "receiver.example", 3, 1),
        (None, None, "other inc.", 2, 1),
    ]
    assert [(cause["mx"], cause["count"]) for cause in row["failures"]] == [
        ("mx.example.com", 9),
        (None, 2),
    ]
    first = row["failures"][0]
    assert first["senders"] == ["192.0.2.7", "192.0.2.8"]
    assert (first["first_day"], first["last_day"]) == (back(3), back(1))
    assert "mx.example.com" in first["remedy"]
    assert "None" not in row["failures"][1]["remedy"]


def test_unknown_words_are_kept(q: Question) -> None:
    row = only(tls(q.about("words.example")))
    assert row["policy_type"] == "future"
    assert [each["result_type"] for each in row["failures"]] == ["quantum-mismatch", None]
    assert row["failures"][0]["reason_codes"] == ["q"]
    assert "registry" in row["failures"][0]["remedy"]


def test_reports_that_are_not_counted_do_not_count(q: Question) -> None:
    """A conflict, and a report whose count makes no sense."""
    row = only(tls(q.about("counted.example")))
    assert (row["successful"], row["failed"]) == (10, 0)
    assert tls_failures(q.about("counted.example")) == []
    assert len(tls_days(q.about("counted.example"))) == 1


def test_only_the_domains_asked_for(q: Question) -> None:
    chosen = tls(q.about("parent.example"))
    failures = tls_failures(q.about("parent.example"))
    days = tls_days(q.about("parent.example"))
    # RFC 8460 §4.4: of DANE it is the host that has the TLSA record.
    names = {("parent.example", "sts"), ("mx.parent.example", "tlsa")}
    assert {(row["domain"], row["policy_type"]) for row in chosen} == names
    assert {(row["domain"], row["policy_type"]) for row in failures} == names
    assert {(row["policy_type"], row["successful"]) for row in days} == {("sts", 1), ("tlsa", 4)}
    assert len(tls(q)) > len(REPORTS) / 2
    assert tls(q.within([])) == []


def test_sums_that_no_machine_integer_holds(q: Question) -> None:
    huge = q.about("huge.example")
    row, day = only(tls(huge)), only(tls_days(huge))
    assert row["successful"] == day["failed"] == row["failures"][0]["count"] == 12 * HUGE


def test_every_word_of_the_registry_has_its_remedy() -> None:
    assert set(RESULTS) == set(TlsResultType) - {TlsResultType.UNKNOWN}
    for word in TlsResultType:
        what = remedy(word, "example.com", "mx.example.com")
        assert "{" not in what
        assert what.endswith(".")
        assert result(word).meaning.endswith(".")


def test_a_remedy_names_the_places_and_nothing_that_is_no_name() -> None:
    text = remedy("sts-policy-fetch-error", "example.com", None)
    assert "https://mta-sts.example.com/.well-known/mta-sts.txt" in text
    for mx in ("{domain}{0}", "<b>mx.example.com</b>", "mx.example.com\u202e", "x" * 300, ""):
        assert "Renew the certificate of the mail servers" in remedy("certificate-expired", "x", mx)


@pytest.mark.parametrize("word", ["starttls-not-supported", "validation-failure"])
def test_what_one_reporter_alone_sees_is_said(word: str) -> None:
    assert "Only one reporter sees this" in remedy(word, "x", None, reporters=1)
    assert "Only one reporter sees this" not in remedy(word, "x", None, reporters=2)


def test_days_policies_and_failures_agree(q: Question) -> None:
    rows, days, failures = tls(q), tls_days(q), tls_failures(q)
    for kind in {row["policy_type"] for row in rows}:
        of_kind = [row for row in rows if row["policy_type"] == kind]
        by_day = [row for row in days if row["policy_type"] == kind]
        for key in ("successful", "failed"):
            assert sum(row[key] for row in of_kind) == sum(row[key] for row in by_day)
    told = sum(row["count"] for row in failures)
    assert told == sum(cause["count"] for row in rows for cause in row["failures"])
    assert told == sum(row["failed"] - row["unexplained"] + row["overlapping"] for row in rows)
