"""What `rua reports` and `rua show` let be seen of a report."""

import json

import pytest

from tests.conftest import Rua
from tests.support.paths import GOLDEN


@pytest.fixture
def ingested(rua: Rua) -> Rua:
    names = ("dmarc/langs.xml", "dmarc/record-refused-among-good-ones.xml")
    assert rua("ingest", *(GOLDEN / name for name in names)).returncode == 0
    return rua


def number_of(rua: Rua, report_id: str) -> str:
    (row,) = [r for r in rua.json("reports", "--days", "36500") if r["report_id"] == report_id]
    return str(row["id"])


def test_the_languages_of_texts_are_shown(ingested: Rua) -> None:
    """RFC 9990 App. A, langAttrString."""
    shown = ingested.json("show", number_of(ingested, "langs"))
    assert (shown["extra_contact_info"], shown["extra_contact_info_lang"]) == (
        "Fragen an die Poststelle",
        "de",
    )
    assert shown["errors"] == ["délai dépassé", "no answer from 192.0.2.53", "empty lang"]
    assert shown["error_langs"] == ["fr", None, ""]
    (record,) = shown["contents"]
    assert record["dkim_results"] == ["pass example.com s handtekening klopt [nl]"]
    assert record["spf_results"] == ["fail example.net adressen är inte tillåten [sv]"]
    assert record["reasons"] == ["local_policy arc=pass, encaminhada [pt-BR]", "other no lang"]


def test_refused_records_stand_in_the_table_of_reports(ingested: Rua) -> None:
    lines = ingested("reports", "--days", "36500", "--format", "csv").stdout.splitlines()
    place = lines[0].split(",").index("refused_records")
    rows = ingested.json("reports", "--days", "36500")
    assert [line.split(",")[place] for line in lines[1:]] == [
        str(row["refused_records"]) for row in rows
    ]
    assert sorted(row["refused_records"] for row in rows)[-1] > 0
    assert "refused" in ingested("reports", "--days", "36500").stdout.splitlines()[0]


def test_the_table_of_a_report_says_why_it_is_thought_genuine(ingested: Rua) -> None:
    table = ingested("show", number_of(ingested, "langs")).stdout
    assert "authenticity reason" in table
    assert "it came as a file, without its mail" in table


SEVERAL = ["b.example", "a.example", None, "b.example"]


@pytest.fixture
def several(rua: Rua) -> Rua:
    """A TLS report of several policy domains, one twice, and one that names none."""
    report = {
        "organization-name": "Receiver Example",
        "date-range": {
            "start-datetime": "2026-05-01T00:00:00Z",
            "end-datetime": "2026-05-01T23:59:59Z",
        },
        "report-id": "several",
        "policies": [
            {"policy": {"policy-type": "sts", "policy-domain": domain}, "summary": {}}
            for domain in SEVERAL
        ],
    }
    (rua.folder / "several.json").write_text(json.dumps(report))
    none = report | {"report-id": "none", "policies": []}
    (rua.folder / "none.json").write_text(json.dumps(none))
    names = ("several.json", "none.json", GOLDEN / "dmarc/langs.xml")
    assert rua("ingest", *names).returncode == 0
    return rua


def test_a_report_is_found_under_each_of_its_domains(several: Rua) -> None:
    days = ("reports", "--days", "36500")
    domains = {row["report_id"]: (row["domain"], row["domains"]) for row in several.json(*days)}
    assert domains == {
        "several": ("b.example", ["b.example", "a.example"]),
        "none": (None, []),
        "langs": ("example.com", ["example.com"]),
    }
    for domain, report_id in (("a.example", "several"), ("B.example", "several")):
        (row,) = several.json(*days, "--domain", domain)
        assert (row["report_id"], row["domain"]) == (report_id, "b.example")
    assert [r["report_id"] for r in several.json(*days, "--domain", "example.com")] == ["langs"]
    assert several.json(*days, "--domain", "example.net") == []
    assert "b.example, a.example" in several(*days).stdout
    assert several.json("show", number_of(several, "several"))["domains"] == [
        "b.example",
        "a.example",
    ]
