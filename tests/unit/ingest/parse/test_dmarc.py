"""Aggregate reports: what the golden cases cannot show, one rule a test."""

import pytest

from ingest.model.limits import TEMPLATES
from ingest.parse import dmarc_record, read_aggregate
from schemas.errors import Forbidden, Malformed, NotAReport
from schemas.reports.aggregate import AggregateReport
from schemas.reports.vocabulary import DkimVerdict, SpfVerdict

ROW = "<row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated/></row>"
NAMED = "<identifiers><header_from>{name}</header_from></identifiers>"


def record(ip: str = "192.0.2.1", count: object = 1, name: str = "example.com") -> str:
    inside = ROW.format(ip=ip, count=count) + NAMED.format(name=name)
    return f"<record>{inside}</record>"


def report(*inside: str, end: str = "1700092799") -> str:
    return (
        "<feedback><report_metadata><org_name>r</org_name><report_id>1</report_id>"
        f"<date_range><begin>1700006400</begin><end>{end}</end></date_range></report_metadata>"
        "<policy_published><domain>example.com</domain><p>none</p></policy_published>"
        + "".join(inside)
        + "</feedback>"
    )


def read(*inside: str) -> AggregateReport:
    return read_aggregate(report(*inside).encode())


def test_records_alike_but_for_address_and_count_keep_their_own() -> None:
    """What is read once and reused must differ exactly where the documents differ."""
    many = read(*(record(f"192.0.2.{n}", n + 1) for n in range(200)), record("none", 7))
    assert [r.source_ip for r in many.records[:-1]] == [f"192.0.2.{n}" for n in range(200)]
    assert [r.count for r in many.records] == [*range(1, 201), 7]
    assert {r.header_from for r in many.records} == {"example.com"}
    assert many.records[-1].flags == ("the source address is no IP address",)
    assert not any(r.flags for r in many.records[:-1])


def test_what_is_kept_for_reuse_is_bounded() -> None:
    """Strangers decide how many kinds of records there are."""
    found = read(*(record(name=f"n{n}.example") for n in range(TEMPLATES + 50)))
    assert [r.header_from for r in found.records[-2:]] == ["n2096.example", "n2097.example"]
    assert len(dmarc_record._templates) <= TEMPLATES


def test_count_before_address_is_not_taken_for_it() -> None:
    swapped = record("192.0.2.{}", "{}").replace(
        "<source_ip>192.0.2.{}</source_ip><count>{}</count>",
        "<count>5</count><source_ip>192.0.2.9</source_ip>",
    )
    for each in read(record(), swapped, swapped).records[1:]:
        assert (each.source_ip, each.count) == ("192.0.2.9", 5)


def test_an_address_outside_the_row_is_not_the_source() -> None:
    outside = (
        "<record><row><count>{}</count></row><x><source_ip>192.0.2.{}</source_ip></x></record>"
    )
    found = read(*(outside.format(n, n) for n in (1, 2, 3))).records
    assert [r.source_ip_raw for r in found] == [None, None, None]
    assert [r.count for r in found] == [1, 2, 3]
    assert "192.0.2.3" in found[2].extensions[0]


def test_markup_in_a_count_is_not_read_over() -> None:
    (refused,) = read(record(count="5<x/>3"), record()).refused_records
    assert refused.reason == "count is no number: '5<x/>3'"


def test_records_and_refusals_together_are_all_the_records() -> None:
    found = read(record(), "<record/>", record(), "<record><row/><row/></record>", record())
    assert [r.ordinal for r in found.refused_records] == [1, 3]
    assert len(found.records) == 3


def test_two_rows_in_a_record_are_not_one() -> None:
    row = ROW.format(ip="192.0.2.1", count=1)
    (refused,) = read(f"<record>{row}{row}</record>", record()).refused_records
    assert refused.reason == "more than one row in the record"


def test_a_broken_record_is_refused_and_the_others_stand() -> None:
    """Lenient parsing would nest what follows within the broken record, and lose it."""
    broken = record("192.0.2.2").replace("</count>", "")
    found = read(record("192.0.2.1"), broken, record("192.0.2.3"), record("192.0.2.4"))
    assert [r.source_ip for r in found.records] == ["192.0.2.1", "192.0.2.3", "192.0.2.4"]
    assert [r.ordinal for r in found.refused_records] == [1]
    assert found.refused_records[0].xml == broken
    assert not found.flags


def test_a_record_without_its_end_is_refused_alone() -> None:
    found = read(record("192.0.2.1"), "<record><row>", record("192.0.2.3"))
    assert [r.source_ip for r in found.records] == ["192.0.2.1", "192.0.2.3"]
    assert [r.xml for r in found.refused_records] == ["<record><row>"]


def test_namespaces_of_the_root_hold_in_a_document_read_by_pieces() -> None:
    text = report(record(), record().replace("</row>", "")).replace(
        "<feedback>", '<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0" xmlns:x="urn:x">'
    )
    found = read_aggregate(text.encode())
    assert (len(found.records), len(found.refused_records)) == (1, 1)
    assert found.xml_namespace == "urn:ietf:params:xml:ns:dmarc-2.0"


