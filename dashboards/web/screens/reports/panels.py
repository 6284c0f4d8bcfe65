"""The views of the Reports screen. Text from reports is quoted, or in table cells."""

from collections.abc import Sequence

import streamlit as st

from analytics.reports.browse import Wanted
from dashboards.common.formatting import amount, day
from dashboards.common.palette import Colour
from dashboards.web.components import report_text as words
from dashboards.web.components import theme
from dashboards.web.components.bar_charts import stack, stack_frame
from dashboards.web.components.download import offer, offer_all
from dashboards.web.components.render_chart import draw
from dashboards.web.components.table import Pager, key_of, show
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

GENUINE = (
    "Verified: its mail authenticates the reporter's domain. Unverified counts unless the reporter"
    " also sends verified ones. Failed never counts (RFC 9990 §8.2)."
)


def browse_view(chosen: Chosen) -> None:
    """Every report of the days, page by page, with a link to each."""
    wanted = _wanted(chosen)
    pager = Pager(key_of("reports", chosen, wanted))
    rows = pager.ask(lambda most, skip: browsed(chosen, wanted, most, skip))
    if not rows:
        st.info("**No report matches in this period.** Choose more days or fewer conditions.")
        return
    total = rows[0]["total"]
    show(words.report_rows(rows, shared()), words.REPORT_COLUMNS, "Reports")
    pager.show(total, "report")
    offer_all(lambda most: browsed(chosen, wanted, most), "report", words.REPORT_FILE, count=total)
    st.caption("The number opens the report. It counts on the UTC day of the middle of its period.")


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
        state = _one("Counted", words.STATES, 260)
        authenticity = _one("Authenticity", words.AUTHENTICITIES, 170)
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


def conflicts_view(chosen: Chosen) -> None:
    """Reports of one identity with two contents."""
    st.markdown(
        "Two documents with the same reporter, domain, report ID and period, but different content."
        " At most one counts: the verified one, otherwise the first. They are never added up."
    )
    rows = conflicting(chosen)
    if not rows:
        st.info("**No conflicts in this period.**")
        return
    pager = Pager(key_of("conflicts", chosen))
    show(words.conflict_rows(pager.of(rows), shared()), words.CONFLICT_COLUMNS, "Conflicts")
    pager.show(len(rows), "conflict")


def genuine_view(chosen: Chosen) -> None:
    """Whose reports are verified, and why not."""
    found = trusted(chosen)
    if not found.reporters:
        st.info("**No reports in this period.** Choose more days or another domain.")
        return
    totals = {
        key: sum(row[key] for row in found.reporters)
        for key in ("reports", "verified", "unverified", "failed", "counted")
    }
    with st.container(horizontal=True):
        for key, label in (
            ("verified", "Verified"),
            ("unverified", "Unverified"),
            ("failed", "Failed"),
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
    pager = Pager(key_of("genuine", chosen))
    show(words.genuine_rows(pager.of(found.reporters)), words.GENUINE_COLUMNS, "By reporter")
    pager.show(len(found.reporters), "reporter")
    st.header("Reasons")
    show(words.reason_rows(found.reasons), words.REASON_COLUMNS, "Reasons")


def _authenticity_chart(days: Sequence[Row], chosen: Chosen) -> None:
    colours = {
        "verified": theme.blue(),
        "unverified": Colour.ORANGE.value,
        "failed": Colour.VERMILION.value,
    }
    parts = [
        (row["day"], words.AUTHENTICITIES[row["authenticity"]], row["reports"]) for row in days
    ]
    frame = stack_frame(parts, list(colours))
    name = "Reports per day: verified, unverified, failed"
    draw(name, stack, frame, chosen.window, colours, noun="Reports", counted_as="Authenticity")
    offer(
        [{key: row[key] for key in ("day", "authenticity", "reports")} for row in days],
        "reports per day",
    )


def coverage_view(chosen: Chosen) -> None:
    """Who reports, how regularly, how late, and who stopped."""
    found = coverage(chosen)
    if not found.reporters:
        st.info("**No reporter yet.** Import reports: `rua ingest`.")
        return
    st.header("Days with reports")
    frame = coverage_frame(found.days)
    if frame.empty:
        st.caption("No counted report in this period.")
    else:
        name = "Days on which each reporter sent reports"
        draw(name, coverage_chart, frame, chosen.window, is_dark=theme.is_dark())
        offer(found.days, "days with reports")
        count = len({row["reporter"] for row in found.days})
        if count > MOST_REPORTERS:
            st.caption(f"The {MOST_REPORTERS} with the most days, of {count:,}.")
    st.header("Reporters")
    silent = [row for row in found.reporters if row["is_missing"]]
    if silent:
        st.warning(
            f"{amount(len(silent), 'reporter')} stopped: no DMARC report for"
            f" {settings().gates.silent_days} days before {day(chosen.window.last)}."
        )
    rows = silent + [row for row in found.reporters if not row["is_missing"]]
    pager = Pager(key_of("reporters", chosen.window))
    show(words.reporter_rows(pager.of(rows)), words.REPORTER_COLUMNS, "Reporters")
    pager.show(len(rows), "reporter")
    st.caption(f"DMARC reports on all domains, up to {day(chosen.window.last)}.")
    link("monday", "Numbers of these reports: Monday")
