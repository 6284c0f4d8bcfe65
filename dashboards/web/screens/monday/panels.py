"""The parts of Monday: the state of the feed, numbers, and sentences about them."""

import streamlit as st

from analytics.query.statement import Certainty
from analytics.query.window import Window
from analytics.sources.totals import together
from dashboards.common.formatting import amount, day, interval, percent, quoted, span
from dashboards.common.palette import Palette
from dashboards.common.verdicts import names as some
from dashboards.web.components import charts, source_links
from dashboards.web.components.coverage_strip import gap_words
from dashboards.web.components.download import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.components.sentences import Sentence, listed, say
from dashboards.web.screens.monday.data import Monday
from dashboards.web.screens.monday.tables import MOST_SOURCES
from dashboards.web.session.filters import is_today
from dashboards.web.session.query_cache import Row

__all__ = [
    "advice_words",
    "broken_words",
    "feed_state",
    "mail_per_day",
    "numbers",
    "pass_rate_words",
    "strip_name",
    "strip_words",
    "undecided_words",
    "unknowns",
    "without_reports",
]

STATES = {
    "alive": ("Reports arrive", "green"),
    "late": ("Reports are late", "orange"),
    "silent": ("Reports have stopped", "red"),
    "empty": ("No reports", "red"),
}
MOST_NAMED = 5


def feed_state(found: Monday, window: Window) -> None:
    """One line on the whole feed, for any choice of domains."""
    words, colour = STATES[found.feed["state"]]
    latest = found.feed["last_report_day"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(words, color=colour, width="content")  # type: ignore[arg-type]
        if latest:
            ago = f", {_ago(found.feed['days_since_report'])}" if is_today(window) else ""
            st.markdown(f"Newest report: {day(latest)}{ago}.", width="content")
        if found.missing:
            st.markdown(f"Silent reporters: {_reporters(found.missing)}.", width="content")


def _ago(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{amount(days, 'day')} ago")


def _reporters(rows: list[Row]) -> str:
    named = [
        f"{quoted(row['reporter'])} (last {day(row['last_day'])})" for row in rows[:MOST_NAMED]
    ]
    more = len(rows) - len(named)
    return ", ".join([*named, f"and {more} more"] if more else named)


def numbers(found: Monday, window: Window) -> None:
    """The period in five numbers."""
    total = together(found.days)
    with st.container(horizontal=True):
        _number(
            "Reports",
            amount(found.arrived["reports"]),
            f"from {amount(found.arrived['reporters'], 'reporter')}",
        )
        _number(
            "Messages",
            amount(total["messages"]),
            f"on {found.arrived['days']} of {amount(window.days, 'day')}",
        )
        _number("Legitimate mail that passes", *_rate(total))
        _number("All mail that passes", *_raw(total))
        _number(
            "Undecided messages",
            amount(total["undecided"]),
            f"from {amount(len(found.undecided), 'source')}",
        )


def _rate(total: Row) -> tuple[str, str]:
    if not total["enough"]:
        return "–", "too few messages" if total["legitimate"] else "no legitimate mail"
    rate = total["legitimate_aligned"] / total["legitimate"]
    return percent(rate), f"95 % interval {interval(total['interval'])}"


def _raw(total: Row) -> tuple[str, str]:
    """The raw rate, which no check uses."""
    share = percent(total["aligned"] / total["messages"]) if total["messages"] else "–"
    return share, "spoofing included"


def _number(label: str, value: str, below: str) -> None:
    st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def pass_rate_words(found: Monday) -> str:
    """What the chart of the pass rate says, in words."""
    total = together(found.days)
    if not total["legitimate"]:
        return "No legitimate mail in this period."
    counts = f"{amount(total['legitimate_aligned'])} of {amount(total['legitimate'], 'message')}"
    rate, range_ = _rate(total)
    words = (
        f"{rate}: {counts}, {range_}."
        if total["enough"]
        else f"Too few messages for a rate: {counts} pass."
    )
    few = sum(1 for row in found.days if row["interval"] and not row["enough"])
    return f"{words} Hollow points: {amount(few, 'day')} with too few messages." if few else words


def undecided_words(found: Monday) -> str:
    """What to do about undecided sources."""
    count = len(found.undecided)
    if not count:
        return "No source is undecided."
    whole = "Are these yours? Label them: `rua label DOMAIN SOURCE CLASS`."
    return f"{whole}{_rest(count, 'undecided')}"


def broken_words(found: Monday) -> str:
    """What to do about broken sources."""
    count = len(found.broken)
    if not count:
        return "No source is broken: all known sources of yours pass DMARC."
    whole = "Fix these first: they are yours, and some of their mail fails DMARC."
    return f"{whole}{_rest(count, 'broken')}"


def _rest(count: int, class_: str) -> str:
    """Where the others are."""
    if count <= MOST_SOURCES:
        return ""
    command = f"`rua sources --by source --class {class_}`"
    return f" The {MOST_SOURCES} largest of {count:,}; for all: {command}."


def strip_name(found: Monday) -> str:
    """The strip for a screen reader."""
    return f"Days with reports, by reporter. {gap_words(found.arrivals)}"


def strip_words(found: Monday) -> None:
    """The strip in words."""
    say(
        (gap_words(found.arrivals), Certainty.OBSERVED),
        ("Days are UTC; reports arrive one or two days later.", None),
    )
    source_links.of_feed("All reporters")


def unknowns(found: Monday) -> None:
    """What the numbers do not show."""
    rows = [row for row in found.domains if row["messages"]]
    messages, unverified = (sum(row[key] for row in rows) for key in ("messages", "unverified"))
    notes: list[Sentence] = [
        ("Receivers that send no reports are not counted.", Certainty.NOT_KNOWN)
    ]
    if unverified:
        share = percent(unverified / messages)
        words = f"{share} of messages are in unverified reports."
        notes.insert(0, (words, Certainty.OBSERVED))
    few = sum(1 for row in rows if not row["enough"])
    if few:
        words = f"{amount(few, 'domain')} with too few legitimate messages for a rate."
        notes.append((words, Certainty.NOT_KNOWN))
    listed(notes, "What these numbers do not show")


def advice_words(found: Monday) -> str:
    """Which days and reports the verdicts use: they may leave out unverified reports."""
    words = f"Verdicts on reports of {span(found.advised.first, found.advised.last)}, UTC."
    left_out = sum(row["window"].get("left_out") or 0 for row in found.advice)
    if left_out:
        words += f" Without {amount(left_out, 'unverified report')}, which the tables below count."
    return words


def without_reports(found: Monday) -> None:
    """Domains of the settings without a report."""
    advised = {row["domain"] for row in found.advice}
    names = [row["domain"] for row in found.domains if row["domain"] not in advised]
    if names:
        words = f"No report on {some(names)}: check that the record has rua."
        say((words, Certainty.NOT_KNOWN))


def mail_per_day(found: Monday, window: Window, palette: Palette) -> None:
    """Messages and pass rate, day by day."""
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Messages per day")
        messages = charts.messages_frame(found.days)
        if not messages.empty:
            draw("Messages per day", charts.messages_per_day, messages, window, palette)
        st.caption("Passes and broken: mail of your own sources and vendors.")
        offer(messages, "messages per day")
    with right:
        st.header("Legitimate mail that passes")
        rates = charts.rate_frame(found.days)
        if not rates.empty:
            draw("Pass rate per day", charts.pass_rate_per_day, rates, window, palette)
        st.caption(pass_rate_words(found))
        offer(rates, "pass rate per day")