def test_what_is_broken_around_the_records_is_flagged() -> None:
    text = report(record()).replace("</date_range>", "</date_range><email>x</mail>")
    found = read_aggregate(text.encode())
    assert len(found.records) == 1
    assert found.flags[0].startswith("not well-formed around the records")


def test_a_document_of_two_reports_is_neither() -> None:
    """Reading only the first, or both as one, would both be wrong."""
    with pytest.raises(Malformed, match="2 reports in one document"):
        read_aggregate((report(record()) * 2).encode())


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9, 0.999])
def test_a_document_that_ends_too_early_is_refused_whole(cut: float) -> None:
    text = report(*(record() for _ in range(20)))
    with pytest.raises(Malformed):
        read_aggregate(text[: int(len(text) * cut)].encode())


def test_an_unknown_entity_is_text() -> None:
    found = read(record(name="a&nbsp;b.example"), record())
    assert found.records[0].header_from_raw == "a&nbsp;b.example"
    assert found.repairs == ("bare ampersand escaped",)


@pytest.mark.parametrize(
    "text",
    ["<!DOCTYPE feedback>", "<!DOCTYPE feedback SYSTEM 'x.dtd'>", "<!DOCTYPE x [<!ENTITY a 'b'>]>"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("tail", ["", "<oops"])
def test_a_doctype_is_forbidden(text: str, encoding: str, tail: str) -> None:
    with pytest.raises(Forbidden):
        read_aggregate((text + report(record()) + tail).encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="{}"?>', " \n"])
def test_unicode_is_read_in_every_form(encoding: str, declared: str) -> None:
    text = declared.format(encoding.removesuffix("-sig")) + report(record(name="bücher.example"))
    found = read_aggregate(text.encode(encoding))
    assert found.records[0].header_from == "xn--bcher-kva.example"


def test_a_declaration_that_is_wrong_about_utf16_does_not_hide_the_report() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?>' + report(record())
    assert len(read_aggregate(text.encode()).records) == 1


@pytest.mark.parametrize(
    ("sent", "normal"),
    [
        (" Example.COM. ", "example.com"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--BCHER-kva.example", "xn--bcher-kva.example"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("exa mple.com", "exa mple.com"),
        ("example.com..", "example.com"),
    ],
)
def test_domains_have_one_form_and_keep_what_was_sent(sent: str, normal: str) -> None:
    found = read(record(name=sent)).records[0]
    assert found.header_from == normal
    assert found.header_from_raw == sent.strip()


@pytest.mark.parametrize("domain", ["localhost", "192.0.2.1", "a b.example", "-a.example", "a..b"])
def test_a_policy_domain_that_is_none_is_flagged(domain: str) -> None:
    text = report(record()).replace("<domain>example.com", f"<domain>{domain}")
    assert "the policy domain is no domain name" in read_aggregate(text.encode()).flags


@pytest.mark.parametrize(
    ("end", "flag"),
    [
        ("1700006399", "the period ends before it begins"),
        ("4102444800", "the period is before 2012 or after 2099"),
        ("1710006400", "the period is longer than 100 days"),
        ("1700006400", None),
    ],
)
def test_periods_that_make_no_sense_are_flagged_and_kept(end: str, flag: str | None) -> None:
    found = read_aggregate(report(record(), end=end).encode())
    assert found.end_raw == end
    assert found.flags == ((flag,) if flag else ())


@pytest.mark.parametrize("end", ["nan", "inf", "-1e30", "1e30", "", "soon", "９" * 10 + "x"])
def test_a_time_that_is_none_refuses_the_report(end: str) -> None:
    with pytest.raises(Malformed, match="date_range/end is no time"):
        read_aggregate(report(record(), end=end).encode())


def test_a_comment_behind_a_result_is_not_part_of_the_word() -> None:
    """RFC 8601 §2.2; dmarcian saw "fail (no key for signature)" (D43)."""
    assert DkimVerdict.of("fail (no key for signature)") is DkimVerdict.FAIL
    assert SpfVerdict.of("(none)") is SpfVerdict.UNKNOWN
    assert SpfVerdict.of(" ") is None


def test_a_report_whose_records_come_first_is_read() -> None:
    text = report(record(name=""), record())
    head, tail = text.split("<report_metadata>")
    published, rest = tail.split("<record>", 1)
    first = "<record>" + rest.removesuffix("</feedback>")
    found = read_aggregate(f"{head}{first}<report_metadata>{published}</feedback>".encode())
    assert [r.header_from for r in found.records] == ["example.com", "example.com"]


def test_other_xml_is_not_a_report() -> None:
    for text in ("<a/>", "<feedbacks/>", "<x><feedback/></x>", '<?xml version="1.0"?><svg/>'):
        with pytest.raises(NotAReport):
            read_aggregate(text.encode())
