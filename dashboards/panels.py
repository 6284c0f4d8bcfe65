"""The parts of a screen that are words and numbers: the state of the feed, and empty states.

Each says what to do next. Text from reports and paths stand `quoted`.
"""

import contextlib
import shlex
from collections.abc import Iterator
from typing import Protocol

import streamlit as st

from analytics.overview import together
from analytics.window import Window
from dashboards.data import Row, settings
from dashboards.data.overview import Overview
from dashboards.filters import is_today, look_back_from
from dashboards.tables import MOST_SOURCES
from dashboards.theme import ON_DARK, ON_LIGHT, Palette
from dashboards.wording import amount, day, interval, percent, quoted
from schemas.errors import RuaError, StoreLocked

__all__ = [
    "CREDIT",
    "broken_words",
    "feed_state",
    "no_mail",
    "no_reports",
    "no_store",
    "numbers",
    "palette",
    "pass_rate_words",
    "problems_shown",
    "sources_words",
]

CREDIT = "IP address data by [IPinfo](https://ipinfo.io), CC BY-SA 4.0."
STATES = {
    "alive": ("Reports arrive", "green"),
    "late": ("Reports are late", "orange"),
    "silent": ("Reports have stopped", "red"),
    "empty": ("No reports", "red"),
}
MOST_NAMED = 5


@contextlib.contextmanager
def problems_shown() -> Iterator[None]:
    """Says calmly what is wrong with the store or the settings, and ends the screen there."""
    try:
        yield
    except RuaError as error:
        _say_problem(error)
        st.stop()


def _say_problem(error: RuaError) -> None:
    if isinstance(error, StoreLocked):
        st.info(
            f"**The store is busy:** {quoted(error.what)}. Nothing is lost; try again in a moment."
        )
        st.button("Try again", type="primary")
        return
    st.warning("**The dashboard cannot read the store.**")
    st.text(str(error))


def no_store() -> bool:
    """Whether there is no store yet; then the page says what to run."""
    path = settings().store
    if path.exists():
        return False
    st.info(f"**There is no store yet** at {quoted(str(path))}. Read some reports into it:")
    st.code(f"rua --store {shlex.quote(str(path))} ingest PATH", language=None)
    st.markdown("PATH is a folder or file of reports as they came. To try it without any:")
    st.code(
        "rua demo --out demo\nrua --config demo/rua.toml ingest demo/mails\n"
        "rua --config demo/rua.toml dashboard",
        language=None,
    )
    return True


class Answered(Protocol):
    """What any screen's answer tells of: the feed, and what arrived in the window."""

    @property
    def feed(self) -> Row: ...

    @property
    def arrived(self) -> Row: ...


def no_reports(found: Answered) -> bool:
    """Whether the store holds no DMARC report at all."""
    if found.feed["dmarc_reports"]:
        return False
    st.info("**The store holds no DMARC reports yet.** Read some into it, then reload this page:")
    st.code(f"rua --store {shlex.quote(str(settings().store))} ingest PATH", language=None)
    refused = found.feed["quarantined"]
    if refused:
        st.markdown(f"{amount(refused, 'document')} could not be read; see why:")
        st.code("rua quarantine list", language=None)
    return True


def no_mail(found: Answered, window: Window) -> bool:
    """Whether the window is empty. A feed that stopped long ago is offered as it last looked."""
    latest, is_empty = found.feed["last_report_day"], not found.arrived["reports"]
    if is_empty:
        st.info(f"**No reports cover these days.** {_way_out(found, window)}")
    if found.feed["state"] == "silent":
        st.button(
            f"Show the days up to {day(latest)}",
            on_click=look_back_from,
            args=(latest,),
            type="primary" if is_empty else "secondary",
        )
    return is_empty


def _way_out(found: Answered, window: Window) -> str:
    latest = found.feed["last_report_day"]
    if latest is None:
        return f"All reports in the store are of days after {day(window.last)}."
    if latest < window.first:
        return "If reports should have come, see whether they are read in: `rua status`."
    return "Choose more days, or another domain."


def feed_state(found: Overview, window: Window) -> None:
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


def numbers(found: Overview, window: Window) -> None:
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


def pass_rate_words(found: Overview) -> str:
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


def sources_words(found: Overview) -> str:
    """What the table of undecided sources holds."""
    count = len(found.undecided)
    if not count:
        return "No source is undecided."
    whole = (
        "What these are, the evidence cannot tell. Say it with `rua label DOMAIN SOURCE CLASS`,"
        " and every number here follows."
    )
    return f"{whole}{_rest(count, 'undecided')}"


def broken_words(found: Overview) -> str:
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
