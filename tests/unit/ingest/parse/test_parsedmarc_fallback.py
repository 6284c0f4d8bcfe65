"""What rua's readers refuse as malformed and parsedmarc reads: kept, marked, counted nowhere."""

import inspect
import json
import socket
from email.message import Message
from pathlib import Path
from typing import Any

import parsedmarc
import pytest

from ingest.columns.tables import Rows
from ingest.model.batch import Reading
from ingest.model.proof import NO_MAIL
from ingest.parse import parsedmarc_fallback
from ingest.parse.parsedmarc_fallback import read_broken_aggregate, read_broken_tls
from ingest.workers.read import Origin, read_document
from schemas.errors import Malformed
from tests.support.mails.every_document import CORPUS, GOLDEN_INPUTS, documents_below

REFUSAL = Malformed("our reason")
RECORD = """
  <record>
    <row><source_ip>192.0.2.{n}</source_ip><count>{n}</count>
      <policy_evaluated><disposition>None</disposition><dkim>Pass</dkim><spf>fail</spf></policy_evaluated>
    </row>
    <identifiers><header_from>Example.com</header_from></identifiers>
    <auth_results>
      <dkim><domain>example.com</domain><result>pass</result></dkim>
      <spf><domain>bounce.example.com</domain><result>fail</result></spf>
      {also}
    </auth_results>
  </record>"""
HEAD = """<?xml version="1.0"?>
<feedback>
  <report_metadata>
    <org_name>receiver.example</org_name><email>dmarc@receiver.example</email>
    <report_id>7@mx.receiver.example</report_id>
    <date_range><begin>1700006400</begin><end>1700092799</end></date_range>
  </report_metadata>
  <policy_published><domain>example.com</domain><p>none</p></policy_published>"""
SCOPED = "<spf><domain>example.com</domain><scope>mfrom</scope><result>none</result></spf>"
SELECTED = "<dkim><domain>example.net</domain><selector>none</selector><result>fail</result></dkim>"


def document(*, cut: int = 0) -> bytes:
    """A report of three records, of which the last `cut` characters are missing."""
    records = [RECORD.format(n=1, also=""), RECORD.format(n=2, also=SCOPED + SELECTED)]
    text = HEAD + "".join(records) + RECORD.format(n=3, also="") + "\n</feedback>\n"
    return text[: len(text) - cut].encode()


IN_THE_LAST_RECORD = 100


def test_nothing_that_parsedmarc_fills_in_stands_as_sent() -> None:
    report = read_broken_aggregate(document(cut=IN_THE_LAST_RECORD), REFUSAL)
    policy = report.policy
    assert (policy.adkim_raw, policy.aspf_raw, policy.sp_raw, policy.pct_raw) == (None,) * 4
    assert report.version is None
    first, second = report.records
    for record in report.records:
        assert record.envelope_from_raw is None
        assert (record.disposition_raw, record.dkim_raw) == ("None", "Pass")
        assert record.header_from_raw == "Example.com"
    assert (first.dkim_results[0].selector, first.spf_results[0].scope_raw) == (None, None)
    assert [each.selector for each in second.dkim_results] == [None, "none"]
    assert [each.scope_raw for each in second.spf_results] == [None, "mfrom"]


def test_a_record_that_was_cut_in_two_is_refused_and_its_xml_kept() -> None:
    report = read_broken_aggregate(document(cut=IN_THE_LAST_RECORD), REFUSAL)
    (refused,) = report.refused_records
    assert refused.ordinal == 2
    assert "192.0.2.3" in refused.xml


def test_of_two_reports_in_one_document_the_first_is_read() -> None:
    second = document().replace(b"192.0.2.", b"198.51.100.")
    report = read_broken_aggregate(document() + second.partition(b"?>")[2], REFUSAL)
    assert [record.source_ip for record in report.records] == [f"192.0.2.{n}" for n in (1, 2, 3)]


def tls(**period: Any) -> bytes:
    case = next(
        path for path in GOLDEN_INPUTS if path.stem == "refused-no-time" and "tls" in str(path)
    )
    report = json.loads(case.read_bytes())
    report["date-range"] = period
    return json.dumps(report).encode()


