"""The week in sentences, each with how sure it is."""

from collections.abc import Iterator
from dataclasses import dataclass

from analytics.query.run import Row
from analytics.query.statement import Certainty
from analytics.weekly import Week
from dashboards.common.formatting import amount, day, percent, rate_words, span
from dashboards.common.verdicts import is_question
from dashboards.common.verdicts import next_step as words_of_next_step

__all__ = [
    "Sentence",
    "about_evidence",
    "about_rate",
    "about_reporters",
    "about_spoofing",
    "about_tls",
    "against_before",
    "next_step",
    "no_sources",
    "overall",
    "short_of",
    "title",
    "unchanged",
]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Plain text, strangers' names in it among it: to be escaped for where it stands."""

    text: str
    sure: Certainty

    @classmethod
    def observed(cls, text: str) -> "Sentence":
        return cls(text, Certainty.OBSERVED)

    @classmethod
    def inferred(cls, text: str) -> "Sentence":
        return cls(text, Certainty.INFERRED)

    @classmethod
    def not_known(cls, text: str) -> "Sentence":
        return cls(text, Certainty.NOT_KNOWN)


def title(week: Week) -> str:
    """Harbour, week 46 of 2026."""
    year, number = week.label.split("-W")
    name = week.group or "Mail report"
    return f"{name}, week {int(number)} of {year}"


def short_of(week: Week) -> Iterator[Sentence]:
    """What stands above everything else."""
    yield Sentence.inferred(week.headline)
    if not week.has_reports:
        yield Sentence.not_known(
            "No report covers this week, so nothing can be said of what was sent."
        )
        return
    todo = amount(len(week.decisions), "decision")
    if not week.is_quiet:
        count = amount(len(week.changes), "change")
        yield Sentence.observed(f"{count} against the week before; {todo} to take.")
    elif week.decisions:
        yield Sentence.observed(f"Nothing changed against the week before; {todo} to take.")
    else:
        yield Sentence.observed("A quiet week: nothing changed, and nothing needs a decision.")


def about_rate(week: Week) -> Iterator[Sentence]:
    """The legitimate pass rate of the group, against the week before."""
    total = week.total
    if not week.has_reports:
        yield Sentence.not_known("Without reports there is no pass rate.")
    elif not total["legitimate"]:
        yield Sentence.inferred("None of this mail is of a source that is known as yours.")
    elif not total["enough"]:
        counts = f"{total['legitimate_aligned']:,} of {amount(total['legitimate'], 'message')}"
        yield Sentence.not_known(f"Too few to tell a rate: {counts} of yours passed.")
    else:
        yield Sentence.inferred(
            f"{_rate(total)} of legitimate mail passed:"
            f" {amount(total['legitimate_aligned'])} of {amount(total['legitimate'], 'message')},"
            f" 95 % interval {rate_words(total)}."
        )
        yield against_before(total, week.total_before)


def against_before(row: Row, before: Row | None) -> Sentence:
    """A rate against that of the week before; keys as in `rua domains`."""
    if before is None or not before["enough"]:
        return Sentence.not_known("The week before held too little to compare with.")
    if not row["enough"]:
        return Sentence.not_known(f"The week before: {_rate(before)}; this one holds too little.")
    (low, high), (low_then, high_then) = row["interval"], before["interval"]
    if low <= high_then and low_then <= high:
        words = "no firm difference"
    else:
        words = "fell beyond both intervals" if high < low_then else "rose beyond both intervals"
    return Sentence.inferred(f"The week before: {rate_and_interval(before)}, {words}.")


def rate_and_interval(row: Row) -> str:
    """70.1 % (65.3 – 74.4 %), or why there is no rate. Keys as in `rua domains`."""
    is_firm = row["interval"] is not None and row["enough"]
    return f"{_rate(row)} ({rate_words(row)})" if is_firm else rate_words(row)


def _rate(row: Row) -> str:
    return percent(row["legitimate_aligned"] / row["legitimate"])


def about_spoofing(week: Week) -> Iterator[Sentence]:
    if not week.spoofing:
        if week.has_reports:
            yield Sentence.inferred("Nothing of this week looks like spoofing.")
        return
    count = sum(row["messages"] for row in week.spoofing)
    was = week.total_before["spoof"]
    yield Sentence.inferred(
        f"{amount(count, 'message')} of {amount(week.total['messages'])} look like spoofing, of"
        f" {amount(len(week.spoofing), 'domain')}; the week before, {was:,}."
    )
    if open_ones := [row["domain"] for row in week.spoofing if row["policy"] == "none"]:
        yield Sentence.observed(
            f"p=none asks receivers to deliver it: {amount(len(open_ones), 'domain')}."
        )


