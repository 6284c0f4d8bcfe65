"""SMTP TLS reports: what the golden cases cannot show, one rule a test."""

import json
from typing import Any

import pytest

from ingest.parse import DomainHint, domain_hint, read_tls
from ingest.parse.fingerprint import content_hash
from schemas.errors import LimitExceeded, Malformed, NotAReport


def document(**changes: Any) -> dict[str, Any]:
    return {
        "organization-name": "Receiver Example",
        "date-range": {
            "start-datetime": "2026-03-01T00:00:00Z",
            "end-datetime": "2026-03-01T23:59:59Z",
        },
        "report-id": "1",
        "policies": [{"policy": {"policy-type": "no-policy-found"}, "summary": {}}],
    } | changes


def encoded(**changes: Any) -> bytes:
    return json.dumps(document(**changes)).encode()


HINT = DomainHint("example.com", "the file name")


def test_the_carrier_names_the_domain_where_the_policy_does_not() -> None:
    """Postfix leaves it out of no-policy-found (T8)."""
    report = read_tls(encoded(), hint=HINT)
    assert report.policies[0].policy_domain == "example.com"
    assert report.policies[0].policy_domain_raw is None
    assert report.repairs == ("T8: policy-domain taken from the file name",)


def test_the_report_wins_over_its_carrier() -> None:
    """RFC 8460 §5.6."""
    policy = {"policy": {"policy-type": "sts", "policy-domain": "Example.ORG."}, "summary": {}}
    report = read_tls(encoded(policies=[policy]), hint=HINT)
    assert report.policies[0].policy_domain == "example.org"
    assert report.repairs == ()


def test_what_the_carrier_names_is_not_what_the_report_says() -> None:
    """The same report by mail and as a file is a duplicate, not a conflict."""
    assert content_hash(read_tls(encoded(), hint=HINT)) == content_hash(read_tls(encoded()))


HEADER, FILE, SUBJECT = "the header TLS-Report-Domain", "the file name", "the Subject"
NAME = "mx.example.net!file.example!1772323200!1772409599!1.json.gz"
LINE = "Report Domain: Subject.example. Submitter: mx.example.net Report-ID: <1>"


@pytest.mark.parametrize(
    ("header", "path", "subject", "hint"),
    [
        ("Header.Example.", NAME, LINE, ("header.example", HEADER)),
        ("", NAME, LINE, ("file.example", FILE)),
        ("192.0.2.1", NAME, LINE, ("file.example", FILE)),
        (None, f"all.zip/{NAME}", LINE, ("file.example", FILE)),
        (None, f"{NAME}/report.json", LINE, ("file.example", FILE)),
        (None, "mx.example.net!a b!1!2.json", LINE, ("subject.example", SUBJECT)),
        (None, "mx.example.net!file.example.json", LINE, ("subject.example", SUBJECT)),
        (None, "", f"Fwd: {LINE.lower()}", ("subject.example", SUBJECT)),
        (None, "", "Report Domain: what is this mailbox for?", None),
        (None, "", None, None),
    ],
)
def test_header_file_name_and_subject_in_this_order(
    header: str | None, path: str, subject: str | None, hint: tuple[str, str] | None
) -> None:
    """T8; RFC 8460 §5.1 and §5.3."""
    assert domain_hint(header, path, subject) == hint


@pytest.mark.parametrize(
    ("sent", "count", "flagged"),
    [
        (7, 7, False),
        ("7", 7, False),
        (" 7 ", 7, False),
        (7.0, 7, False),
        (None, None, False),
        (-1, None, True),
        (7.5, None, True),
        (True, None, True),
        ("seven", None, True),
        ([7], None, True),
        (10**30, None, True),
        (float("inf"), None, True),
    ],
)
def test_counts(sent: object, count: int | None, flagged: bool) -> None:
    """T12: as a string too. What cannot be a count is no zero: it is flagged."""
    policy = {"policy": {}, "summary": {"total-failure-session-count": sent}}
    report = read_tls(encoded(policies=[policy]))
    assert report.policies[0].failed_sessions == count
    assert bool(report.flags) is flagged


def test_a_single_object_stands_for_a_list_of_one() -> None:
    policy = {"policy": {}, "summary": {}, "failure-details": {"result-type": "tlsa-invalid"}}
    assert len(read_tls(encoded(policies=[policy])).policies[0].failures) == 1


def test_entries_that_are_no_objects_are_not_lost_without_a_word() -> None:
    report = read_tls(encoded(policies=["sts", None]))
    assert report.policies == ()
    assert report.flags == ("an entry of a list is no JSON object",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_unicode_is_read_in_every_form(encoding: str) -> None:
    text = json.dumps(document(**{"organization-name": "Café"}), ensure_ascii=False)
    assert read_tls(text.encode(encoding)).organization_name == "Café"


def test_who_reports_is_the_contact_where_no_organisation_is_named() -> None:
    changes = {"organization-name": "", "contact-info": "<TLS@Receiver.Example>"}
    assert read_tls(encoded(**changes)).reporter == "receiver.example"
    with pytest.raises(Malformed, match="who reports"):
        read_tls(encoded(**{"organization-name": None}))


@pytest.mark.parametrize(
    ("start", "end", "flag"),
    [
        ("2011-01-01T00:00:00Z", "2011-01-02T00:00:00Z", "before 2012"),
        ("2026-01-01T00:00:00Z", "2100-01-02T00:00:00Z", "after 2099"),
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "ends before it begins"),
    ],
)
def test_periods_that_make_no_sense_are_flagged(start: str, end: str, flag: str) -> None:
    report = read_tls(encoded(**{"date-range": {"start-datetime": start, "end-datetime": end}}))
    assert flag in report.flags[0]


def test_strings_that_only_look_like_a_list_stay_as_they_are() -> None:
    """T2 is undone only where nothing of it gets lost."""
    for text in ("[not json", '[{"a": 1}]', "[1"):
        policy = {"policy": {"policy-string": [text]}, "summary": {}}
        assert read_tls(encoded(policies=[policy])).policies[0].policy_strings == (text,)


@pytest.mark.parametrize("text", ["[]", "{}", '"report-id"', "1", '{"report-id": 1}'])
def test_other_json_is_not_a_report(text: str) -> None:
    with pytest.raises(NotAReport):
        read_tls(text.encode())


def test_more_values_than_any_report_needs_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="values"):
        read_tls(encoded(policies=[0] * 500_001))
