"""The week in sentences: what each says of numbers made by hand, and how certain it is."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from analytics.query.statement import Certainty
from analytics.weekly import Evidence
from dashboards.weekly import sentences
from dashboards.weekly.sentences import Sentence
from tests.support.weekly import SUNDAY, change, counts, domain, week


def texts(found: Any) -> list[str]:
    return [each.text for each in found]


def test_the_title_names_the_group_and_the_week() -> None:
    assert sentences.title(week(group="Harbour")) == "Harbour, week 46 of 2026"
    assert sentences.title(week(group="")) == "Mail report, week 46 of 2026"


def test_the_lead_begins_with_the_headline_and_counts() -> None:
    busy = week(headline="All is well.", changes=[change(), change()], decisions=[{}])
    assert texts(sentences.lead(busy)) == [
        "All is well.",
        "2 changes since the week before; 1 decision to take.",
    ]
    assert texts(sentences.lead(week(decisions=[{}, {}])))[1] == (
        "No change since the week before; 2 decisions to take."
    )
    assert texts(sentences.lead(week()))[1] == "A quiet week: no change, and no decision to take."


def test_a_week_without_reports_knows_nothing() -> None:
    silent = week(evidence=replace(week().evidence, reports=0), total=counts(messages=0))
    one_of_each = [
        list(sentences.lead(silent))[1],
        *sentences.about_rate(silent),
        sentences.unchanged(silent),
        sentences.no_sources(silent),
    ]
    for sentence in one_of_each:
        assert sentence.certainty is Certainty.NOT_KNOWN
        assert "report" in sentence.text
    assert list(sentences.about_spoofing(silent)) == []


def test_the_rate_has_its_counts_and_its_interval() -> None:
    now = counts(legitimate=400, legitimate_aligned=380, interval=(0.921, 0.968))
    before = counts(legitimate=300, legitimate_aligned=291, interval=(0.944, 0.985))
    first, second = sentences.about_rate(week(total=now, total_before=before))
    assert first == Sentence(
        "95.0 % of legitimate mail passed DMARC: 380 of 400 messages, 95 % interval 92.1 – 96.8 %.",
        Certainty.INFERRED,
    )
    assert second.text == "No clear change: 97.0 % (94.4 – 98.5 %) the week before."


@pytest.mark.parametrize(
    ("now", "before", "says"),
    [
        ((0.90, 0.95), (0.95, 0.99), "No clear change"),  # the ends touch
        ((0.90, 0.94), (0.95, 0.99), "Clear fall"),
        ((0.96, 0.99), (0.90, 0.95), "Clear rise"),
    ],
)
def test_a_change_is_clear_where_the_intervals_do_not_overlap(
    now: tuple[float, float], before: tuple[float, float], says: str
) -> None:
    said = sentences.compared(counts(interval=now), counts(interval=before))
    assert said.text.startswith(f"{says}: ")
    assert said.certainty is Certainty.INFERRED


def test_too_little_mail_is_not_compared() -> None:
    much, little = counts(interval=(0.9, 0.99)), counts(enough=False)
    for said in (
        sentences.compared(much, None),
        sentences.compared(much, little),
        sentences.compared(little, much),
    ):
        assert "too little mail" in said.text.lower()
        assert said.certainty is Certainty.NOT_KNOWN


def test_a_rate_of_little_mail_is_given_as_counts() -> None:
    few = counts(legitimate=12, legitimate_aligned=11, enough=False)
    (said,) = sentences.about_rate(week(total=few))
    assert said.text == "Too little mail for a rate: 11 of 12 messages of yours passed."
    (nobody,) = sentences.about_rate(week(total=counts(legitimate=0, legitimate_aligned=0)))
    assert "No mail of this week comes from a source known to be yours" in nobody.text


def test_spoofing_is_counted_and_an_open_policy_named() -> None:
    rows = [
        {"domain": "a.example", "messages": 1200, "policy": "none"},
        {"domain": "b.example", "messages": 34, "policy": "reject"},
    ]
    found = list(
        sentences.about_spoofing(
            week(spoofing=rows, total=counts(messages=5000), total_before=counts(spoof=9))
        )
    )
    assert texts(found) == [
        "1,234 of 5,000 messages look like spoofing of 2 domains; 9 the week before.",
        "1 domain at p=none: receivers are asked to deliver it.",
    ]
    assert texts(sentences.about_spoofing(week())) == ["No mail of this week looks like spoofing."]


def test_the_evidence_is_counted_with_what_is_unverified_and_missing() -> None:
    evidence = Evidence(
        reports=30,
        reporters=4,
        days=6,
        messages=1000,
        unverified=250,
        reports_before=1,
        last_report_day=date(2026, 11, 13),
    )
    domains = [domain("a.example", reports=30), domain("b.example", reports=0)]
    assert texts(sentences.about_evidence(week(evidence=evidence, domains=domains))) == [
        "30 reports by 4 reporters on 6 of 7 days, on 1,000 messages; 1 report the week before.",
        "25.0 % of the messages are in unverified reports.",
        "No report this week on b.example.",
        "The newest report is of 13 Nov 2026; later ones may still arrive.",
        "Only receivers that send reports are counted: your domains send more mail than this.",
    ]
    complete = replace(evidence, last_report_day=SUNDAY)
    assert not any("newest" in each for each in texts(sentences.about_evidence(week(complete))))
    never = replace(evidence, last_report_day=None)
    assert "No report on these domains was ever received." in texts(
        sentences.about_evidence(week(never))
    )


def test_many_names_are_shortened() -> None:
    domains = [domain(f"{name}.example", reports=0) for name in "abcdefg"]
    (said,) = [
        each
        for each in texts(sentences.about_evidence(week(domains=domains)))
        if each.startswith("No report this week on")
    ]
    assert said.endswith("on a.example, b.example, c.example, d.example, e.example and 2 more.")


def session(domain: str, failed: int, unexplained: int = 0, policy: str = "sts") -> dict[str, Any]:
    return {
        "domain": domain,
        "policy_type": policy,
        "failed": failed,
        "unexplained": unexplained,
    }


def test_tls_names_who_fails_and_what_has_no_reason() -> None:
    assert texts(sentences.about_tls(week())) == ["No TLS report this week on these domains."]
    fine = week(tls=[session("a.example", 0)])
    assert texts(sentences.about_tls(fine)) == ["No TLS session failed in these reports."]
    failing = week(
        tls=[
            session("a.example", 8, unexplained=3),
            session("a.example", 8, policy="tlsa"),
            session("b.example", 0),
        ]
    )
    assert texts(sentences.about_tls(failing)) == [
        "TLS sessions to a.example failed.",
        "Each policy of a domain counts the same sessions.",
        "No reason is reported for 3 of 8 failed sessions.",
    ]


def test_silent_reporters_are_named_and_the_reason_is_not_known() -> None:
    reporters = [
        {"reporter": "google.com", "is_missing": False, "reports": 7},
        {"reporter": "yahoo", "is_missing": True, "reports": 0},
    ]
    observed, unknown = sentences.about_reporters(week(reporters=reporters))
    assert observed == Sentence("Gone silent: 1 reporter, yahoo.", Certainty.OBSERVED)
    assert unknown.certainty is Certainty.NOT_KNOWN
    assert texts(sentences.about_reporters(week(reporters=reporters[:1]))) == [
        "No regular reporter has gone silent."
    ]
    assert texts(sentences.about_reporters(week())) == []


def test_the_summary_begins_with_sentences_and_marks_what_is_inferred() -> None:
    rows = sentences.summary_rows(week(group="Harbour", total=counts(messages=5000, spoof=9)))
    assert all(row.keys() == {"what", "value", "sure"} for row in rows)
    facts = {row["what"]: (row["value"], row["sure"]) for row in rows if row["value"] is not None}
    assert facts["Group"] == ("Harbour", "observed")
    assert facts["Week"] == ("2026-W46: 9 – 15 Nov 2026, UTC", "observed")
    assert facts["Messages"] == (5000, "observed")
    assert facts["Likely spoofed messages"] == (9, "inferred")
    assert rows[0] == {"what": "Nothing to decide.", "value": None, "sure": "inferred"}
