"""The truth of each day: timelines that cover every run and agree with how the histories end."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from ingest.demo.receivers import Row
from ingest.demo.reporting import reports
from ingest.demo.traffic import Plan
from tests.simulator.timeline import VERDICTS, timeline
from tests.simulator.variants import plan_of

UNTIL = date(2026, 11, 20)
DAYS = 90
VARIANTS = ("default", "situations")
Entry = dict[str, Any]


@cache
def plan_for(variant: str, until: date = UNTIL) -> Plan:
    return plan_of(1, until, variant)


@cache
def timelines(variant: str, until: date = UNTIL, days: int = DAYS) -> dict[str, list[Entry]]:
    plan = plan_for(variant, until)
    return {domain.name: timeline(plan, domain, days) for domain in plan.domains}


def right_on(name: str, back: int) -> list[str]:
    """The verdicts that are right for a domain so many days before the end."""
    variant = "default" if name in timelines("default") else "situations"
    day = (UNTIL - timedelta(days=back)).isoformat()
    entries = [each for each in timelines(variant)[name] if each["since"] <= day]
    found: list[str] = entries[-1]["verdicts"]
    return found


def rows_of(name: str, first: int = DAYS, last: int = 1) -> Iterator[tuple[str, Row]]:
    """(reporter, record) of the domain's traffic between so many days before the end."""
    plan = plan_for("situations")
    domain = next(each for each in plan.domains if each.name == name)
    for report in reports(plan, domain, first):
        back = (UNTIL - datetime.fromtimestamp(report.begin, UTC).date()).days
        if first >= back >= last:
            yield from ((report.reporter.org_name, row) for row in report.rows)


# What every timeline keeps to.


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("days", [1, 12, DAYS])
def test_a_timeline_covers_every_day_of_the_run(variant: str, days: int) -> None:
    for name, entries in timelines(variant, days=days).items():
        dates = [each["since"] for each in entries]
        assert dates[0] == (UNTIL - timedelta(days=days - 1)).isoformat(), name
        assert dates == sorted(set(dates)), name
        assert dates[-1] <= UNTIL.isoformat(), name


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_not_right_and_would_harm_is_forbidden(variant: str) -> None:
    for name, entries in timelines(variant).items():
        for each in entries:
            verdicts, forbidden = set(each["verdicts"]), set(each["forbidden"])
            assert verdicts, name
            assert verdicts <= set(VERDICTS), name
            assert forbidden == {"advance", "roll-back"} - verdicts, name
            assert each["why"], name


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("until", [UNTIL, date(2026, 11, 1), date(2027, 3, 1), date(2026, 6, 17)])
def test_the_best_verdict_of_the_last_day_is_the_verdict(variant: str, until: date) -> None:
    for domain in plan_for(variant, until).domains:
        last = timelines(variant, until)[domain.name][-1]
        assert last["verdicts"][0] == domain.verdict, (domain.name, last)
        assert "advance" not in last["verdicts"] or domain.verdict == "advance", domain.name


def test_the_seed_changes_no_timeline_and_truth_holds_it() -> None:
    other = plan_of(2, UNTIL)
    told = {each.name: timeline(other, each, DAYS) for each in other.domains}
    assert told == timelines("default")


def test_every_verdict_ends_some_histories_of_either_organisation() -> None:
    for variant in VARIANTS:
        domains = plan_for(variant).domains
        assert {each.verdict for each in domains} == set(VERDICTS), variant
        for each in domains:
            assert bool(each.target) == (each.verdict == "advance"), each.name
    both = [each.verdict for variant in VARIANTS for each in plan_for(variant).domains]
    assert min(Counter(both).values()) >= 2


def test_the_organisations_share_no_domain() -> None:
    first, second = ({each.name for each in plan_for(variant).domains} for variant in VARIANTS)
    assert not first & second


# Single days, by the history.


def test_nobody_advances_in_the_first_four_weeks_but_the_parked() -> None:
    for variant in VARIANTS:
        for domain in plan_for(variant).domains:
            early = [right_on(domain.name, back) for back in range(DAYS - 1, DAYS - 27, -1)]
            assert all("advance" not in each for each in early) != domain.parked, domain.name
    assert [right_on("harbour-group.example", back) for back in (DAYS - 1, 0)] == [["advance"]] * 2


def test_a_policy_begins_its_month_anew() -> None:
    assert right_on("quayside.example", 50) == ["advance"]
    assert right_on("quayside.example", 40) == ["wait"]
    assert "advance" in right_on("quayside.example", 17)
    assert right_on("shop.harbour.example", 0) == ["wait"]