@pytest.mark.parametrize("sent", ["soon", "", None])
def test_a_tls_time_that_is_none_is_read_as_the_other_and_kept_as_sent(sent: str | None) -> None:
    data = tls(**{"start-datetime": "2026-03-01T00:00:00Z", "end-datetime": sent})
    report = read_broken_tls(data, REFUSAL)
    assert report.start_at == report.end_at
    assert (report.start_raw, report.end_raw) == ("2026-03-01T00:00:00Z", sent)
    assert report.flags == ("incomplete: our reason",)
    assert report.policies[0].mx_hosts == ("*.mail.example.com",)


@pytest.mark.parametrize(
    "data",
    [
        tls(**{"start-datetime": "then", "end-datetime": "soon"}),
        tls(**{"start-datetime": "2026-03-01T00:00:00Z"}),
        b'{"report-id": "1", "policies": [',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b"[]",
    ],
    ids=["no times", "a key missing", "truncated", "deep", "bytes", "list"],
)
def test_what_neither_reads_of_tls_is_our_refusal(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read_broken_tls(data, REFUSAL)
    assert caught.value is REFUSAL


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"<feedback>",
        HEAD.encode(),
        b"<!DOCTYPE feedback []>" + document().partition(b"?>")[2],
        b"<feedback>" + b"<a>" * 3000,
        document(cut=IN_THE_LAST_RECORD).replace(b"<domain>example.com</domain>", b"<domain/>", 1),
        document(cut=IN_THE_LAST_RECORD) + b" " * (4 * 1024 * 1024),
    ],
    ids=["empty", "zero", "root", "no record", "doctype", "deep", "no domain", "too large"],
)
def test_what_neither_reads_of_dmarc_is_our_refusal(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read_broken_aggregate(data, REFUSAL)
    assert caught.value is REFUSAL


def test_each_exception_of_parsedmarc_is_caught() -> None:
    errors = [
        each
        for _, each in inspect.getmembers(parsedmarc, inspect.isclass)
        if issubclass(each, Exception)
        and each.__module__ == "parsedmarc"
        and each.__name__[0] != "_"
    ]
    assert len(errors) >= 4
    assert all(issubclass(each, parsedmarc.ParserError) for each in errors)


def test_it_asks_neither_network_nor_database_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def forbidden(*arguments: object, **named: object) -> None:
        asked.append(arguments)
        raise OSError

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr("parsedmarc.utils.get_ip_address_db_record", forbidden)
    monkeypatch.setattr("parsedmarc.utils.load_reverse_dns_map", forbidden)
    odd = document(cut=IN_THE_LAST_RECORD).replace(b"<count>2<", b"<count>\xc2\x9b2J<")
    assert len(read_broken_aggregate(odd, REFUSAL).records) == 1
    assert asked == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name",
    [path.stem for path in GOLDEN_INPUTS if path.stem.startswith("refused-")],
)
def test_only_what_is_malformed_is_tried(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def note(data: bytes, refusal: Malformed, **named: str) -> None:
        tried.append(refusal.code)
        raise refusal

    monkeypatch.setattr(parsedmarc_fallback, "read_broken_aggregate", note)
    monkeypatch.setattr(parsedmarc_fallback, "read_broken_tls", note)
    paths = [path for path in GOLDEN_INPUTS if path.stem == name]
    for each in documents_below(*paths):
        start = Reading("0" * 64, each.kind, each.data, each.path)
        code = read_document(start, Origin(Message(), NO_MAIL), 0, Rows()).code
        assert tried == (["malformed"] if code == "malformed" else [])
        tried.clear()


def test_of_the_corpus_whatever_parsedmarc_reads_is_read() -> None:
    if CORPUS is None:
        pytest.skip("the corpus was NOT read a second time: set RUA_CORPUS to its folder")
    refused = 0
    for each in documents_below(Path(CORPUS)):
        start = Reading("0" * 64, each.kind, each.data, each.path)
        if read_document(start, Origin(Message(), NO_MAIL), 0, Rows()).is_report:
            continue
        refused += 1
        with pytest.raises(parsedmarc.ParserError):
            parsedmarc.parse_aggregate_report_xml(each.data, offline=True)
    assert refused > 10
