"""Sources that simple rules get wrong: each has the class and the reason a person would accept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.query.question import Question
from analytics.query.window import Window
from analytics.sources.summary import sources
from schemas.store.store import Store
from tests.support.mails.made_mail import LAST, Mail, days_back, on_working_days, stored

OWN = ("example.com", "pass")
OFFICE = Mail(["192.0.2.10"], on_working_days(90), 4, dkim=[OWN], spf=OWN)
SENDGRID = {"dkim": [("sendgrid.net", "pass")], "spf": ("sendgrid.net", "pass")}
WEEKLY = days_back(*range(2, 86, 7))
NOW_AND_THEN = days_back(81, 64, 61, 44, 33, 29, 12, 3)
SES = ("eu-west-1.amazonses.com", "pass")
PARCEL = ("prize-parcel.test", "pass")


@dataclass(frozen=True)
class Case:
    """`mails` beside the office's own; what `source_ip` is to be, and words of its reason."""

    mails: Sequence[Mail]
    source_ip: str
    class_: str
    words: tuple[str, ...]


CASES = {
    "an unsigned office printer with a fixed address": Case(
        [Mail(["198.51.100.20"], on_working_days(60), 1)],
        "198.51.100.20",
        "broken",
        ("unsigned", "regular", "daily"),
    ),
    "the same printer amid a spam run": Case(
        [
            Mail(["198.51.100.20"], on_working_days(60), 1),
            *(Mail([f"{n}.10.0.7"], days_back(9), 1) for n in (187, 189, 177, 181, 190, 113)),
        ],
        "198.51.100.20",
        "broken",
        ("unsigned", "daily"),
    ),
    "a spoofer whose own SPF and DKIM pass": Case(
        [
            Mail(["45.76.1.7", "80.94.95.9"], days_back(71, 30, 22, 8), 12, [PARCEL], PARCEL),
        ],
        "45.76.1.7",
        "spoof",
        ("prize-parcel.test", "bursts", "2 networks"),
    ),
    "the same from one network alone, which could be anyone's": Case(
        [Mail(["45.76.1.7"], days_back(71, 30, 22, 8), 12, [PARCEL], PARCEL)],
        "45.76.1.7",
        "undecided",
        ("prize-parcel.test",),
    ),
    "SRS forwarding": Case(
        [
            Mail(
                ["129.132.1.9"],
                on_working_days(60),
                1,
                [OWN],
                ("srs.ethz.ch", "pass"),
                receivers=["google.com"],
            )
        ],
        "129.132.1.9",
        "forwarder",
        ("intact DKIM signature", "srs.ethz.ch"),
    ),
    "a mailing list that breaks DKIM": Case(
        [
            Mail(
                ["203.0.113.30"],
                on_working_days(40),
                1,
                [("example.com", "fail"), ("lists.example.org", "pass")],
                ("lists.example.org", "pass"),
            )
        ],
        "203.0.113.30",
        "list",
        ("signature fails", "lists.example.org"),
    ),
    "mail that a receiver lets through for its ARC seal": Case(
        [
            Mail(
                ["203.0.113.40"],
                on_working_days(40),
                1,
                [("example.com", "fail")],
                ("alumni.example.edu", "pass"),
                reason=("local_policy", "arc=pass as.1.example.edu=pass"),
            )
        ],
        "203.0.113.40",
        "forwarder",
        ("forwarded",),
    ),
    "a newsletter on a vendor's shared pool, from other addresses each week": Case(
        [
            Mail([f"167.89.{n}.5"], [day], 5, **SENDGRID)  # type: ignore[arg-type]
            for n, day in enumerate(WEEKLY)
        ],
        "167.89.1.5",
        "broken",
        ("sendgrid.net", "regular intervals", "weekly"),
    ),
    "the vendor's pool now and then": Case(
        [
            Mail([f"167.89.{n}.5"], [day], 2, **SENDGRID)  # type: ignore[arg-type]
            for n, day in enumerate(NOW_AND_THEN)
        ],
        "167.89.7.5",
        "undecided",
        ("sendgrid.net", "irregular intervals"),
    ),
    "a vendor whose DKIM key was rotated wrongly yesterday": Case(
        [
            Mail(["54.240.8.9"], days_back(*range(60, 1, -1)), 9, [OWN, SES], SES),
            Mail(["54.240.8.9"], days_back(1, 0), 9, [("example.com", "permerror"), SES], SES),
        ],
        "54.240.8.9",
        "broken",
        ("fail", "last pass on 2026-11-17"),
    ),
    "a key rotated well, with one receiver that still looked for the old one": Case(
        [
            Mail(["54.240.8.9"], days_back(*range(60, -1, -1)), 9, [OWN, SES], SES),
            Mail(
                ["54.240.8.9"],
                days_back(1),
                2,
                [("example.com", "permerror"), SES],
                SES,
                receivers=["yahoo.example"],
            ),
        ],
        "54.240.8.9",
        "own",
        ("pass DMARC",),
    ),
    "a gateway that breaks its own signatures": Case(
        [Mail(["195.130.217.9"], on_working_days(60), 2, [("example.com", "fail")])],
        "195.130.217.9",
        "broken",
        ("signs as the domain", "signature fails"),
    ),
    "one message a month from a billing system": Case(
        [
            Mail(
                ["136.143.188.4"],
                [day],
                1,
                [("zeptomail.net", "pass")],
                ("bounce.zeptomail.net", "pass"),
                receivers=[receiver],
            )
            for day, receiver in zip(
                days_back(76, 45, 15), ("google.com", "yahoo.example", "google.com"), strict=True
            )
        ],
        "136.143.188.4",
        "broken",
        ("zeptomail.net", "regular intervals", "monthly"),
    ),
    "a spam run from many networks": Case(
        [
            Mail([f"{first}.{n}.0.{n + 1}"], days_back(6), 1)
            for n in range(4)
            for first in (187, 177, 113, 61)
        ],
        "187.3.0.4",
        "spoof",
        ("no authentication", "networks"),
    ),
    "a lone host with no authentication": Case(
        [Mail(["203.0.113.77"], days_back(6), 1)],
        "203.0.113.77",
        "undecided",
        ("no authentication",),
    ),
}


def told(mails: Sequence[Mail], folder: Path) -> dict[str, dict[str, Any]]:
    store = Store(stored(mails, folder))
    window = Window(LAST - timedelta(days=34), LAST, LAST)
    with store.read() as reader:
        return {row["source_ip"]: row for row in sources(Question(reader, window))}


@pytest.mark.parametrize("name", CASES)
def test_a_hard_case(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    row = told([OFFICE, *case.mails], tmp_path / "case")[case.source_ip]
    assert row["class"] == case.class_, row["reason"]
    assert all(word in row["reason"] for word in case.words), row["reason"]
    assert (row["settled_by"] is not None) == (case.class_ == "undecided")