def test_a_break_under_reject_may_be_rolled_back_at_once_and_must_be_within_days() -> None:
    found = [right_on("tallship.example", back) for back in (4, 3, 2, 1, 0)]
    assert found[0] == ["done"]
    assert "roll-back" in found[1]
    assert "done" in found[1]
    assert found[2] == found[3] == ["roll-back", "fix"]
    assert found[4] == ["roll-back"]


def test_a_loss_of_weeks_is_rolled_back_like_a_new_one() -> None:
    assert right_on("kiln.example", 60) == right_on("kiln.example", 0) == ["roll-back"]
    assert right_on("ropewalk.example", 10) == ["roll-back"]


def test_a_storm_of_temporary_errors_rolls_nothing_back() -> None:
    for back in range(DAYS):
        assert "roll-back" not in right_on("weathervane.example", back)


def test_a_biller_that_is_not_aligned_never_lets_a_domain_advance() -> None:
    for back in range(DAYS):
        assert "advance" not in right_on("lantern-energy.example", back)
    assert "advance" not in right_on("waterworks.example", 36)
    assert right_on("waterworks.example", 0) == ["advance", "wait"]


def test_a_break_before_the_window_is_not_forgotten() -> None:
    for back in range(54, -1, -1):
        assert "advance" not in right_on("orrery.example", back), back


def test_a_silent_feed_concludes_nothing() -> None:
    assert right_on("brightwater.example", 12) == ["advance"]
    assert right_on("brightwater.example", 8) == ["advance", "wait"]
    assert right_on("brightwater.example", 3) == ["wait"]


def test_a_new_sender_holds_an_advance_up() -> None:
    assert right_on("cooper.example", 5) == ["advance"]
    assert right_on("cooper.example", 0) == ["wait"]
    assert "advance" not in right_on("saddlery.example", 4)


# Situations are as they are called.


def test_one_receiver_reports_nine_in_ten_messages() -> None:
    counts: Counter[str] = Counter()
    for name, row in rows_of("ferry.example", 35):
        counts[name] += row.count
    assert len(counts) >= 3
    assert counts["google.com"] / counts.total() == pytest.approx(0.9, abs=0.05)


def test_spoofing_is_twenty_times_the_own_mail() -> None:
    counts: Counter[str] = Counter()
    for _, row in rows_of("bellfounder.example"):
        counts[row.label] += row.count
    assert counts["spoof"] > 20 * counts["own"]


def test_reasons_of_samples_and_tests_are_given() -> None:
    for name, reason in (
        ("cartwright.example", "sampled_out"),
        ("drydock.example", "policy_test_mode"),
    ):
        assert any(reason in dict(row.reasons) for _, row in rows_of(name)), name


def test_a_storm_is_one_receivers() -> None:
    failed: Counter[str] = Counter()
    for name, row in rows_of("weathervane.example", 4):
        if any(each.result == "temperror" for each in row.signatures):
            failed[name] += row.count
    assert failed["Outlook.com"] > 20
    assert failed.total() - failed["Outlook.com"] <= 2


def test_a_rotated_key_has_another_selector_and_passes() -> None:
    own = "locksmith.example"
    signed = [
        next(each for each in row.signatures if each.domain == own).selector
        for _, row in rows_of(own, 12)
        if row.service == "amazon-ses" and row.dkim == "pass"
    ]
    assert len(set(signed)) == 2


def test_names_without_a_record_fall_under_their_parent() -> None:
    for name, below in (
        ("granary.example", "tickets."),
        ("beacon.example", "status."),
        ("lighthouse.example", "alerts."),
    ):
        assert {row.header_from for _, row in rows_of(name, 5)} == {name, below + name}
    refused = [row for _, row in rows_of("lighthouse.example", 5) if row.disposition == "reject"]
    assert {row.header_from for row in refused} == {"alerts.lighthouse.example"}


def test_own_mail_is_lost_where_the_story_says_so() -> None:
    for name, days, word in (
        ("kiln.example", 90, "reject"),
        ("ropewalk.example", 21, "reject"),
        ("glassworks.example", 2, "quarantine"),
    ):
        assert any(
            row.label == "broken" and row.disposition == word for _, row in rows_of(name, days)
        ), name
    assert not any(row.label == "broken" for _, row in rows_of("glassworks.example", 30, 3))
