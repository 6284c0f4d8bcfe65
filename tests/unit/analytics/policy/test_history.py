"""How a policy changed, as reports saw it and as DNS published it; what must not make it flap."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.policy.history import TAGS, PolicyChange, differences, policy_changes
from analytics.query.question import Question
from analytics.query.window import Window
from schemas.store.store import Store
from tests.support.mails.policy_reports import Seen, stored_policies
from tests.support.moments import utc

FIRST = date(2026, 10, 1)
LAST = FIRST + timedelta(days=29)
MANY = ("one.example", "two.example", "three.example")
NONE, QUARANTINE, REJECT = ({"p": p} for p in ("none", "quarantine", "reject"))
Tags = dict[str, str]


def on(*days: int) -> list[date]:
    return [FIRST + timedelta(days=day) for day in days]


def said(
    domain: str, who: Iterable[str], days: Iterable[int], tags: Tags, *, new: bool = False
) -> list[Seen]:
    days = list(days)
    return [Seen(domain, day, each, tags, new) for each in who for day in on(*days)]


FILLED = {"p": "none", "sp": "none", "np": "none", "adkim": "r", "aspf": "r", "pct": "100"}
CASES: dict[str, list[Seen]] = {
    # One goes by the old record to the end, and is alone on two days.
    "lags.example": [
        *said("lags.example", MANY, range(10), NONE),
        *said("lags.example", MANY, [*range(10, 14), *range(16, 30)], QUARANTINE),
        *said("lags.example", ["late.example"], range(30), NONE),
    ],
    # One says what nobody else sees, whether from the beginning or later on.
    "strange.example": [
        *said("strange.example", MANY, range(30), NONE),
        *said("strange.example", ["odd.example", "queer.example"], range(12, 20), REJECT),
    ],
    # Many names that prove nothing against one that does.
    "forged.example": [
        *said("forged.example", ["honest.example"], range(30), NONE),
        *said("forged.example", [f"forger{n}.example" for n in range(5)], range(8, 25), REJECT),
    ],
    "failed.example": [
        *said("failed.example", ["one.example"], range(0, 30, 7), NONE),
        *said("failed.example", ["false.example"], range(8, 20), REJECT),
    ],
    # A mistake of two days is told, and so is its end.
    "short.example": [
        *said("short.example", MANY, [*range(10), *range(12, 30)], QUARANTINE),
        *said("short.example", MANY, (10, 11), REJECT),
    ],
    # Some fill in what the record leaves out, some leave out what it says.
    "filled.example": [
        *said("filled.example", ["full.example"], range(10), FILLED),
        *said(
            "filled.example",
            ["full.example"],
            range(10, 30),
            FILLED | dict.fromkeys(("p", "sp", "np"), "quarantine"),
        ),
        *said("filled.example", MANY, range(10), NONE),
        *said("filled.example", MANY, range(10, 30), QUARANTINE),
    ],
    # The newer dialect has no pct: who goes over to it does not see it go.
    "dialect.example": [
        *said("dialect.example", MANY, range(15), {"p": "quarantine", "pct": "20"}),
        *said("dialect.example", MANY, range(15, 30), {"p": "quarantine", "t": "n"}, new=True),
    ],
    # A secret early bird: the day is that of the others.
    "early.example": [
        *said("early.example", MANY, range(10), NONE),
        *said("early.example", MANY, range(10, 30), QUARANTINE),
        *said("early.example", ["bird.example"], range(6), NONE),
        *said("early.example", ["bird.example"], range(6, 30), QUARANTINE),
    ],
    "single.example": [
        *said("single.example", ["one.example"], range(10), NONE),
        *said("single.example", ["one.example"], (10, 13), QUARANTINE),
    ],
    "once.example": [
        *said("once.example", ["one.example"], range(10), NONE),
        *said("once.example", ["one.example"], (10,), QUARANTINE),
    ],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("policies")
    path = stored_policies([each for case in CASES.values() for each in case], folder)
    store = Store(path)
    with store.write() as con:
        con.execute(
            "update dmarc_report set authenticity = 'verified' where reporter = 'honest.example'"
        )
        con.execute(
            "update dmarc_report set authenticity = 'failed', counted = false"
            " where reporter = 'false.example'"
        )
    return store


def seen(store: Store, domain: str, last: date = LAST) -> list[PolicyChange]:
    with store.read() as reader:
        return policy_changes(Question(reader, Window.up_to(last), (domain,)))


def told(found: Sequence[PolicyChange]) -> list[tuple[int, dict[str, Any], int | None]]:
    """(day, {tag: what it is now}, reporters) of every change after the first sight."""
    return [
        ((each.day - FIRST).days, {tag: each.after[tag] for tag in each.tags}, each.reporters)
        for each in found
        if each.before is not None
    ]


@pytest.mark.parametrize(
    ("domain", "changes"),
    [
        ("lags.example", [(10, {"p": "quarantine"}, 3)]),
        ("strange.example", []),
        ("forged.example", []),
        ("failed.example", []),
        ("short.example", [(10, {"p": "reject"}, 3), (12, {"p": "quarantine"}, 3)]),
        ("filled.example", [(10, {"p": "quarantine"}, 4)]),
        ("dialect.example", []),
        ("early.example", [(10, {"p": "quarantine"}, 4)]),
        ("single.example", [(10, {"p": "quarantine"}, 1)]),
        ("once.example", []),
    ],
)
def test_a_change_is_told_once_and_nothing_else_is(
    store: Store, domain: str, changes: list[tuple[int, dict[str, Any], int | None]]
) -> None:
    found = seen(store, domain)
    assert told(found) == changes
    assert (found[0].day, found[0].before, found[0].tags) == (FIRST, None, TAGS)


def test_a_change_is_not_known_before_its_day(store: Store) -> None:
    assert told(seen(store, "lags.example", FIRST + timedelta(days=9))) == []
    assert told(seen(store, "lags.example", FIRST + timedelta(days=11))) != []


RECORDS = (
    (0, "v=DMARC1; p=none; rua=mailto:d@example.com"),
    (5, "v=DMARC1; p=none; rua=mailto:other@example.com"),
    (10, "v=DMARC1; p=quarantine; np=reject; rua=mailto:other@example.com"),
    (14, "v=DMARC1; p=reject; rua=mailto:other@example.com"),
)


def test_dns_is_told_beside_the_reports_and_where_they_differ(store: Store, tmp_path: Path) -> None:
    copy = Store(tmp_path / "copy.duckdb")
    store.copy_to(copy.path)
    with copy.write() as con:
        for day, text in RECORDS:
            at = datetime.combine(FIRST, datetime.min.time()) + timedelta(days=day, hours=9)
            con.execute(
                "insert into dns_snapshot values ($1, $2, $2, $3, 'TXT', 'found', [$4])",
                ["lags.example", at, "_dmarc.lags.example", text],
            )
    with copy.read() as reader:
        q = Question(reader, Window.up_to(LAST), ("lags.example",))
        found = policy_changes(q)
        before = policy_changes(replace(q, dns_as_of=utc(2026, 10, 12)))
    dns = [each for each in found if each.by == "dns"]
    assert told(dns) == [
        (10, {"p": "quarantine", "np": "reject"}, None),  # not the change of rua
        (14, {"p": "reject", "np": None}, None),
    ]
    assert dns[1].seen_at == utc(2026, 10, 11, 9)
    assert [each.day for each in before if each.by == "dns"] == on(0, 10)
    (span,) = differences(found, LAST)
    assert (span.since, span.until, list(span.tags)) == (FIRST + timedelta(days=14), None, ["p"])
    assert (span.reports["p"], span.dns["p"]) == ("quarantine", "reject")
    assert differences(found, FIRST + timedelta(days=20)) == []  # not yet longer than a week
