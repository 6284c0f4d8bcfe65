"""The week's tables: their columns, and what a row puts into each."""

from typing import Any

from dashboards.weekly.tables import Grid, Type, grids
from tests.support.weekly import counts, domain, week


def grid(name: str, **parts: Any) -> Grid:
    (found,) = [each for each in grids(week(**parts)) if each.name == name]
    return found


def rows(table: Grid) -> list[dict[str, Any]]:
    return [dict(zip(table.headers, cells, strict=True)) for cells in table.cells()]


def test_the_sheets_are_those_of_the_documentation() -> None:
    names = [each.name for each in grids(week())]
    assert names == ["Summary", "Domains", "Sources", "Decisions", "Changes", "TLS", "Reporters"]


def test_no_table_has_a_column_twice() -> None:
    for table in grids(week()):
        assert len(table.headers) == len(set(table.headers)), table.name


def test_a_domain_has_its_rates_and_those_of_the_week_before() -> None:
    before = counts(messages=500, legitimate=400, legitimate_aligned=300)
    one = domain(
        "a.example",
        {"own": 900, "spoof": 100},
        legitimate=900,
        legitimate_aligned=450,
        interval=(0.4, 0.6),
        before=before,
        advice={"verdict": "done", "record": None, "next_look": None} | {"blockers": []},
    )
    table = grid("Domains", domains=[one | {"advice": None}])
    (row,) = rows(table)
    assert row["domain"] == "a.example"
    assert row["legitimate rate"] == 0.5
    assert (row["interval from"], row["interval to"]) == (0.4, 0.6)
    assert row["legitimate rate, week before"] == 0.75
    assert row["messages, week before"] == 500
    assert (row["own"], row["spoof"], row["list"]) == (900, 100, 0)
    assert (row["verdict"], row["record"]) == (None, None)


def test_a_domain_without_mail_has_empty_cells_and_no_rate() -> None:
    (row,) = rows(
        grid(
            "Domains",
            domains=[
                domain("a.example", legitimate=0, legitimate_aligned=0, interval=None, enough=False)
            ],
        )
    )
    assert row["legitimate rate"] is None
    assert row["interval from"] is None
    assert row["legitimate rate, week before"] is None
    assert row["enough to tell"] is False


def test_advice_is_that_of_the_row() -> None:
    advice = {
        "verdict": "advance",
        "record": "v=DMARC1; p=reject",
        "changes": {"p": "reject"},
        "blockers": [],
    }
    (row,) = rows(grid("Domains", domains=[domain("a.example", advice=advice)]))
    assert (row["verdict"], row["record"]) == ("advance", "v=DMARC1; p=reject")
    assert "p=reject" in row["next step"]


def failure(result: str | None, mx: str | None, count: int, remedy: str) -> dict[str, Any]:
    return {"result_type": result, "mx": mx, "count": count, "remedy": remedy}


def test_failures_are_one_text_and_a_remedy_is_given_once() -> None:
    failures = [
        failure("certificate-expired", "mx.example.com", 1200, "Renew the certificate."),
        failure("certificate-expired", None, 3, "Renew the certificate."),
        failure(None, None, 1, "Ask the sender."),
    ]
    sessions = {"domain": "a.example", "policy_type": "sts", "failures": failures}
    (row,) = rows(grid("TLS", tls=[sessions]))
    assert row["failures"] == (
        "certificate-expired at mx.example.com: 1,200; certificate-expired: 3; not reported: 1"
    )
    assert row["remedies"] == "Renew the certificate. Ask the sender."


def test_days_and_booleans_keep_their_type() -> None:
    types = {column.header: column.type for column in grid("Sources").columns}
    assert types["first seen"] is Type.DAY
    assert types["new this week"] is Type.BOOLEAN
    assert types["messages"] is Type.COUNT
    assert types["reason"] is Type.LONG
