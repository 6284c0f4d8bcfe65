"""What changed against the days before: found where it is, and not where it is not."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.changes.detect import changes, compare
from analytics.changes.feed import tls_failures_rose
from analytics.changes.model import Kind, change, ordered
from analytics.changes.period import Facts, gather
from analytics.query.question import Question
from analytics.query.statement import Certainty, named
from analytics.query.window import Window
from schemas.store.store import Store
from tests.support.mails.made_mail import LAST, RECEIVERS, Mail, days_back, on_working_days, stored

WINDOW = Window(LAST - timedelta(days=6), LAST, LAST)
BEFORE = Window(LAST - timedelta(days=13), LAST - timedelta(days=7), LAST)
THIS_WEEK, EARLIER = range(7), range(7, 60)
NETWORKS = ("45.76.1.7", "80.94.95.9", "187.10.0.7", "189.10.0.7", "177.10.0.7", "181.10.0.7")
STRANGER = {"dkim": [("sendgrid.net", "pass")], "spf": ("sendgrid.net", "pass")}


def own(domain: str, **more: Any) -> dict[str, Any]:
    """Mail of a domain that passes as itself."""
    told = {"domain": domain, "header_from": domain, "dkim": [(domain, "pass")]}
    return {**told, "spf": (domain, "pass"), **more}


def office(domain: str, last_back: int = 0) -> Mail:
    return Mail(["192.0.2.10"], on_working_days(60, last_back), 20, **own(domain))


def failing(domain: str) -> dict[str, Any]:
    return own(domain, dkim=[(domain, "fail")], spf=(domain, "softfail"))


MAILS = [
    office("quiet.example"),
    office("broke.example"),
    Mail(["198.51.100.5"], days_back(*EARLIER), 10, **own("broke.example")),
    Mail(["198.51.100.5"], days_back(*THIS_WEEK), 10, **failing("broke.example")),
    office("mended.example"),
    Mail(["198.51.100.5"], days_back(*EARLIER), 10, **failing("mended.example")),
    Mail(["198.51.100.5"], days_back(*THIS_WEEK), 10, **own("mended.example")),
    office("new.example"),
    Mail(["203.0.113.4"], days_back(2, 1), 7, **own("new.example")),
    Mail(
        *(["149.72.0.1"], days_back(3), 4),
        **{**own("new.example"), **STRANGER},
    ),
    office("gone.example"),
    Mail(["198.51.100.5"], days_back(*EARLIER), 6, **own("gone.example")),
    office("spoofed.example"),
    Mail(
        *(NETWORKS, days_back(2), 5),
        **own("spoofed.example", dkim=(), spf=("spoofed.example", "softfail")),
    ),
    office("mute.example", last_back=7),
    Mail(
        *(["192.0.2.10"], on_working_days(60), 20),
        **own("unheard.example", receivers=RECEIVERS[:2]),
    ),
    Mail(
        *(["192.0.2.10"], on_working_days(60, 7), 20),
        **own("unheard.example", receivers=RECEIVERS[2:]),
    ),
]


@pytest.fixture(scope="module")
def q(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Question]:
    store = stored(MAILS, tmp_path_factory.mktemp("changes") / "s")
    with Store(store).read() as reader:
        yield Question(reader, WINDOW)


@pytest.fixture(scope="module")
def found(q: Question) -> Mapping[str | None, list[Mapping[str, Any]]]:
    """The changes by domain."""
    told: dict[str | None, list[Mapping[str, Any]]] = {}
    for row in changes(q, BEFORE):
        told.setdefault(row["domain"], []).append(row)
    return told


CASES = {
    "broke.example": [
        (Kind.BROKEN, Certainty.OBSERVED, "0 of 210 messages pass; before, 210 of 210"),
        (Kind.RATE_FELL, Certainty.INFERRED, "fell from 100 % to"),
    ],
    "mended.example": [
        (Kind.FIXED, Certainty.OBSERVED, "210 of 210 messages pass; before, 0 of 210"),
        (Kind.RATE_ROSE, Certainty.INFERRED, "to 100 %, beyond both 95 % intervals"),
    ],
    "new.example": [
        (Kind.NEW_UNDECIDED, Certainty.NOT_KNOWN, "12 messages. Is it yours?"),
        (Kind.NEW_SOURCE, Certainty.INFERRED, "42 messages; it passes DMARC"),
    ],
    "gone.example": [(Kind.GONE, Certainty.OBSERVED, "sent nothing; before, 126")],
    "spoofed.example": [(Kind.SPOOFING, Certainty.INFERRED, "rose to 90 messages; before, 0")],
    "mute.example": [(Kind.NO_REPORTS, Certainty.OBSERVED, "15 reports before")],
}


@pytest.mark.parametrize("domain", CASES)
def test_each_change_is_found_once_and_says_how_sure_it_is(
    found: Mapping[str | None, list[Mapping[str, Any]]], domain: str
) -> None:
    rows = found[domain]
    assert [(row["kind"], row["certainty"]) for row in rows] == [
        (kind, sure) for kind, sure, _ in CASES[domain]
    ]
    for row, (_, _, words) in zip(rows, CASES[domain], strict=True):
        assert words in row["text"]


def test_where_nothing_changed_nothing_is_told(
    found: Mapping[str | None, list[Mapping[str, Any]]],
) -> None:
    assert "quiet.example" not in found
    assert "unheard.example" not in found


def test_reporters_fall_silent_for_the_domains_they_reported_on(q: Question) -> None:
    assert [row["kind"] for row in changes(q.about("unheard.example"), BEFORE)] == [
        Kind.REPORTER_SILENT
    ]
    (row,) = changes(q.about("unheard.example"), BEFORE)
    assert row["link"] == {"to": "reporters", "reporter": RECEIVERS[2]}
    assert changes(q.about("quiet.example"), BEFORE) == []


def test_the_gravest_comes_first(q: Question) -> None:
    ranks = [list(Kind).index(Kind(row["kind"])) for row in changes(q, BEFORE)]
    assert ranks == sorted(ranks)
    small = change(Kind.BROKEN, "a", None, "", 5, Certainty.OBSERVED, {})
    large = change(Kind.BROKEN, "b", None, "", 50, Certainty.OBSERVED, {})
    assert ordered([small, large]) == [large, small]


def test_a_verdict_that_turned_is_told(q: Question) -> None:
    advice = {"domain": "quiet.example", "reason": "every gate is open", "window": {"messages": 3}}
    turned = [advice | {"verdict": "advance"}]
    (row,) = changes(q.about("quiet.example"), BEFORE, turned, {"quiet.example": "wait"})
    assert (row["kind"], row["link"]["to"]) == (Kind.VERDICT, "advice")
    assert row["text"] == "The verdict changed from wait to advance: every gate is open."
    same = changes(q.about("quiet.example"), BEFORE, turned, {"quiet.example": "advance"})
    assert same == []
    losing = [advice | {"verdict": "roll-back"}]
    (row,) = changes(q.about("quiet.example"), BEFORE, losing, {"quiet.example": "done"})
    assert row["kind"] == Kind.LOSS


POLICY = {"p": "quarantine", "sp": "quarantine", "adkim": "r", "aspf": "r"}


@pytest.mark.parametrize(
    ("now", "kind", "words"),
    [
        ({}, None, ""),
        ({"p": "reject", "sp": "reject"}, Kind.POLICY, "p=quarantine is now p=reject."),
        ({"sp": "none"}, Kind.POLICY_WEAKER, "sp=quarantine is now sp=none."),
        ({"adkim": "s"}, Kind.POLICY, "adkim=r is now adkim=s."),
    ],
)
def test_a_policy_that_reports_show_anew(
    q: Question, now: Mapping[str, str], kind: Kind | None, words: str
) -> None:
    facts = gather(q.about("quiet.example"))
    before = gather(q.about("quiet.example").over(BEFORE))
    then = replace(before, policies={"quiet.example": POLICY})
    after = replace(facts, policies={"quiet.example": {**POLICY, **now}})
    rows = compare(after, then, q.gates)
    assert [row["kind"] for row in rows] == ([kind] if kind else [])
    assert all(row["text"].endswith(words) for row in rows)


def test_the_policy_is_that_of_most_reports_of_the_latest_day(q: Question) -> None:
    facts = gather(q)
    assert facts.policies["quiet.example"] == {"p": "none", "sp": "none", "adkim": "r", "aspf": "r"}


def session(successful: int, failed: int) -> dict[str, Any]:
    sums = {"successful": successful, "failed": failed}
    return {"domain": "a.example", "policy_type": "sts", **sums}


@pytest.mark.parametrize(
    ("now", "then", "is_told"),
    [
        (session(90, 10), session(100, 0), True),
        (session(90, 10), session(90, 10), False),
        (session(10_000, 10), session(10_000, 0), False),
        (session(20, 4), session(20, 0), False),
    ],
)
def test_tls_failures_are_told_where_their_share_rose(
    now: dict[str, Any], then: dict[str, Any], is_told: bool
) -> None:
    rows = tls_failures_rose([now], [then])
    assert [row["text"] for row in rows] == (
        ["10 TLS sessions failed under policy type sts, 10.0 % of all; before, 0.0 %."]
        if is_told
        else []
    )


def test_a_strangers_name_in_a_sentence_is_plain_and_short() -> None:
    assert named("\u202egoogle\n") == "\\u202egoogle\\x0a"
    assert len(named("x" * 10_000)) == 80


def test_facts_of_some_domains_are_those_of_all_but_the_others(q: Question, tmp_path: Path) -> None:
    one = gather(q).of({"new.example"})
    assert isinstance(one, Facts)
    assert set(one.policies) == {"new.example"}
    assert {row["domain"] for row in (*one.domains, *one.services)} == {"new.example"}
    (domain,) = one.domains
    assert sum(row["messages"] for row in one.services) == domain["messages"]
    assert sum(row["legitimate"] for row in one.services) == domain["legitimate"]
    assert date(2026, 11, 13) == one.window.first
