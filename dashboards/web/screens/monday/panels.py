"""The parts of Monday that are words and numbers about the mail of these days."""

import streamlit as st

from analytics.query.statement import Certainty
from analytics.query.window import Window
from analytics.sources.totals import together
from dashboards.common.formatting import amount, day, interval, percent, quoted, span
from dashboards.common.palette import ON_DARK, ON_LIGHT, Palette
from dashboards.common.verdicts import names as some
from dashboards.web.components import charts, source_links
from dashboards.web.components.coverage_strip import gaps_said
from dashboards.web.components.downloads import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.components.sentences import Said, listed, say
from dashboards.web.components.table import MOST_SOURCES
from dashboards.web.screens.monday.data import Monday
from dashboards.web.session.filters import is_today
from dashboards.web.session.query_cache import Row

__all__ = [
    "advice_words",
    "broken_words",
    "feed_state",
    "mail_per_day",
    "not_known",
    "numbers",
    "palette",
    "pass_rate_words",
    "sources_words",
    "strip_name",
    "strip_words",
    "unheard",
]

STATES = {
    "alive": ("Reports arrive", "green"),
    "late": ("Reports are late", "orange"),
    "silent": ("Reports have stopped", "red"),
    "empty": ("No reports", "red"),
}
MOST_NAMED = 5


def feed_state(found: Monday, window: Window) -> None:
    """One line on the whole feed, whatever domain is chosen."""
    words, colour = STATES[found.feed["state"]]
    latest = found.feed["last_report_day"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(words, color=colour, width="content")  # type: ignore[arg-type]
        if latest:
            ago = f", {_ago(found.feed['days_since_report'])}" if is_today(window) else ""
            st.markdown(f"The latest covers {day(latest)}{ago}.", width="content")
        if found.missing:
            st.markdown(f"Missing: {_reporters(found.missing)}.", width="content")


def _ago(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{amount(days, 'day')} ago")


def _reporters(rows: list[Row]) -> str:
    named = [
        f"{quoted(row['reporter'])} (last {day(row['last_day'])})" for row in rows[:MOST_NAMED]
    ]
    more = len(rows) - len(named)
    return ", ".join([*named, f"and {more} more"] if more else named)


def palette() -> Palette:
    """The chart colours for the theme that the browser shows."""
    return ON_DARK if st.context.theme.type == "dark" else ON_LIGHT


def numbers(found: Monday, window: Window) -> None:
    """The window in five numbers."""
    total = together(found.days)
    undecided = sum(row["source_ips"] for row in found.undecided)
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
            f"from {undecided:,} {'address' if undecided == 1 else 'addresses'}",
        )


def _rate(total: Row) -> tuple[str, str]:
    if not total["enough"]:
        return "–", "too few to tell" if total["legitimate"] else "no legitimate mail"
    rate = total["legitimate_aligned"] / total["legitimate"]
    return percent(rate), f"95 % interval {interval(total['interval'])}"


def _raw(total: Row) -> tuple[str, str]:
    """The raw share, beside the rate that counts."""
    share = percent(total["aligned"] / total["messages"]) if total["messages"] else "–"
    return share, "with spoofing in it"


def _number(label: str, value: str, below: str) -> None:
    st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def pass_rate_words(found: Monday) -> str:
    """What the chart of the pass rate says, in words."""
    total = together(found.days)
    if not total["legitimate"]:
        return "None of this mail is of a source that is yours, as far as the evidence tells."
    counts = f"{amount(total['legitimate_aligned'])} of {amount(total['legitimate'], 'message')}"
    rate, range_ = _rate(total)
    words = (
        f"{rate}: {counts}, {range_}." if total["enough"] else (f"Too few to tell: {counts} pass.")
    )
    few = sum(1 for row in found.days if row["interval"] and not row["enough"])
    return f"{words} Hollow: {amount(few, 'day')} with too few messages." if few else words


def sources_words(found: Monday) -> str:
    """What the table of undecided sources holds."""
    count = len(found.undecided)
    if not count:
        return "No source is undecided."
    whole = (
        "What these are, the evidence cannot tell. Say it with `rua label DOMAIN SOURCE CLASS`,"
        " and every number here follows."
    )
    return f"{whole}{_rest(count, 'undecided')}"


def broken_words(found: Monday) -> str:
    """What the table of broken sources holds."""
    count = len(found.broken)
    if not count:
        return "No source is broken: what is known as yours passes aligned."
    whole = (
        "These are yours or work for you, and not all of their mail passes aligned: fix it first."
    )
    return f"{whole}{_rest(count, 'broken')}"


def _rest(count: int, class_: str) -> str:
    """Where the others are."""
    if count <= MOST_SOURCES:
        return ""
    command = f"`rua sources --by source --class {class_}`"
    return f" These are the {MOST_SOURCES} largest of {count:,}; all of them: {command}."


def strip_name(found: Monday) -> str:
    """The strip for those who do not see it."""
    return f"Days with reports, by reporter. {gaps_said(found.arrivals)}"


def strip_words(found: Monday) -> None:
    """What the strip shows, and what it cannot."""
    say(
        (gaps_said(found.arrivals), Certainty.OBSERVED),
        ("Days are UTC; a report comes the day after, or the next.", None),
    )
    source_links.of_feed("All that arrived")


def not_known(found: Monday) -> None:
    """What the numbers leave open."""
    rows = [row for row in found.domains if row["messages"]]
    messages, unverified = (sum(row[key] for row in rows) for key in ("messages", "unverified"))
    said: list[Said] = [("Mail of which no receiver reports is not counted.", Certainty.NOT_KNOWN)]
    if unverified:
        share = percent(unverified / messages)
        words = f"{share} of the messages are in reports that nothing proves genuine."
        said.insert(0, (words, Certainty.OBSERVED))
    few = sum(1 for row in rows if not row["enough"])
    if few:
        words = f"{amount(few, 'domain')} with too few legitimate messages to tell a rate."
        said.append((words, Certainty.NOT_KNOWN))
    listed(said, "What these numbers leave open")


def advice_words(found: Monday) -> str:
    """Which days and reports the advice goes by: it may count less than the tables below."""
    words = f"By the advice on {span(found.advised.first, found.advised.last)}, UTC."
    left_out = sum(row["window"].get("left_out") or 0 for row in found.advice)
    if left_out:
        words += (
            f" It leaves out {amount(left_out, 'report')} that nothing proves: the tables below"
            " count them."
        )
    return words


def unheard(found: Monday) -> None:
    """Domains of the settings of which no report tells: nothing is known of them."""
    advised = {row["domain"] for row in found.advice}
    names = [row["domain"] for row in found.domains if row["domain"] not in advised]
    if names:
        words = f"No report of these days about {some(names)}: see whether rua is published."
        say((words, Certainty.NOT_KNOWN))


def mail_per_day(found: Monday, window: Window, palette: Palette) -> None:
    """What came day by day, and what of it passes."""
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Messages per day")
        messages = charts.messages_frame(found.days)
        if not messages.empty:
            draw("Messages per day", charts.messages_per_day, messages, window, palette)
        st.caption("Passes and broken are the mail of sources that are yours or work for you.")
        offer(messages, "Messages per day")
    with right:
        st.header("Legitimate mail that passes")
        rates = charts.rate_frame(found.days)
        if not rates.empty:
            draw("Pass rate per day", charts.pass_rate_per_day, rates, window, palette)
        st.caption(pass_rate_words(found))
        offer(rates, "Legitimate mail that passes")
