"""What DNS published, kept: asked again when it is old, told as of any moment."""

import threading
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import analytics.dns.lookup
import schemas.dns
from analytics.dns.history import Change, Refreshed, changes, names_to_ask, published_on, refresh
from analytics.dns.policy_discovery import Found, Published
from analytics.query.question import Question
from analytics.query.window import Window
from schemas.config import settings
from schemas.store.store import Store
from tests.support.mails.made_mail import LAST, Mail, days_back, stored
from tests.support.moments import utc
from tests.support.servers.knot import BROKEN, Dns, dns_that_drops, silent_port

NOON = utc(2026, 11, 20, 12)
NONE, REJECT = "v=DMARC1; p=none; rua=mailto:d@example.com", "v=DMARC1; p=reject"
SHORT = 0.2  # seconds of a question, where none is answered
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "rua.duckdb")
    with store.write():
        pass
    return store


def rows(store: Store, question: str, *values: object) -> list[tuple[Any, ...]]:
    with store.read() as con:
        return con.execute(question, list(values)).fetchall()


def ask(
    store: Store,
    dns: Dns | str,
    now: datetime,
    *names: str,
    domains: Sequence[str] = ("example.com",),
    timeout: float = 5,
) -> Refreshed:
    nameserver = dns if isinstance(dns, str) else dns.nameserver
    how = settings.Dns(nameservers=(nameserver,), timeout=timeout)
    return refresh(store, how, domains, dict.fromkeys(domains, names), now)


def known(store: Store, moment: datetime, domain: str = "example.com") -> Published:
    with store.read() as con:
        published = published_on(con, domain, moment)
    assert published is not None
    return published


def history(store: Store, domain: str = "example.com") -> list[Change]:
    with store.read() as con:
        return changes(con, domain)


def test_what_was_asked_is_known_from_then_on(store: Store, dns: Dns) -> None:
    dns.text("_dmarc.example.com", NONE)
    dns.text("example.com", "v=spf1 -all", "some-site-verification=1")
    dns.add(["example.com. MX 0 .", "a.example.com. A 192.0.2.1"])
    done = ask(store, dns, NOON, "a.example.com", "b.example.com")
    assert done == Refreshed(domains=1, questions=6, changed=6)
    with store.read() as con:
        assert published_on(con, "example.com", NOON - timedelta(seconds=1)) is None
        assert published_on(con, "example.org", NOON) is None
    published = known(store, NOON)
    assert (published.outcome, published.found_at, published.text) == ("found", "example.com", NONE)
    assert (published.asked_at, published.organization) == (NOON, "example.com")
    assert (published.spf, published.null_mx) == ("v=spf1 -all", True)
    assert published.exists == {"example.com": True, "a.example.com": True, "b.example.com": False}
    assert rows(store, "from dns_snapshot where data::text like '%verification%'") == []


def test_it_is_what_a_look_up_says(store: Store, dns: Dns) -> None:
    dns.text("_dmarc.example.com", REJECT)
    ask(store, dns, NOON, "a.example.com", domains=["mail.example.com", BROKEN])
    for domain in ("mail.example.com", BROKEN):
        how = settings.Dns(nameservers=(dns.nameserver,))
        now = analytics.dns.lookup.look_up(domain, how, ["a.example.com"])
        then = known(store, NOON, domain)
        assert sorted(then.errors) == sorted(now.errors)
        for key in set(Published.__slots__) - {"asked_at", "errors"}:
            assert getattr(then, key) == getattr(now, key), key


def test_within_the_hour_nothing_is_asked_again(store: Store, dns: Dns) -> None:
    ask(store, dns, NOON)
    asked = dns.asked()
    assert ask(store, dns, NOON + HOUR - timedelta(seconds=1)) == Refreshed()
    assert dns.asked() == asked
    assert ask(store, dns, NOON + HOUR).domains == 1


def test_a_name_that_is_new_is_asked_for_alone(store: Store, dns: Dns) -> None:
    ask(store, dns, NOON, "a.example.com")
    done = ask(store, dns, NOON + HOUR / 2, "a.example.com", "b.example.com")
    assert done == Refreshed(domains=1, questions=1, changed=1)
    assert set(known(store, NOON + HOUR).exists) >= {"a.example.com", "b.example.com"}


def test_an_error_is_asked_for_again_after_five_minutes(store: Store, dns: Dns) -> None:
    done = ask(store, dns, NOON, domains=[BROKEN])
    assert done.failed == done.questions - 1  # all but _dmarc.example
    assert ask(store, dns, NOON + timedelta(minutes=4), domains=[BROKEN]).questions == 0
    assert ask(store, dns, NOON + timedelta(minutes=5), domains=[BROKEN]).questions == 4


