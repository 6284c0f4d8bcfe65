"""An mbox through `rua ingest`."""

import json

from tests.conftest import Rua
from tests.support.mails.mails import make_broken_mail, make_ordinary_mail, make_report_mail
from tests.unit.ingest.sources.test_mbox import in_mbox


def test_one_truncated_gzip_in_an_mbox_costs_one_document(rua: Rua) -> None:
    """parsedmarc ends with an error on such a file, and reads none of it."""
    letters = [make_report_mail(n) for n in range(6)]
    mails = [each.raw for each in letters]
    mails[2:2] = [make_broken_mail(1).raw, make_ordinary_mail(1).raw]
    (rua.folder / "reports.mbox").write_bytes(in_mbox(mails))
    counts = rua.json("ingest", "reports.mbox")
    expected = {"messages": 8, "documents": 7, "stored": 6, "refused": 1, "duplicate": 0}
    assert {key: counts[key] for key in expected} == expected
    again = rua.json("ingest", "reports.mbox")
    expected = {"messages": 8, "documents": 7, "stored": 0, "duplicate": 6}
    assert {key: again[key] for key in expected} == expected
    reports = rua.json("reports", "--as-of", "2026-05-10")
    assert len(reports) == 6
    shown = rua.json("show", reports[0]["id"])
    assert len(shown["deliveries"]) == 1, json.dumps(shown["deliveries"])
