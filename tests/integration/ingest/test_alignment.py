"""`rua status` names reporters whose records contradict their own results."""

from tests.conftest import Rua
from tests.unit.ingest.columns.test_alignment import dkim, document


def test_reporters_that_disagree_with_themselves_stand_in_the_status(rua: Rua) -> None:
    reports = {
        "right": (dkim("example.com"), 500),
        "no-results": ("", 500),
        "slightly": (dkim("example.com"), 99),
        "wrong": (dkim("example.net"), 30),
    }
    for name, (auth, count) in reports.items():
        xml = document(auth, count=count, org=f"{name}.example")
        if name == "slightly":  # 1 of 100: not above 1 %
            other = document(dkim("example.net"), count=1)
            record = other[other.index("<record>") : other.index("</feedback>")]
            xml = xml.replace("</feedback>", f"{record}</feedback>")
        (rua.folder / f"{name}.xml").write_text(xml)
    assert rua.json("ingest", *(f"{name}.xml" for name in reports))["stored"] == len(reports)
    days = ("--since", "2026-03-01", "--until", "2026-03-01")
    wrong = {
        "reporter": "wrong.example",
        "messages": 30,
        "disagreeing": 30,
        "share": 1.0,
        "is_flagged": True,
    }
    assert rua.json("status", *days)["disagreement"] == [wrong]
    table = rua("status", *days).stdout
    assert "wrong.example" in table.partition("own results")[2].partition("source ")[0]
    assert (
        rua.json("status", "--since", "2026-03-02", "--until", "2026-03-03")["disagreement"] == []
    )
    assert "own results" not in rua("status", "--since", "2026-03-02").stdout
