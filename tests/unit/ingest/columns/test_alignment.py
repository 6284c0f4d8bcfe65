"""Alignment computed again from a report's own results, and who reports otherwise (D42)."""

import pytest

from ingest.columns.alignment import recomputed
from ingest.parse import read_aggregate


def document(
    auth: str,
    *,
    identifiers: str = "<header_from>mail.example.com</header_from>",
    modes: str = "",
    evaluated: str = "<dkim>pass</dkim><spf>fail</spf>",
    count: int = 1,
    org: str = "receiver.example",
) -> str:
    return f"""<feedback><report_metadata><org_name>{org}</org_name><report_id>1</report_id>
    <date_range><begin>1772323200</begin><end>1772409599</end></date_range></report_metadata>
    <policy_published><domain>example.com</domain>{modes}<p>none</p></policy_published>
    <record><row><source_ip>192.0.2.1</source_ip><count>{count}</count>
    <policy_evaluated><disposition>none</disposition>{evaluated}</policy_evaluated></row>
    <identifiers>{identifiers}</identifiers><auth_results>{auth}</auth_results></record>
    </feedback>"""


def dkim(domain: str, result: str = "pass") -> str:
    return f"<dkim><domain>{domain}</domain><selector>s</selector><result>{result}</result></dkim>"


def spf(domain: str, result: str = "pass", scope: str = "<scope>mfrom</scope>") -> str:
    return f"<spf><domain>{domain}</domain>{scope}<result>{result}</result></spf>"


def found(xml: str) -> tuple[bool | None, bool | None]:
    report = read_aggregate(xml.encode())
    return recomputed(report.records[0], report.policy)


@pytest.mark.parametrize(
    ("results", "mode", "aligned"),
    [
        (dkim("example.com"), "", True),
        (dkim("MAIL.example.com."), "", True),
        (dkim("other.example.com"), "r", True),
        (dkim("other.example.com"), "unheard-of", True),
        (dkim("example.com"), "s", False),
        (dkim("mail.example.com"), "s", True),
        (dkim("example.net"), "", False),
        (dkim("com"), "", False),
        (dkim("example.com", "fail"), "", False),
        (dkim("example.com", "temperror"), "", False),
        (dkim("example.net") + dkim("example.com"), "", True),
        (dkim("") + dkim("example.com"), "", True),
        (dkim("") + dkim("example.net"), "", None),
        (dkim("", "fail"), "", False),
        (dkim("example.com", ""), "", None),
        (dkim("example.com", "perhaps"), "", None),
        (dkim("example.net", "perhaps"), "", False),
        ("", "", None),
    ],
)
def test_dkim_passes_for_an_aligned_domain(results: str, mode: str, aligned: bool | None) -> None:
    """RFC 9989 §4.4.1."""
    modes = f"<adkim>{mode}</adkim>" if mode else ""
    assert found(document(results, modes=modes)) == (aligned, None)


@pytest.mark.parametrize(
    ("results", "envelope", "mode", "aligned"),
    [
        (spf("example.com"), None, "", True),
        (spf("bounce.example.com", scope=""), None, "r", True),
        (spf("bounce.example.com"), None, "s", False),
        (spf("mail.example.com", scope="<scope>helo</scope>"), None, "", False),
        (spf("mail.example.com", scope="<scope>other</scope>"), None, "", None),
        (spf("example.com", "softfail"), None, "", False),
        (spf(""), "mail.example.com", "s", True),
        (spf(""), "", "", None),
        (spf(""), None, "", None),
        (spf("", "none"), None, "", False),
        ("", "example.com", "", None),
    ],
)
def test_spf_passes_for_an_aligned_mail_from(
    results: str, envelope: str | None, mode: str, aligned: bool | None
) -> None:
    """RFC 9989 §4.4.2; D22: HELO never aligns."""
    names = "<header_from>mail.example.com</header_from>"
    names += "" if envelope is None else f"<envelope_from>{envelope}</envelope_from>"
    modes = f"<aspf>{mode}</aspf>" if mode else ""
    assert found(document(results, identifiers=names, modes=modes)) == (None, aligned)


def test_without_an_author_domain_nothing_is_told() -> None:
    """D18: the policy domain that is put in its place may not be the author's."""
    assert found(document(dkim("example.com"), identifiers="")) == (None, None)
