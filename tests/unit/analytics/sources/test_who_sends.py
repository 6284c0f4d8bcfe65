"""Who sends, in a store made by hand: the rows of each question, with every number worked out."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from schemas.store.store import Store
from tests.support.asked import Asked, asked
from tests.support.stores.hand_made import DOMAIN, LAST, Record, Report, ago, daily, moved, stored

OWN, ALSO_OWN, SHOP, LIST, SPOOF = (f"192.0.2.{n}" for n in (10, 11, 20, 30, 60))
SIX = "2001:db8:1:2::5"
LABELS = {OWN: "own", ALSO_OWN: "own", SHOP: "broken", LIST: "list", SPOOF: "spoof", SIX: "own"}
BROKEN: dict[str, Any] = {"dkim": "fail", "spf": "fail"}
TEMPORARY: dict[str, Any] = {**BROKEN, "signatures": [(DOMAIN, "temperror")]}
Of = Callable[[str], Asked]

SMALL = [
    Report(
        ago(5),
        "google.com",
        [
            Record(OWN, 50),
            Record(OWN, 3, spf="fail"),  # DKIM alone
            Record(OWN, 2, dkim="fail"),  # SPF alone
            Record(OWN, 4, **BROKEN, disposition="quarantine"),
            Record(OWN, 1, **TEMPORARY),
            Record(SPOOF, 7, **BROKEN, disposition="reject"),
        ],
    ),
    Report(ago(5), "yahoo.com", [Record(OWN, 10), Record(ALSO_OWN, 6), Record(LIST, 2, **BROKEN)]),
    Report(ago(4), "google.com", [Record(SHOP, 8, **BROKEN), Record(SIX, 9)]),
    Report(ago(4), "unproven.example", [Record(OWN, 5)], verified=False),
    # The first day of the window, the one before it, and one behind the last.
    Report(ago(34), "google.com", [Record(OWN, 20)]),
    Report(ago(35), "google.com", [Record(OWN, 700), Record(SHOP, 600, **BROKEN)]),
    Report(ago(-1), "google.com", [Record(OWN, 900)]),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asked(stored(SMALL, tmp_path_factory.mktemp("small")), LAST, labels=LABELS) as found:
        yield found


def part(row: Any, *keys: str) -> tuple[Any, ...]:
    return tuple(row[key] for key in keys)


COUNTS = ("messages", "aligned", "dkim_aligned", "spf_aligned", "indeterminate")


def test_each_address_has_its_sums(small: Asked) -> None:
    rows = small.sources()
    assert {address: part(row, *COUNTS) for address, row in rows.items()} == {
        # 50+3+2+4+1 + 10 + 5 + 20; without 4+1; DKIM without 2; SPF without 3
        OWN: (95, 90, 88, 87, 1),
        ALSO_OWN: (6, 6, 6, 6, 0),
        SHOP: (8, 0, 0, 0, 0),
        LIST: (2, 0, 0, 0, 0),
        SPOOF: (7, 0, 0, 0, 0),
        SIX: (9, 9, 9, 9, 0),
    }
    assert {address: row["class"] for address, row in rows.items()} == LABELS
    assert {row["decided_by"] for row in rows.values()} == {"label"}


def test_first_seen_looks_back_beyond_the_window(small: Asked) -> None:
    rows = small.sources()
    # "New" is first seen in the last 7 of the days.
    assert part(rows[OWN], "first_seen", "last_seen", "days", "reporters", "is_new") == (
        ago(35),
        ago(4),
        3,  # 34, 5 and 4 days ago
        3,
        False,
    )
    assert part(rows[SHOP], "first_seen", "last_seen", "days", "is_new") == (
        ago(35),
        ago(4),
        1,
        False,
    )
    assert part(rows[SIX], "first_seen", "is_new") == (ago(4), True)
    assert part(rows[SPOOF], "first_seen", "is_new") == (ago(5), True)


@pytest.mark.parametrize(("last", "is_new"), [(ago(-1), True), (ago(-2), False)])
def test_new_is_of_the_last_seven_days(small: Asked, last: date, is_new: bool) -> None:
    """First seen 5 days before LAST: the 7th day of a window that ends the day after it."""
    assert small.but(last=last).sources()[SPOOF]["is_new"] is is_new


def test_evidence_of_an_address(small: Asked) -> None:
    row = small.evidence()[OWN]
    assert part(row, *COUNTS) == (95, 90, 88, 87, 1)
    expected = {
        "rejected": 0,
        "quarantined": 4,
        "own_dkim_fails": 4,  # the failing ones; the temporary error is none
        "own_unaligned": 0,
        "ever_messages": 795,  # 95 + 700
        "ever_aligned": 790,
        "ever_spf_aligned": 787,
        "first_seen": ago(35),
        "last_seen": ago(4),
        "last_aligned": ago(4),
        "fresh_messages": 74,  # of the last week: 50+3+2+4 + 10 + 5
        "fresh_fails": 4,
        "latest_messages": 0,  # of the last three days
        "latest_fails": 0,
        "days": 3,
        "first_here": ago(34),
        "last_here": ago(4),
        "header_from": DOMAIN,
    }
    assert {key: row[key] for key in expected} == expected
    assert part(small.evidence()[SPOOF], "rejected", "quarantined", "ever_aligned") == (7, 0, 0)


def test_the_domain_in_all(small: Asked) -> None:
    row = small.domains()[DOMAIN]
    # 95 + 6 + 8 + 2 + 7 + 9
    assert part(row, "messages", "aligned", "unverified") == (127, 105, 5)
    assert row["reports"] == 5


def test_classes_of_the_domain(small: Asked) -> None:
    row = small.state().mail
    assert row["classes"] == {
        # 95 + 6 + 9 without the five that nothing proves: advice goes by verified reports alone as
        # soon as there are any.
        "own": 105,
        "broken": 8,
        "forwarder": 0,
        "list": 2,
        "spoof": 7,
        "undecided": 0,
    }
    # Own and broken without the temporary error; 85 + 6 + 9 pass.
    assert part(row, "legitimate", "legitimate_aligned") == (112, 100)


def test_day_by_day(small: Asked) -> None:
    days = small.each_day()
    keys = ("messages", "aligned", "legitimate", "legitimate_aligned", "spoof", "indirect")
    assert {day: part(row, *keys) for day, row in days.items()} == {
        ago(34): (20, 20, 20, 20, 0, 0),
        # 60 + 7 + 10 + 6 + 2; of ours 59 + 10 + 6
        ago(5): (85, 71, 75, 71, 7, 2),
        ago(4): (22, 14, 22, 14, 0, 0),
    }


def test_services_gather_addresses_of_one_class(small: Asked) -> None:
    """Addresses without a name or network are a source each."""
    rows = small.services()
    assert {key: part(row, "messages", "aligned", "source_ips") for key, row in rows.items()} == {
        (OWN, "own"): (95, 90, 1),
        (ALSO_OWN, "own"): (6, 6, 1),
        (SIX, "own"): (9, 9, 1),
        (SHOP, "broken"): (8, 0, 1),
        (LIST, "list"): (2, 0, 1),
        (SPOOF, "spoof"): (7, 0, 1),
    }


def test_rates_are_of_legitimate_sources(small: Asked) -> None:
    rows = small.rates()
    assert {name: part(row, "legitimate", "legitimate_aligned") for name, row in rows.items()} == {
        OWN: (94, 90),
        ALSO_OWN: (6, 6),
        SIX: (9, 9),
        SHOP: (8, 0),
    }
    # Wilson for 9 of 9: 9 / (9 + 1.96²) = 0.7008; for 0 of 8 up to 3.8416 / (8 + 3.8416) = 0.3244
    assert rows[SIX]["interval"] == pytest.approx((0.7008, 1.0), abs=1e-4)
    assert rows[SHOP]["interval"] == pytest.approx((0.0, 0.3244), abs=1e-4)
    assert not rows[OWN]["enough"]  # 94 messages


# Down from a source to its records.


def test_total_of_what_is_sought(small: Asked) -> None:
    keys = ("records", "reports", "reporters", "messages", "aligned", "unverified")
    assert part(small.found("total"), *keys) == (13, 5, 3, 127, 105, 5)
    # OWN: five records of Google's, one each of Yahoo's, the unproven one's, and the first day's
    assert part(small.found("total", source_ip=OWN), *keys) == (8, 4, 3, 95, 90, 5)
    assert part(small.found("total", source_ip=OWN, failing=True), *keys) == (2, 1, 1, 5, 0, 0)
    assert part(small.found("total", class_="own"), *keys) == (10, 5, 3, 110, 105, 5)
    assert part(small.found("total", reporter="yahoo.com"), *keys) == (3, 1, 1, 18, 16, 0)
    assert part(small.found("total", source_ip="192.0.2.99"), *keys) == (0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("network", "addresses"),
    [
        ("192.0.2.0/24", {OWN, ALSO_OWN, SHOP, LIST, SPOOF}),
        ("192.0.2.10/31", {OWN, ALSO_OWN}),
        ("192.0.2.11/32", {ALSO_OWN}),
        ("2001:db8:1::/48", {SIX}),
        ("2001:db8:2::/48", set()),
        ("192.0.3.0/24", set()),
    ],
)
def test_addresses_of_a_network(small: Asked, network: str, addresses: set[str]) -> None:
    rows = small.found("addresses", network=network)
    assert {row["source_ip"] for row in rows} == addresses


def test_days_and_reporters_of_what_is_sought(small: Asked) -> None:
    days = small.found("days", source_ip=OWN)
    assert [part(row, "day", "messages", "aligned", "indeterminate") for row in days] == [
        (ago(34), 20, 20, 0),
        (ago(5), 70, 65, 1),
        (ago(4), 5, 5, 0),
    ]
    failing = small.found("days", source_ip=OWN, failing=True)
    assert [part(row, "day", "messages") for row in failing] == [(ago(5), 5)]
    reporters = small.found("reporters", source_ip=OWN)
    keys = ("reporter", "messages", "aligned", "first_seen", "last_seen")
    assert [part(row, *keys) for row in reporters] == [
        ("google.com", 80, 75, ago(34), ago(5)),
        ("yahoo.com", 10, 10, ago(5), ago(5)),
        ("unproven.example", 5, 5, ago(4), ago(4)),
    ]


def test_records_come_newest_first_in_pages(small: Asked) -> None:
    every = small.records()
    assert len(every) == 13
    assert [row["day"] for row in every] == sorted((row["day"] for row in every), reverse=True)
    assert small.records(most=5) == every[:5]
    assert small.records(most=5, skip=5) == every[5:10]
    assert small.records(most=5, skip=10) == every[10:]
    failing = small.records(source_ip=OWN, failing=True)
    assert sorted(row["messages"] for row in failing) == [1, 4]
    assert {row["disposition"] for row in failing} == {"none", "quarantine"}


# Which reports the advice goes by.


def unproven(number: int, day: int) -> Report:
    return Report(ago(day), f"unproven{number}.example", [Record(OWN, 5)], verified=False)


PROOFS = {
    "none": [unproven(1, 3), unproven(2, 4)],
    "one": [Report(ago(3), "proven1.example", [Record(OWN, 1)]), unproven(1, 3), unproven(2, 34)],
    "two": [
        *(Report(ago(3), f"proven{n}.example", [Record(OWN, 1)]) for n in (1, 2)),
        unproven(1, 3),
        unproven(3, 35),  # before the window
    ],
    "all": daily([3, 2], "proven1.example", Record(OWN, 1)),
    "long ago": [Report(ago(60), "proven1.example", [Record(OWN, 1)]), unproven(1, 3)],
}


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Of]:
    names = {name: f"case{number}.example" for number, name in enumerate(PROOFS)}
    reports = [each for name in PROOFS for each in moved(PROOFS[name], names[name])]
    with asked(stored(reports, tmp_path_factory.mktemp("proofs")), LAST) as found:
        yield lambda name: found.but(domain=names[name])


@pytest.mark.parametrize(
    ("name", "reporters", "left_out"),
    [
        ("none", 1, 0),  # nothing else is there to go by
        ("one", 1, 2),
        ("one", 2, 0),
        ("one", 0, 0),  # never
        ("two", 2, 1),
        ("two", 3, 0),
        ("all", 1, 0),
        ("long ago", 1, 1),  # proven in the months before the window
    ],
)
def test_reports_without_proof_are_left_out_where_others_have_it(
    of: Of, name: str, reporters: int, left_out: int
) -> None:
    found = of(name).with_gates(verified_reporters=reporters)
    assert found.left_out() == left_out
    assert found.advice()["window"]["left_out"] == left_out


def test_what_is_left_out_is_in_no_count(of: Of) -> None:
    assert of("one").domains()[of("one").domain]["messages"] == 11
    assert of("one").proven().domains()[of("one").domain]["messages"] == 1
    assert of("one").domains()[of("one").domain]["messages"] == 11


# Who sends no more, who is new, and what a label decides.

GONE, LONG_GONE, NOT_GONE, NEW, ASKED = (f"198.51.100.{n}" for n in (1, 2, 3, 4, 5))
MOVING = [
    # The window begins 34 days ago; the 90 days before it are those of 35 to 124 days ago.
    *daily([35, 60], "google.com", Record(GONE, 4)),
    *daily([124], "google.com", Record(LONG_GONE, 5)),
    *daily([125], "google.com", Record(GONE, 100), Record("198.51.100.99", 6)),
    *daily([34, 35], "google.com", Record(NOT_GONE, 8)),
    *daily([6], "google.com", Record(NEW, 3)),
    *daily([7], "google.com", Record("198.51.100.7", 2)),
    *daily([20, 21], "yahoo.com", Record(ASKED, 7, **BROKEN)),
]


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asked(stored(MOVING, tmp_path_factory.mktemp("moving")), LAST) as found:
        yield found


def test_gone_is_who_sent_in_the_90_days_before_and_not_since(moving: Asked) -> None:
    keys = ("messages", "first_seen", "last_seen")
    assert {address: part(row, *keys) for address, row in moving.gone().items()} == {
        GONE: (8, ago(125), ago(35)),
        LONG_GONE: (5, ago(124), ago(124)),
    }


def test_sources_day_by_day(small: Asked) -> None:
    rows = {key: row for key, row in small.source_days().items() if key[0] == OWN}
    keys = (*COUNTS, "legitimate", "legitimate_aligned", "reporters")
    assert {day: part(row, *keys) for (_, day), row in rows.items()} == {
        ago(34): (20, 20, 20, 20, 0, 20, 20, 1),
        ago(5): (70, 65, 63, 62, 1, 69, 65, 2),
        ago(4): (5, 5, 5, 5, 0, 5, 5, 1),
    }


def test_new_and_undecided_addresses(moving: Asked) -> None:
    """New is first seen in the last seven days."""
    assert [row["source_ip"] for row in moving.unknown()] == [ASKED, NEW]
    assert [row["source_ip"] for row in moving.unknown(new=False)] == [ASKED]
    assert [row["source_ip"] for row in moving.unknown(undecided=False)] == [NEW]
    assert [row["source_ip"] for row in moving.unknown(most=1, skip=1)] == [NEW]


def test_what_a_label_decides(moving: Asked) -> None:
    labelled = moving.but(labels={ASKED: "spoof", "198.51.100.0/29": "own"})
    # The address is named more exactly than its network.
    assert labelled.sources()[ASKED]["class"] == "spoof"
    assert labelled.effect(ASKED) == {"sources": 1, "messages": 14, "otherwise": {"own": 14}}
    # NOT_GONE 8, NEW 3, the one of 7 days ago 2: own without a label, too.
    assert labelled.effect("198.51.100.0/29") == {
        "sources": 3,
        "messages": 13,
        "otherwise": {"own": 13},
    }


ABROAD = [
    *daily([20], "google.com", Record("198.51.100.1", 5, **BROKEN), Record("198.51.100.2", 4)),
    *daily([6], "google.com", Record("198.51.100.3", 3), Record("198.51.100.4", 2, **BROKEN)),
    *daily([5], "google.com", Record("198.51.100.5", 1, **BROKEN)),
    *daily([40], "google.com", Record("198.51.100.2", 4), Record("198.51.100.6", 9)),
]
COUNTRIES = {"198.51.100.1": "DE", "198.51.100.2": "DE", "198.51.100.3": "DE", "198.51.100.4": "FR"}


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    store = stored(ABROAD, tmp_path_factory.mktemp("abroad"))
    with Store(store).write() as con:
        for address, country in COUNTRIES.items():
            con.execute("update address set country = $1 where source_ip = $2", [country, address])
    with asked(store, LAST) as found:
        yield found


def test_countries_of_new_and_undecided_addresses(abroad: Asked) -> None:
    """Of Germany one is undecided, one passes and is old, one is new; of France one is both."""
    keys = ("every", "addresses", "undecided", "new", "messages")
    assert {country: part(row, *keys) for country, row in abroad.countries().items()} == {
        "DE": (3, 2, 1, 1, 8),
        "FR": (1, 1, 1, 1, 2),
        None: (1, 1, 1, 1, 1),
    }
    undecided = abroad.countries(new=False)
    assert {country: part(row, *keys) for country, row in undecided.items()} == {
        "DE": (3, 1, 1, 0, 5),
        "FR": (1, 1, 1, 1, 2),
        None: (1, 1, 1, 1, 1),
    }
    german = abroad.unknown(anywhere=False, country="DE")
    assert [row["source_ip"] for row in german] == ["198.51.100.1", "198.51.100.3"]
    nowhere = abroad.unknown(anywhere=False, country=None)
    assert [row["source_ip"] for row in nowhere] == ["198.51.100.5"]
