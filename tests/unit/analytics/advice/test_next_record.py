"""The next record: which step follows which policy, and what of the present record stays."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from schemas.store.store import Store
from tests.support.asked import Asked, asked
from tests.support.moments import utc
from tests.support.stores.hand_made import LAST, Record, Report, ago, moved, stored

OWN = "192.0.2.10"
Of = Callable[[int], Asked]
ENOUGH = {"days_with_reports": 1}

# Tags as reports show them, what DNS publishes (None: it was not asked), and the next step.
# docs/advice.md: none, quarantine, reject; an sp that is weaker than p follows it.
STEPS: list[tuple[dict[str, str], str | None, dict[str, str | None]]] = [
    ({"p": "none"}, None, {"p": "quarantine"}),
    ({"p": "quarantine"}, None, {"p": "reject"}),
    ({"p": "reject"}, None, {}),
    ({"p": "quarantine", "pct": "100"}, None, {"p": "reject"}),
    ({"p": "reject", "sp": "none"}, None, {"sp": "quarantine"}),
    ({"p": "reject", "sp": "quarantine"}, None, {"sp": "reject"}),
    ({"p": "reject", "sp": "reject"}, None, {}),
    ({"p": "none"}, "v=DMARC1; p=none; rua=mailto:a@example.net; fo=1; x=y", {"p": "quarantine"}),
    (
        {"p": "none"},
        "v=DMARC1; p=none; ri=3600; rf=afrf; pct=100; rua=mailto:a@example.net",
        {"p": "quarantine"},
    ),
    ({"p": "none"}, "v=DMARC1; p=none", {"p": "quarantine"}),
]
PARTIAL = [{"p": "quarantine", "pct": "20"}, {"p": "reject", "pct": "0"}]
RECORDS = {
    7: "v=DMARC1; p=quarantine; rua=mailto:a@example.net; fo=1; x=y",
    8: "v=DMARC1; p=quarantine; rua=mailto:a@example.net",
    9: "v=DMARC1; p=quarantine",  # no address is made up
}


def case(number: int, tags: Mapping[str, str]) -> list[Report]:
    """Enough of what passes for every gate."""
    names = ("google.com", "yahoo.com", "mailbox.example")
    reports = [
        Report(ago(day), name, [Record(OWN, 300)], tags) for name in names for day in (44, 20, 1)
    ]
    return moved(reports, domain(number))


def domain(number: int) -> str:
    return f"case{number}.example"


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Of]:
    tags = [*(each for each, _, _ in STEPS), *PARTIAL]
    reports = [report for number, each in enumerate(tags) for report in case(number, each)]
    store = stored(reports, tmp_path_factory.mktemp("steps"))
    with Store(store).write() as con:
        for number, (_, record, _) in enumerate(STEPS):
            if record:
                publish(con, domain(number), record)
    with asked(store, LAST, gates=ENOUGH) as found:
        yield lambda number: found.but(domain=domain(number))


def publish(con: object, name: str, record: str) -> None:
    """As `rua advise` keeps what DNS said."""
    at = utc(2026, 11, 19, 12)
    row = [name, at, at, f"_dmarc.{name}", "TXT", "found", [record]]
    con.execute("insert into dns_snapshot values ($1, $2, $3, $4, $5, $6, $7)", row)  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_the_next_step(of: Of, number: int) -> None:
    published, _, changes = STEPS[number]
    found = of(number).advice()
    assert found["changes"] == changes, found["reason"]
    assert found["verdict"] == ("advance" if changes else "done"), found["reason"]
    assert found["published"]["p"] == published["p"]


@pytest.mark.parametrize("number", RECORDS)
def test_the_record_keeps_what_is_not_changed(of: Of, number: int) -> None:
    found = of(number).advice()
    assert found["record"] == RECORDS[number]
    assert found["record_note"] is None


def test_a_record_of_the_tags_that_reports_show(of: Of) -> None:
    """Where DNS was not asked it is said what is missing."""
    found = of(4).advice()
    assert found["record"] == "v=DMARC1; p=reject; sp=quarantine"
    assert "rua" in found["record_note"]


@pytest.mark.parametrize("place", range(len(PARTIAL)))
def test_a_left_over_pct_comes_off_before_the_next_level(of: Of, place: int) -> None:
    found, p = of(len(STEPS) + place).advice(), PARTIAL[place]["p"]
    assert (found["verdict"], found["record"]) == ("advance", f"v=DMARC1; p={p}")
    assert found["changes"]["pct"] is None