def test_an_answer_from_the_future_is_asked_for_again(store: Store, dns: Dns) -> None:
    ask(store, dns, NOON + DAY)
    assert ask(store, dns, NOON).domains == 1


def test_the_same_answer_adds_a_row_only_after_seven_days(store: Store, dns: Dns) -> None:
    dns.text("_dmarc.example.com", "b", REJECT, "a")
    asked = (
        "select asked_at, last_asked_at, data from dns_snapshot where name = '_dmarc.example.com'"
    )
    for day in range(7):
        done = ask(store, dns, NOON + day * DAY)
        assert bool(done.changed) == (day == 0)
    data = ["a", "b", REJECT]
    assert rows(store, asked) == [(NOON, NOON + 6 * DAY, data)]
    assert ask(store, dns, NOON + 7 * DAY).changed == 0
    assert rows(store, f"{asked} order by 1") == [
        (NOON, NOON + 6 * DAY, data),
        (NOON + 7 * DAY, NOON + 7 * DAY, data),
    ]


def test_as_of_a_date_nothing_later_is_seen(store: Store, dns: Dns) -> None:
    for day, text in enumerate((NONE, NONE, REJECT, NONE)):
        dns.text("_dmarc.example.com", text)
        ask(store, dns, NOON + day * DAY)
    moments = [NOON + day * DAY + HOUR for day in range(4)]
    assert [known(store, moment).text for moment in moments] == [NONE, NONE, REJECT, NONE]
    # The second answer was the same, and what the fourth one confirmed was not known yet.
    assert known(store, moments[0]).asked_at == NOON
    assert known(store, moments[1]).asked_at == NOON + DAY
    assert known(store, NOON + 30 * DAY).asked_at == NOON + 3 * DAY


def test_when_it_was_confirmed_later_the_past_does_not_know(store: Store, dns: Dns) -> None:
    for day in range(4):
        ask(store, dns, NOON + day * DAY)
    assert known(store, NOON + 2 * DAY).asked_at == NOON
    assert known(store, NOON + 3 * DAY).asked_at == NOON + 3 * DAY


def test_an_error_hides_what_was_known_only_after_seven_days(store: Store, dns: Dns) -> None:
    dns.text("_dmarc.example.com", REJECT)
    ask(store, dns, NOON, "a.example.com")
    with dns_that_drops(lambda wire: b"example" in wire, dns.nameserver) as lossy:
        for day in (1, 6, 7):
            ask(store, lossy, NOON + day * DAY, "a.example.com", timeout=SHORT)
    known_then = known(store, NOON + 6 * DAY)
    assert (known_then.text, known_then.asked_at) == (REJECT, NOON)
    assert known_then.exists["a.example.com"] is False
    after = known(store, NOON + 7 * DAY)
    assert (after.outcome, after.text, after.exists["a.example.com"]) == (Found.ERROR, None, None)
    assert len(rows(store, "from dns_snapshot where outcome = 'timeout' and type = 'MX'")) == 1
    ask(store, dns, NOON + 8 * DAY)
    assert known(store, NOON + 8 * DAY).text == REJECT


def test_dead_dns_ends_soon_and_leaves_nothing_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas.dns, "MOST_ERRORS", 6)
    many = [f"d{number}.example" for number in range(200)]
    with silent_port() as dead:
        done = ask(store, dead, NOON, domains=many, timeout=SHORT)
    assert done.is_dead
    assert done.failed == done.questions
    assert done.left > 100
    assert rows(store, "from dns_snapshot") == []


def test_a_dead_zone_is_not_taken_for_dead_dns(
    store: Store, dns: Dns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas.dns, "MOST_ERRORS", 2)
    done = ask(
        store, dns, NOON, *(f"n{n}.{BROKEN}" for n in range(9)), domains=[BROKEN, "a.example"]
    )
    assert (done.is_dead, done.domains, done.left) == (False, 2, 0)


def test_when_time_is_over_the_others_are_left(
    store: Store, dns: Dns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas.dns, "RUN_SECONDS", 0)
    done = ask(store, dns, NOON, domains=[f"d{number}.example" for number in range(40)])
    assert (done.domains, done.left) == (16, 24)


def test_a_name_above_many_domains_is_asked_for_once(store: Store, dns: Dns) -> None:
    ask(store, dns, NOON, domains=[f"d{number}.example" for number in range(100)])
    # A domain has its _dmarc and SPF; _dmarc.example is for those at the same time at most.
    assert dns.asked()["TXT"] <= 200 + analytics.dns.lookup.DOMAINS_AT_ONCE