def about_evidence(week: Week) -> Iterator[Sentence]:
    """How much the week rests on, and what it cannot know."""
    found = week.evidence
    yield Sentence.observed(
        f"{amount(found.reports, 'report')} by {amount(found.reporters, 'reporter')} on"
        f" {found.days} of 7 days, telling of {amount(found.messages, 'message')}; the week before,"
        f" {amount(found.reports_before, 'report')}."
    )
    if found.messages:
        share = percent(found.unverified / found.messages)
        yield Sentence.observed(
            f"{share} of the messages stand in reports that nothing proves genuine."
        )
    if silent := [row["domain"] for row in week.domains if not row["reports"]]:
        yield Sentence.observed(f"No report of this week is about {_listed(silent)}.")
    last = found.last_report_day
    if last is None:
        yield Sentence.not_known("No report about these domains has ever come.")
    elif last < week.window.last:
        yield Sentence.not_known(
            f"The newest report is of {day(last)}: later ones may be on their way."
        )
    yield Sentence.not_known(
        "Only receivers that send reports are counted, so there is more mail than this."
    )


def _listed(names: list[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def next_step(advice: Row | None) -> Sentence:
    """What to do next about a domain, of a row of `rua advise`."""
    is_known = advice is not None and not is_question(advice)
    sure = Certainty.INFERRED if is_known else Certainty.NOT_KNOWN
    return Sentence(words_of_next_step(advice), sure)


def overall(week: Week) -> list[Row]:
    """Rows of `what, value, sure`: the first sheet."""
    total, evidence = week.total, week.evidence
    days = span(week.window.first, week.window.last)
    facts = [
        ("Group", week.group or "no group"),
        ("Week", f"{week.label}: {days}, UTC"),
        ("Domains", len(week.domains)),
        ("Reports", evidence.reports),
        ("Reporters", evidence.reporters),
        ("Days with reports", evidence.days),
        ("Messages", total["messages"]),
        ("Aligned messages", total["aligned"]),
        ("Legitimate messages", total["legitimate"]),
        ("Legitimate messages that pass", total["legitimate_aligned"]),
        ("Messages of undecided sources", total["undecided"]),
        ("Messages that look like spoofing", total["spoof"]),
        ("Messages by forwarders and lists", total["indirect"]),
        ("Messages in reports that nothing proves genuine", evidence.unverified),
    ]
    inferred = (
        "Legitimate messages",
        "Legitimate messages that pass",
        "Messages of undecided sources",
        "Messages that look like spoofing",
        "Messages by forwarders and lists",
    )
    rows = [
        {
            "what": what,
            "value": value,
            "sure": str(Certainty.INFERRED if what in inferred else Certainty.OBSERVED),
        }
        for what, value in facts
    ]
    told = [*short_of(week), *about_rate(week), *about_spoofing(week), *about_evidence(week)]
    return [*({"what": each.text, "value": None, "sure": str(each.sure)} for each in told), *rows]


def unchanged(week: Week) -> Sentence:
    if week.has_reports:
        return Sentence.observed("Nothing that matters changed.")
    return Sentence.not_known("Without reports no change shows.")


def no_sources(week: Week) -> Sentence:
    if week.has_reports:
        return Sentence.inferred("None: what is known as yours passes, and nobody new sends.")
    return Sentence.not_known("Without reports no source shows.")


def about_tls(week: Week) -> Iterator[Sentence]:
    """What senders say of TLS on the way to these domains."""
    if not week.tls:
        yield Sentence.not_known("No TLS report of this week is about these domains.")
        return
    failing = [row for row in week.tls if row["failed"]]
    if not failing:
        yield Sentence.observed("No TLS session failed, as far as reports tell.")
        return
    names = sorted({row["domain"] or "not told" for row in failing})
    yield Sentence.observed(f"TLS sessions failed on the way to {_listed(names)}.")
    if len(week.tls) > len({row["domain"] for row in week.tls}):
        # Senders list the same sessions under each policy (RFC 8460 §4.3): nothing is summed.
        yield Sentence.observed("The same sessions stand under each policy of a domain.")
    if unexplained := [row for row in failing if row["unexplained"]]:
        parts = [f"{row['unexplained']:,} of {row['failed']:,}" for row in unexplained[:3]]
        yield Sentence.not_known(f"Why sessions failed is not told of {', '.join(parts)}.")


def about_reporters(week: Week) -> Iterator[Sentence]:
    """Who is missing."""
    missing = [row["reporter"] for row in week.missing]
    if missing:
        count = amount(len(missing), "reporter")
        yield Sentence.observed(f"Gone silent: {count}, {_listed(missing)}.")
        yield Sentence.not_known("Whether they saw no mail, or stopped reporting.")
    elif week.reporters:
        yield Sentence.observed("No reporter that used to report has gone silent.")
