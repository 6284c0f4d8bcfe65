"""Is a report genuine? What Authentication-Results prove, and of whom."""

import email
import email.message

import pytest

from ingest.model.proof import NO_MAIL, Authenticity, Proof, ProofResult, Trust
from ingest.parse import read_aggregate, read_tls
from ingest.verify.authenticity import judge, prove
from schemas.reports.aggregate import AggregateReport

OURS = Trust("mx.example.org")


def fields(*lines: str) -> email.message.Message:
    return email.message_from_string("\r\n".join((*lines, "", "")))


def proof(*lines: str, trust: Trust = OURS) -> Proof:
    return prove(fields(*lines), b"", trust, None)


FROM = "From: DMARC <noreply@reports.receiver.example>"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("mx.example.org; dmarc=pass header.from=reports.receiver.example", ProofResult.PASS),
        ("mx.example.org 1; dmarc=pass (p=none) header.from=receiver.example", ProofResult.PASS),
        ("MX.Example.ORG; dmarc=pass", ProofResult.PASS),
        ("mx.example.org; dmarc=fail header.from=receiver.example", ProofResult.FAIL),
        ("mx.example.org; dkim=pass header.d=receiver.example", ProofResult.PASS),
        ("mx.example.org; dkim=pass header.d=other.example", ProofResult.UNKNOWN),
        ("mx.example.org; dkim=fail header.d=receiver.example", ProofResult.UNKNOWN),
        ("mx.example.org; dkim=none; dmarc=none", ProofResult.UNSIGNED),
        ("mx.example.org; spf=pass smtp.mailfrom=receiver.example", ProofResult.UNKNOWN),
        ("mx.example.org; dmarc=pass header.from=evil.example", ProofResult.UNKNOWN),
        ("mx.example.org; dkim=temperror header.d=receiver.example", ProofResult.UNKNOWN),
        ("mx.example.org; dmarc=temperror; dkim=pass header.d=receiver.example", ProofResult.PASS),
        ("evil.example; dmarc=pass", ProofResult.UNKNOWN),
        ("mx.example.org; dmarc", ProofResult.UNKNOWN),
    ],
)
def test_our_own_mx_is_believed_and_nobody_else(results: str, expected: ProofResult) -> None:
    assert proof(FROM, f"Authentication-Results: {results}").result is expected


def test_rfc8601_5_only_headers_on_top_with_our_name_are_believed() -> None:
    forged_below = proof(
        "Authentication-Results: mx.example.org; dmarc=fail",
        "Authentication-Results: mx.example.org; dmarc=pass",
        FROM,
    )
    assert forged_below.result is ProofResult.FAIL
    behind_another = proof(
        "Authentication-Results: relay.example.net; spf=pass",
        "Authentication-Results: mx.example.org; dmarc=pass",
        FROM,
    )
    assert behind_another.result is ProofResult.UNKNOWN


def test_each_filter_of_our_mx_may_add_a_header_of_its_own() -> None:
    said = proof(
        "Authentication-Results: mx.example.org; dmarc=none",
        "Authentication-Results: mx.example.org; dkim=pass header.d=receiver.example",
        FROM,
    )
    assert said.result is ProofResult.PASS


def test_without_a_name_to_trust_nothing_is_believed() -> None:
    said = proof(FROM, "Authentication-Results: mx.example.org; dmarc=pass", trust=Trust())
    assert said.result is ProofResult.UNKNOWN


def test_two_authors_prove_nobody() -> None:
    passing = "Authentication-Results: mx.example.org; dmarc=pass"
    assert proof(FROM, "From: <x@receiver.example>", passing).domain is None
    two = "From: Receiver <r@receiver.example>, evil@evil.example"
    checked = "Authentication-Results: mx.example.org; dmarc=pass header.from=evil.example"
    assert proof(two, checked).result is ProofResult.UNKNOWN


@pytest.mark.parametrize("junk", ["", ";;;", "mx.example.org; " + "(" * 5000, "\x00", "=?utf-8?q?"])
def test_no_header_raises(junk: str) -> None:
    assert proof(FROM, f"Authentication-Results: {junk}").result is ProofResult.UNKNOWN


def aggregate(org_name: str, address: str) -> AggregateReport:
    return read_aggregate(
        f"""<feedback><report_metadata><org_name>{org_name}</org_name><email>{address}</email>
        <report_id>1</report_id><date_range><begin>1793000000</begin><end>1793086400</end>
        </date_range></report_metadata><policy_published><domain>example.com</domain>
        </policy_published></feedback>""".encode()
    )


PASSED = Proof(ProofResult.PASS, "reports.receiver.example", "dmarc", "mx says dmarc=pass")


@pytest.mark.parametrize(
    ("org_name", "address", "expected"),
    [
        ("receiver.example", "x@elsewhere.test", Authenticity.VERIFIED),
        ("Receiver Inc.", "dmarc@receiver.example", Authenticity.VERIFIED),
        ("big.example", "dmarc@big.example", Authenticity.UNVERIFIED),
        # A passing mail of one's own, and a great name on the report.
        ("big.example", "dmarc@receiver.example", Authenticity.UNVERIFIED),
        ("Receiver Inc.", "", Authenticity.UNVERIFIED),
    ],
)
def test_a_passing_mail_verifies_only_its_own_reporter(
    org_name: str, address: str, expected: Authenticity
) -> None:
    assert judge(PASSED, aggregate(org_name, address)).authenticity is expected


def test_forged_is_not_the_same_as_unverifiable() -> None:
    report = aggregate("receiver.example", "x@receiver.example")
    failed = Proof(ProofResult.FAIL, "receiver.example", "dmarc", "mx says dmarc=fail")
    assert judge(failed, report).authenticity is Authenticity.FAILED
    assert judge(NO_MAIL, report).authenticity is Authenticity.UNVERIFIED


def test_rfc8460_3_a_tls_report_without_a_signature_is_ignored() -> None:
    report = read_tls(
        b"""{"organization-name": "receiver.example", "report-id": "1", "policies": [],
        "date-range": {"start-datetime": "2026-10-01T00:00:00Z",
                       "end-datetime": "2026-10-01T23:59:59Z"}}"""
    )
    unsigned = Proof(ProofResult.UNSIGNED, "receiver.example", "dkim", "mx found no signature")
    judged = judge(unsigned, report)
    assert judged.authenticity is Authenticity.FAILED
    assert "RFC 8460 §3" in judged.reason
    dmarc = aggregate("receiver.example", "x@receiver.example")
    assert judge(unsigned, dmarc).authenticity is Authenticity.UNVERIFIED
