"""The views of the screen on reports. What reports say stands quoted, or in cells."""

import hashlib
from collections.abc import Sequence

import streamlit as st

from analytics.reports.browse import Wanted
from dashboards.common.formatting import amount, day
from dashboards.common.palette import Colour
from dashboards.web.components import report_text as words
from dashboards.web.components.bar_charts import stack, stack_frame
from dashboards.web.components.downloads import offer
from dashboards.web.components.lists import (
    MOST_SAVED,
    PAGE,
    page_of,
    pages,
    save_all,
    show,
    skipped,
)
from dashboards.web.components.render_chart import draw
from dashboards.web.screens.reports.coverage import MOST_REPORTERS, coverage_chart, coverage_frame
from dashboards.web.screens.reports.data import (
    browsed,
    conflicting,
    coverage,
    reporter_names,
    trusted,
)
from dashboards.web.session.filters import shared
from dashboards.web.session.navigation import link
from dashboards.web.session.query_cache import Chosen, Row, settings
from schemas.sanitize import cell

__all__ = ["browse_view", "conflicts_view", "coverage_view", "genuine_view"]

COVERAGE = (
    "Only receivers that send reports are counted: there is more mail than these numbers show."
)
GENUINE = (
    "Verified: the mail proves the domain that the report names as its reporter's. Unverified:"
    " nothing proves it; such a report counts only where its reporter sends no verified ones."
    " Proven false never counts (RFC 9990 §8.2)."
)


def browse_view(chosen: Chosen) -> None:
    """Every report of the days, page by page, with a link to each."""
    wanted = _wanted(chosen)
    key = f"reports {_print(chosen, wanted)}"
    rows = browsed(chosen, wanted, PAGE, skipped(key))
    if not rows and skipped(key):
        st.session_state[key] = 1  # there are fewer than there were
        rows = browsed(chosen, wanted, PAGE)
    if not rows:
        st.info("**No such report covers these days.** Choose more days, or fewer conditions.")
        return
    total = rows[0]["total"]
    show(words.reports_frame(rows, shared()), words.REPORT_COLUMNS, "Reports")
    pages(total, key)
    save_all(
        total,
        "report",
        "reports",
        words.REPORT_FILE,
        lambda: browsed(chosen, wanted, MOST_SAVED),
    )
    st.caption(
        "The number opens the report with its records and its document. A report belongs whole to"
        " the UTC day of the middle of its period."
    )


def _wanted(chosen: Chosen) -> Wanted:
    """What of the reports to browse."""
    names = reporter_names(chosen)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = _one("Kind", words.KINDS, 130)
        reporter = st.selectbox(
            "Reporter",
            names,
            index=None,
            placeholder="All reporters",
            format_func=cell,
            key="browse reporter",
            width=260,
        )
        state = _one("Counts", words.STATES, 240)
        authenticity = _one("Genuine", words.AUTHENTICITIES, 170)
    return Wanted(kind, reporter, authenticity, state)


def _one(label: str, options: dict[str, str], width: int) -> str | None:
    found: str | None = st.selectbox(
        label,
        list(options),
        index=None,
        placeholder="All",
        format_func=options.__getitem__,
        key=f"browse {label}",
        width=width,
    )
    return found


def _print(*what: object) -> str:
    """A short key for a choice: each has pages of its own."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def conflicts_view(chosen: Chosen) -> None:
    """Reports of one identity with two contents."""
    st.markdown(
        "Two documents with the reporter, domain, report ID and period of one report, and other"
        " content. One of them counts at most: a verified one, otherwise the first. They are never"
        " added up."
    )
    rows = conflicting(chosen)
    if not rows:
        st.info("**No report of these days contradicts another one.**")
        return
    key = f"conflicts {_print(chosen)}"
    show(words.conflicts_frame(page_of(rows, key), shared()), words.CONFLICT_COLUMNS, "Conflicts")
    pages(len(rows), key)


def genuine_view(chosen: Chosen) -> None:
    """What the mails prove of those who sent the reports."""
    found = trusted(chosen)
    if not found.reporters:
        st.info("**No report covers these days.** Choose more days, or another domain.")
        return
    totals = {
        key: sum(row[key] for row in found.reporters)
        for key in ("reports", "verified", "unverified", "failed", "counted")
    }
    with st.container(horizontal=True):
        for key, label in (
            ("verified", "Verified"),
            ("unverified", "Unverified"),
            ("failed", "Proven false"),
            ("counted", "Counted"),
        ):
            below = f"of {amount(totals['reports'], 'report')}"
            st.metric(
                label, amount(totals[key]), below, delta_color="off", delta_arrow="off", border=True
            )
    st.header("Reports per day")
    _authenticity_chart(found.days, chosen)
    st.caption(GENUINE)
    st.header("By reporter")
    key = f"genuine {_print(chosen)}"
    show(words.genuine_frame(page_of(found.reporters, key)), words.GENUINE_COLUMNS, "By reporter")
    pages(len(found.reporters), key)
    st.header("Why")
    show(words.reasons_frame(found.reasons), words.REASON_COLUMNS, "Why")


def _authenticity_chart(days: Sequence[Row], chosen: Chosen) -> None:
    is_dark = st.context.theme.type == "dark"
    colours = {
        "verified": (Colour.SKY if is_dark else Colour.BLUE).value,
        "unverified": Colour.ORANGE.value,
        "proven false": Colour.VERMILION.value,
    }
    parts = [
        (row["day"], words.AUTHENTICITIES[row["authenticity"]], row["reports"]) for row in days
    ]
    frame = stack_frame(parts, list(colours))
    name = "Reports per day: verified, unverified, proven false"
    said = {"noun": "Reports", "counted_as": "Their mails"}
    draw(name, stack, frame, chosen.window, colours, **said)
    offer(
        [{key: row[key] for key in ("day", "authenticity", "reports")} for row in days],
        "Reports per day",
    )


def coverage_view(chosen: Chosen) -> None:
    """Who reports, how regularly, how late, and who fell silent."""
    found = coverage(chosen)
    if not found.reporters:
        st.info("**No reporter was seen yet.** Read some reports in: `rua ingest`.")
        return
    st.header("Days with reports")
    frame = coverage_frame(found.days)
    if frame.empty:
        st.caption("No report that counts covers these days.")
    else:
        is_dark = st.context.theme.type == "dark"
        name = "Days on which each reporter sent reports"
        draw(name, coverage_chart, frame, chosen.window, is_dark=is_dark)
        offer(found.days, "Days with reports")
        count = len({row["reporter"] for row in found.days})
        if count > MOST_REPORTERS:
            st.caption(f"The {MOST_REPORTERS} with the most days, of {count:,}.")
    st.header("Reporters")
    silent = [row for row in found.reporters if row["is_missing"]]
    if silent:
        st.warning(
            f"{amount(len(silent), 'reporter')} that sent DMARC reports regularly sent none for"
            f" {settings().gates.silent_days} days before {day(chosen.window.last)}."
        )
    rows = silent + [row for row in found.reporters if not row["is_missing"]]
    key = f"reporters {_print(chosen.window)}"
    show(words.reporters_frame(page_of(rows, key)), words.REPORTER_COLUMNS, "Reporters")
    pages(len(rows), key)
    st.caption(f"Of DMARC reports on all domains, up to {day(chosen.window.last)}. {COVERAGE}")
    link("monday", "What these reports say stands on Monday")