def test_offline_nothing_is_asked(store: Store, dns: Dns) -> None:
    how = settings.Dns(nameservers=(dns.nameserver,), offline=True)
    assert refresh(store, how, ["example.com"], {}, NOON) == Refreshed()
    assert dns.asked() == {}


def test_nobody_is_locked_out_while_dns_is_asked(store: Store, dns: Dns) -> None:
    is_asked = threading.Event()

    def drops(wire: bytes) -> bool:
        is_asked.set()
        return True

    with dns_that_drops(drops, dns.nameserver) as dead:
        asking = threading.Thread(target=ask, args=(store, dead, NOON), kwargs={"timeout": 2})
        asking.start()
        assert is_asked.wait(10)
        with store.write():  # would wait for the end
            assert asking.is_alive()
        asking.join()


def test_changes_of_the_record(store: Store, dns: Dns) -> None:
    for day, text in enumerate((None, NONE, NONE, REJECT, None)):
        dns.text("_dmarc.example.com", *([text] if text else []))
        dns.text("example.com", f"v=spf1 ip4:192.0.2.{day}")  # is none
        ask(store, dns, NOON + day * DAY, f"n{day}.example.com")
    found = history(store)
    assert [(each.seen_at, each.after.text) for each in found] == [
        (NOON, None),
        (NOON + DAY, NONE),
        (NOON + 3 * DAY, REJECT),
        (NOON + 4 * DAY, None),
    ]
    assert [each.before and each.before.text for each in found] == [None, None, NONE, REJECT]


def test_a_change_of_the_organization_is_one_of_its_subdomain(store: Store, dns: Dns) -> None:
    for day, text in enumerate((NONE, REJECT)):
        dns.text("_dmarc.example.com", text)
        ask(store, dns, NOON + day * DAY, domains=["mail.example.com"])
    found = history(store, "mail.example.com")
    assert [(each.after.found_at, each.after.text) for each in found] == [
        ("example.com", NONE),
        ("example.com", REJECT),
    ]


def test_errors_change_nothing(store: Store, dns: Dns) -> None:
    dns.text("_dmarc.example.com", REJECT)
    ask(store, dns, NOON)
    with dns_that_drops(lambda wire: b"example" in wire, dns.nameserver) as lossy:
        ask(store, lossy, NOON + 8 * DAY, timeout=SHORT)
    ask(store, dns, NOON + 9 * DAY)
    assert len(history(store)) == 1


def test_hostile_texts_are_stored_as_text(store: Store, dns: Dns) -> None:
    dns.add(['_dmarc.example.com. TXT "v=DMARC1; p=none; x=\\255\\000\\027[31m; y=\\195\\164"'])
    ask(store, dns, NOON)
    assert ask(store, dns, NOON + DAY).changed == 0
    assert known(store, NOON).text == "v=DMARC1; p=none; x=\\xff\\x00\x1b[31m; y=ä"


# Names to ask for


def window(days: int = 35) -> Window:
    return Window(LAST - timedelta(days=days - 1), LAST, LAST)


def met(path: Path, days: int = 35) -> dict[str, list[str]]:
    with Store(path).read() as reader:
        return names_to_ask(Question(reader, window(days)))


def from_name(name: str, count: int = 1, day: date = LAST, domain: str = "example.com") -> Mail:
    return Mail(["192.0.2.10"], [day], count, header_from=name, domain=domain)


def test_names_below_the_policy_domain_most_mail_first(tmp_path: Path) -> None:
    mails = [
        from_name("example.com", 9),
        from_name("less.example.com", 2),
        from_name("more.example.com", 3),
        from_name("Old.Example.com", 1, days_back(20)[0]),
        from_name("notexample.com", 9),
        from_name("example.net", 9),
        from_name("a.example.org", 1, domain="example.org"),
    ]
    path = stored(mails, tmp_path)
    assert met(path) == {
        "example.com": ["more.example.com", "less.example.com", "old.example.com"],
        "example.org": ["a.example.org"],
    }
    assert met(path, days=5)["example.com"] == ["more.example.com", "less.example.com"]


def test_thousands_of_names_and_what_is_none(tmp_path: Path) -> None:
    wrong = [
        "a..example.com",
        "-a.example.com",
        "a b.example.com",
        "<b>.example.com",
        "\\.example.com",
    ]
    wrong += [
        "x" * 64 + ".example.com",
        ".".join(["abcdefg"] * 31) + ".example.com",
        ".example.com",
    ]
    mails = [from_name(name, 99) for name in wrong]
    mails += [from_name(f"n{number}.example.com", 1 + number // 2000) for number in range(2100)]
    names = met(stored(mails, tmp_path))["example.com"]
    assert len(names) == 50
    assert names[0] == "n2000.example.com"
    assert all(name.startswith("n20") for name in names)
