"""What stands on each blocker: how much of it fails, what is left, and when it is mended."""

from pathlib import Path
from typing import Any

import pytest

from analytics.advice.advise import advise
from analytics.query.question import Owner, Question
from analytics.query.statistics import wilson
from analytics.query.window import Window
from analytics.sources.labels import add, overrides
from schemas.store.store import Store
from tests.support.mails.made_mail import LAST, Mail, days_back, on_working_days, stored

WINDOW = Window.up_to(LAST)
OWN = ("example.com", "pass")
OFFICE = Mail(["192.0.2.10"], on_working_days(40), 40, dkim=[OWN], spf=OWN)
PRINTER = "198.51.100.20"


def advised(store: Path, owner: Owner | None = None) -> dict[str, Any]:
    with Store(store).read() as reader:
        owners = {"example.com": owner or Owner()}
        q = Question(reader, WINDOW, ("example.com",), overrides(reader, {}), owners=owners)
        (row,) = advise(q)
    return row


def test_the_largest_loss_comes_first_and_what_is_left_falls_to_nothing(tmp_path: Path) -> None:
    every = range(35)
    store = stored(
        [
            OFFICE,
            Mail([PRINTER], days_back(*every), 1),
            Mail(["198.51.100.21"], days_back(*every), 3),
            # Most mail, and the smallest loss.
            Mail(["198.51.100.22"], days_back(*every), 9, dkim=[OWN]),
            Mail(["198.51.100.22"], days_back(0, 1, 2), 5),
        ],
        tmp_path,
    )
    for address in (PRINTER, "198.51.100.21", "198.51.100.22"):
        add(Store(store), "example.com", address, "broken", None)
    row = advised(store)
    told = [(b["source_ips"], b["messages"], b["lost"], b["left_after"]) for b in row["blockers"]]
    assert row["impact"]["legitimate_lost"] == 315 + 105 + 45
    assert told == [(1, 315, 315, 150), (1, 105, 105, 45), (1, 990, 45, 0)]
    whole, _, part = (each["interval"] for each in row["blockers"])
    assert whole == pytest.approx(wilson(315, 315), abs=1e-6)
    low, high = part
    alone = wilson(45, 990)
    assert alone is not None
    assert low < alone[0]  # it fails on three days alone: fewer are independent
    assert high > alone[1]


# By domain: days back on which its printer fails, on which it passes; whether it blocks still.
MENDED = {
    "never.example": (range(35), (), True),
    "three-days.example": (range(3, 35), range(3), True),
    "all-but-two.example": ((33, 34), range(33), True),
    "all-but-one.example": ((34,), range(34), False),
    "not-this-week.example": ((1, 2, 3), (0, *range(4, 35)), True),
}


def test_it_leaves_the_list_when_the_data_show_what_was_said(tmp_path: Path) -> None:
    mails = []
    for domain, (fails, passes, _) in MENDED.items():
        here: dict[str, Any] = {"domain": domain, "header_from": domain}
        own: dict[str, Any] = {"dkim": [(domain, "pass")], "spf": (domain, "pass")}
        mails += [
            Mail(["192.0.2.10"], on_working_days(34), 40, **own, **here),
            Mail([PRINTER], days_back(*fails), 1, spf=(domain, "softfail"), **here),
            Mail([PRINTER], days_back(*passes), 1, **own, **here),
        ]
    with Store(stored(mails, tmp_path)).read() as reader:
        rows = {row["domain"]: row for row in advise(Question(reader, WINDOW))}
    broken = {
        domain: [each for each in rows[domain]["blockers"] if each["class"] == "broken"]
        for domain in MENDED
    }
    assert {name: bool(found) for name, found in broken.items()} == {
        name: is_blocked for name, (_, _, is_blocked) in MENDED.items()
    }
    for each in (each for found in broken.values() for each in found):
        assert "at least 95 % of its mail passes DMARC" in each["fixed_when"]
        assert "95 % of its mail in the 35 days" in each["fixed_when"]


def test_what_sent_last_before_the_window_has_the_interval_of_then(tmp_path: Path) -> None:
    biller = Mail(["198.51.100.30"], days_back(50, 51, 52, 53), 5)
    store = stored([OFFICE, biller], tmp_path)
    (blocker,) = advised(store)["blockers"]
    assert blocker["last_seen"] < WINDOW.first
    assert blocker["interval"] == pytest.approx(wilson(60, 60), abs=1e-6)
    assert (blocker["lost"], blocker["left_after"]) == (0, 0)


def test_each_kind_says_when_it_is_fixed(tmp_path: Path) -> None:
    unsigned = Mail(["192.0.2.10"], on_working_days(40), 40, spf=OWN)
    store = stored([unsigned], tmp_path)
    with Store(store).write() as con:
        con.execute("update dmarc_report set p = 'quarantine'")
    (blocker,) = advised(store)["blockers"]
    assert blocker["fixed_when"] == "at most 1.0% of your mail in the 35 days passes by SPF alone"
    assert blocker["interval"][1] == 1
    parked = advised(store, Owner(parked=True))
    assert parked["blockers"][0]["fixed_when"] == "only spoofing in the 35 days"


def test_the_same_inputs_have_the_same_hash_and_others_another(tmp_path: Path) -> None:
    store = stored([OFFICE], tmp_path)
    first = advised(store)["inputs"]
    assert advised(store)["inputs"] == first
    others = {advised(store, Owner(goal="quarantine"))["inputs"]}
    add(Store(store), "example.com", "192.0.2.10", "own", None)
    others.add(advised(store)["inputs"])
    with Store(store).write() as con:
        con.execute("update dmarc_report set counted = false where document_id = 1")
    others.add(advised(store)["inputs"])
    assert len(others - {first}) == 3
