"""The bounds of one record: how many results it may hold, and which counts can be true."""

from typing import Any

import pytest

from ingest.parse import read_aggregate
from schemas.reports.aggregate import AggregateReport

MOST = 1000  # results of one record (ingest/model/limits.py); RFC 9990 §3.1.3 says 100
DKIM = "<dkim><domain>example.com</domain><selector>s</selector><result>pass</result></dkim>"
SPF = "<spf><domain>example.com</domain><scope>mfrom</scope><result>pass</result></spf>"
REASON = "<reason><type>other</type><comment>why</comment></reason>"


def report(count: str = "1", reasons: int = 0, dkim: int = 1, spf: int = 1) -> AggregateReport:
    return read_aggregate(
        f"""<feedback><report_metadata><org_name>a.example</org_name><email>d@a.example</email>
<report_id>1</report_id><date_range><begin>1763510400</begin><end>1763596799</end></date_range>
</report_metadata><policy_published><domain>example.com</domain><p>none</p></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>{count}</count><policy_evaluated>
<disposition>none</disposition><dkim>pass</dkim><spf>pass</spf>{REASON * reasons}
</policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers>
<auth_results>{DKIM * dkim}{SPF * spf}</auth_results></record>
<record><row><source_ip>192.0.2.2</source_ip><count>2</count></row></record>
</feedback>""".encode()
    )


@pytest.mark.parametrize("what", ["reasons", "dkim", "spf"])
def test_as_many_results_as_are_allowed_are_kept(what: str) -> None:
    many: dict[str, Any] = {what: MOST}
    first, second = report(**many).records
    kept = {"reasons": first.reasons, "dkim": first.dkim_results, "spf": first.spf_results}
    assert len(kept[what]) == MOST
    assert second.count == 2


@pytest.mark.parametrize("what", ["reasons", "dkim", "spf"])
def test_a_record_with_one_more_is_refused_and_no_other(what: str) -> None:
    many: dict[str, Any] = {what: MOST + 1}
    found = report(**many)
    assert [each.count for each in found.records] == [2]
    (refused,) = found.refused_records
    assert "1000" in refused.reason


@pytest.mark.parametrize(
    ("text", "count", "is_sound"),
    [
        ("0", 0, True),
        ("1", 1, True),
        ("+7", 7, True),
        ("999999999", 999_999_999, True),
        ("1000000000", 1_000_000_000, False),  # a billion messages of one record in a day
        ("-1", -1, False),
        ("9223372036854775807", 2**63 - 1, False),  # the largest that the store can hold
        ("9223372036854775808", None, False),
        ("-9223372036854775808", None, False),
        ("0" * 39 + "5", 5, True),
        ("0" * 40 + "5", None, False),  # 41 digits
    ],
)
def test_counts_that_cannot_be_are_kept_and_flagged(
    text: str, count: int | None, is_sound: bool
) -> None:
    """As they were sent; a flagged record counts in no rate."""
    first, _ = report(text).records
    assert (first.count_raw, first.count) == (text, count)
    assert (not first.flags) is is_sound


@pytest.mark.parametrize("text", ["", "many", "1.5", "0x10", "1e3", "１２"])
def test_a_record_without_a_number_is_refused(text: str) -> None:
    found = report(text)
    assert [each.count for each in found.records] == [2]
    assert len(found.refused_records) == 1
