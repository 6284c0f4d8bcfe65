"""The week in sentences, each with its certainty."""

from collections.abc import Iterator
from dataclasses import dataclass

from analytics.query.run import Row
from analytics.query.statement import Certainty
from analytics.weekly import Week
from dashboards.common.formatting import amount, day, percent, rate_words, span
from dashboards.common.verdicts import is_question
from dashboards.common.verdicts import next_step as next_step_text

__all__ = [
    "Sentence",
    "about_evidence",
    "about_rate",
    "about_reporters",
    "about_spoofing",
    "about_tls",
    "compared",
    "lead",
    "next_step",
    "no_sources",
    "rate_and_interval",
    "summary_rows",
    "title",
    "unchanged",
]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Plain text; it may hold names from reports, so each format must escape it."""

    text: str
    certainty: Certainty

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


def lead(week: Week) -> Iterator[Sentence]:
    """The sentences at the top."""
    yield Sentence.inferred(week.headline)
    if not week.has_reports:
        yield Sentence.not_known(
            "No report covers this week, so the mail of this week is not known."
        )
        return
    todo = amount(len(week.decisions), "decision")
    if not week.is_quiet:
        count = amount(len(week.changes), "change")
        yield Sentence.observed(f"{count} since the week before; {todo} to take.")
    elif week.decisions:
        yield Sentence.observed(f"No change since the week before; {todo} to take.")
    else:
        yield Sentence.observed("A quiet week: no change, and no decision to take.")


def about_rate(week: Week) -> Iterator[Sentence]:
    """The legitimate pass rate of the group, compared with the week before."""
    total = week.total
    if not week.has_reports:
        yield Sentence.not_known("No pass rate: no report covers this week.")
    elif not total["legitimate"]:
        yield Sentence.inferred("No mail of this week comes from a source known to be yours.")
    elif not total["enough"]:
        counts = f"{total['legitimate_aligned']:,} of {amount(total['legitimate'], 'message')}"
        yield Sentence.not_known(f"Too little mail for a rate: {counts} of yours passed.")
    else:
        yield Sentence.inferred(
            f"{_rate(total)} of legitimate mail passed DMARC:"
            f" {amount(total['legitimate_aligned'])} of {amount(total['legitimate'], 'message')},"
            f" 95 % interval {rate_words(total)}."
        )
        yield compared(total, week.total_before)


def compared(row: Row, before: Row | None) -> Sentence:
    """A rate compared with that of the week before. Keys as in `rua domains`."""
    if before is None or not before["enough"]:
        return Sentence.not_known("No comparison: too little mail in the week before.")
    if not row["enough"]:
        return Sentence.not_known(
            f"Week before: {_rate(before)}. This week: too little mail to compare."
        )
    (low, high), (low_then, high_then) = row["interval"], before["interval"]
    if low <= high_then and low_then <= high:
        change = "no clear change"
    else:
        change = "clear fall" if high < low_then else "clear rise"
    return Sentence.inferred(f"{change.capitalize()}: {rate_and_interval(before)} the week before.")


def rate_and_interval(row: Row) -> str:
    """70.1 % (65.3 – 74.4 %), or the reason for no rate. Keys as in `rua domains`."""
    is_firm = row["interval"] is not None and row["enough"]
    return f"{_rate(row)} ({rate_words(row)})" if is_firm else rate_words(row)


def _rate(row: Row) -> str:
    return percent(row["legitimate_aligned"] / row["legitimate"])


def about_spoofing(week: Week) -> Iterator[Sentence]:
    """Likely spoofing, and the domains whose policy lets it through."""
    if not week.spoofing:
        if week.has_reports:
            yield Sentence.inferred("No mail of this week looks like spoofing.")
        return
    count = sum(row["messages"] for row in week.spoofing)
    before = week.total_before["spoof"]
    yield Sentence.inferred(
        f"{count:,} of {amount(week.total['messages'], 'message')} look like spoofing of"
        f" {amount(len(week.spoofing), 'domain')}; {before:,} the week before."
    )
    if at_none := [row["domain"] for row in week.spoofing if row["policy"] == "none"]:
        yield Sentence.observed(
            f"{amount(len(at_none), 'domain')} at p=none: receivers are asked to deliver it."
        )


def about_evidence(week: Week) -> Iterator[Sentence]:
    """The evidence behind the week, and what it cannot show."""
    found = week.evidence
    yield Sentence.observed(
        f"{amount(found.reports, 'report')} by {amount(found.reporters, 'reporter')} on"
        f" {found.days} of 7 days, on {amount(found.messages, 'message')};"
        f" {amount(found.reports_before, 'report')} the week before."
    )
    if found.messages:
        share = percent(found.unverified / found.messages)
        yield Sentence.observed(f"{share} of the messages are in unverified reports.")
    if silent := [row["domain"] for row in week.domains if not row["reports"]]:
        yield Sentence.observed(f"No report this week on {_listed(silent)}.")
    last = found.last_report_day
    if last is None:
        yield Sentence.not_known("No report on these domains was ever received.")
    elif last < week.window.last:
        yield Sentence.not_known(
            f"The newest report is of {day(last)}; later ones may still arrive."
        )
    yield Sentence.not_known(
        "Only receivers that send reports are counted: your domains send more mail than this."
    )


def _listed(names: list[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def next_step(advice: Row | None) -> Sentence:
    """The next step for a domain; `advice` is a row of `rua advise`."""
    is_known = advice is not None and not is_question(advice)
    certainty = Certainty.INFERRED if is_known else Certainty.NOT_KNOWN
    return Sentence(next_step_text(advice), certainty)


def summary_rows(week: Week) -> list[Row]:
    """Rows of `what, value, sure` for the first sheet."""
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
        ("Likely spoofed messages", total["spoof"]),
        ("Messages through forwarders and lists", total["indirect"]),
        ("Messages in unverified reports", evidence.unverified),
    ]
    inferred = (
        "Legitimate messages",
        "Legitimate messages that pass",
        "Messages of undecided sources",
        "Likely spoofed messages",
        "Messages through forwarders and lists",
    )
    rows = [
        {
            "what": what,
            "value": value,
            "sure": str(Certainty.INFERRED if what in inferred else Certainty.OBSERVED),
        }
        for what, value in facts
    ]
    sentences = [*lead(week), *about_rate(week), *about_spoofing(week), *about_evidence(week)]
    return [
        *({"what": each.text, "value": None, "sure": str(each.certainty)} for each in sentences),
        *rows,
    ]


def unchanged(week: Week) -> Sentence:
    """The sentence in place of changes when there are none."""
    if week.has_reports:
        return Sentence.observed("No change that matters.")
    return Sentence.not_known("Changes are not known: no report covers this week.")


def no_sources(week: Week) -> Sentence:
    """The sentence in place of new and broken sources when there are none."""
    if week.has_reports:
        return Sentence.inferred("None: your known sources pass, and no new source sends.")
    return Sentence.not_known("Sources are not known: no report covers this week.")


def about_tls(week: Week) -> Iterator[Sentence]:
    """TLS on the way to these domains, as senders report it."""
    if not week.tls:
        yield Sentence.not_known("No TLS report this week on these domains.")
        return
    failing = [row for row in week.tls if row["failed"]]
    if not failing:
        yield Sentence.observed("No TLS session failed in these reports.")
        return
    names = sorted({row["domain"] or "an unnamed domain" for row in failing})
    yield Sentence.observed(f"TLS sessions to {_listed(names)} failed.")
    if len(week.tls) > len({row["domain"] for row in week.tls}):
        # Senders list the same sessions under each policy (RFC 8460 §4.3): nothing is summed.
        yield Sentence.observed("Each policy of a domain counts the same sessions.")
    if unexplained := [row for row in failing if row["unexplained"]]:
        parts = [f"{row['unexplained']:,} of {row['failed']:,}" for row in unexplained[:3]]
        yield Sentence.not_known(f"No reason is reported for {', '.join(parts)} failed sessions.")


def about_reporters(week: Week) -> Iterator[Sentence]:
    """The reporters that have gone silent."""
    missing = [row["reporter"] for row in week.missing]
    if missing:
        count = amount(len(missing), "reporter")
        yield Sentence.observed(f"Gone silent: {count}, {_listed(missing)}.")
        yield Sentence.not_known("They may have seen no mail, or stopped reporting.")
    elif week.reporters:
        yield Sentence.observed("No regular reporter has gone silent.")
