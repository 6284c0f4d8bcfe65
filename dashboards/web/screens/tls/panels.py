"""The parts of the TLS screen. Text from reports is quoted, or in table cells."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

import streamlit as st

from analytics.query.statement import Certainty
from analytics.query.window import Window
from analytics.tls.sessions import by_cause
from dashboards.common.formatting import amount, day, span
from dashboards.common.palette import Colour
from dashboards.web.components import theme
from dashboards.web.components.bar_charts import colours_of, largest_parts, stack, stack_frame
from dashboards.web.components.download import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.components.report_text import policy_type_words
from dashboards.web.components.sentences import Sentence, explain, listed, record, say
from dashboards.web.components.table import Pager, show
from dashboards.web.screens.tls import text as words
from dashboards.web.screens.tls.data import Tls
from dashboards.web.session.filters import look_back_from
from dashboards.web.session.query_cache import Row

__all__ = [
    "causes",
    "choose_part",
    "choose_policy",
    "failures_chart",
    "failures_table",
    "no_reports",
    "no_sessions",
    "not_known",
    "numbers",
    "policies_table",
    "sessions_chart",
]

CLEAN_DAYS = 3  # of reports without a failure, before it may be fixed
NEVER_ADDED = (
    "A sender lists the same sessions under each policy of a domain; they are never added up."
)
PART_WORDS = {"result": "Result", "mx": "MX", "sender": "Sender", "reporter": "Reporter"}
UNNAMED = {
    "result": "not stated",
    "mx": "no MX named",
    "sender": "no sender named",
    "reporter": "not stated",
}
MOST_CAUSES = 5
SUCCESSFUL, FAILED = "successful", "failed"


def no_reports(found: Tls) -> bool:
    """Whether the store holds no TLS report; then the page says how to get them."""
    if found.reports:
        return False
    st.info("**No TLS reports yet.** Publish this TXT record; senders then report every day:")
    record('_smtp._tls.DOMAIN. TXT "v=TLSRPTv1; rua=mailto:reports@DOMAIN"')
    st.markdown("Use the address of the mailbox that `rua ingest` reads.")
    return True


def no_sessions(found: Tls, window: Window) -> bool:
    """Whether the period holds none."""
    if found.policies or found.others:
        return False
    st.info("**No TLS reports in this period.** Choose more days or another domain.")
    if found.last_day and found.last_day < window.first:
        st.button(
            f"Show the days up to {day(found.last_day)}",
            on_click=look_back_from,
            args=(found.last_day,),
            type="primary",
        )
    return True


def numbers(days: Sequence[Row]) -> None:
    """Sessions under each policy, and how many failed."""
    with st.container(horizontal=True):
        for policy_type in _types(days):
            rows = words.of_type(days, policy_type)
            successful, failed = (sum(row[key] for row in rows) for key in (SUCCESSFUL, FAILED))
            name = policy_type_words(policy_type)
            st.metric(
                f"{_name(policy_type, name)} sessions",
                amount(successful + failed),
                words.share_words(successful, failed),
                delta_color="off",
                delta_arrow="off",
                border=True,
            )


def _name(policy_type: str | None, name: str) -> str:
    """As a label, which is Markdown."""
    return words.brief(name) if name == policy_type else name


def _types(days: Sequence[Row]) -> list[str | None]:
    """The policy types that are there, most sessions first."""
    ordered = sorted(days, key=lambda row: row["policy_type"] or "")
    totals = {
        key: sum(row[SUCCESSFUL] + row[FAILED] for row in rows)
        for key, rows in groupby(ordered, key=lambda row: row["policy_type"])
    }
    return sorted(totals, key=lambda key: (-totals[key], key or ""))


def choose_policy(days: Sequence[Row]) -> str | None:
    """Which policy's sessions the charts show; a choice only where there are several."""
    types = _types(days)
    if len(types) < 2:
        return types[0] if types else None
    return st.segmented_control(
        "Policy in the charts",
        types,
        default=types[0],
        required=True,
        format_func=lambda each: _name(each, policy_type_words(each)),
        help="The same sessions may be listed under several policies",
    )


def sessions_chart(days: Sequence[Row], window: Window) -> None:
    parts = [(row["day"], key, row[key]) for row in days for key in (SUCCESSFUL, FAILED)]
    frame = stack_frame(parts, (SUCCESSFUL, FAILED))
    colours = {SUCCESSFUL: theme.blue(), FAILED: Colour.VERMILION.value}
    if frame.empty:
        st.caption("No sessions under this policy.")
        return
    name = "Sessions per day, successful and failed"
    draw(name, stack, frame, window, colours, noun="Sessions", counted_as="Outcome")
    offer(days, "sessions per day")
    silent = window.days - len({row["day"] for row in days})
    if silent:
        st.caption(f"No report on {silent:,} of {amount(window.days, 'day')}.")


def choose_part(parts: Sequence[str]) -> str:
    chosen: str = st.segmented_control(
        "Failures by",
        parts,
        default=parts[0],
        required=True,
        format_func=PART_WORDS.__getitem__,
        key="failures by",
    )
    return chosen


def failures_chart(rows: Sequence[Row], by: str, window: Window) -> None:
    if not rows:
        st.caption("No failure in this period.")
        return
    parts, order = largest_parts(
        ((row["day"], row["part"], row["count"]) for row in rows), UNNAMED[by]
    )
    frame, name = stack_frame(parts, order), f"Failures per day by {by}"
    colours = colours_of(order)
    draw(name, stack, frame, window, colours, noun="Sessions", counted_as=PART_WORDS[by])
    offer(rows, "failures per day")
    st.caption("A session may fail in several ways, and count once for each (RFC 8460 §4).")


def causes(found: Tls) -> None:
    """What failed in plain words, each with its remedy, the largest first."""
    rows = by_cause(found.failures)
    st.header("Failures and their fixes")
    if not rows:
        failed = sum(row["failed"] for row in found.policies)
        unexplained = f"{amount(failed, 'session')} failed; no report gives the reason."
        st.caption(unexplained if failed else "No session failed.")
        return
    modes = {(row["domain"], row["policy_type"]): row["mode"] for row in found.policies}
    latest = {(row["domain"], row["policy_type"]): row["last_day"] for row in found.policies}
    for cause in rows[:MOST_CAUSES]:
        with st.container(border=True):
            st.markdown(f"**{cause['meaning']}** {_about(cause)}")
            if over := _over(cause, latest):
                say((over, Certainty.OBSERVED))
            say((cause["remedy"], Certainty.INFERRED))
            st.caption(f"{words.cause_words(cause)} {_when(cause)} {_weight(cause, modes)}")
    if len(rows) > MOST_CAUSES:
        st.caption(f"The {MOST_CAUSES} largest of {len(rows):,}; the table below has all.")


def _about(cause: Row) -> str:
    domain = words.brief(cause["domain"]) if cause["domain"] else "An unnamed domain"
    known = f", {words.brief(cause['result_type'])}" if cause["result_type"] else ""
    name = _name(cause["policy_type"], policy_type_words(cause["policy_type"]))
    return f"{domain}, {name}{known}"


def _when(cause: Row) -> str:
    return f"{span(cause['first_day'], cause['last_day'])}."


def _over(cause: Row, latest: Mapping[tuple[str | None, str | None], date]) -> str | None:
    """That it may be fixed: later reports do not have it."""
    last = latest.get((cause["domain"], cause["policy_type"]))
    if last is None or (last - cause["last_day"]).days < CLEAN_DAYS:
        return None
    return (
        f"It may be fixed: last seen on {day(cause['last_day'])}, not in reports up to {day(last)}."
    )


def _weight(cause: Row, modes: dict[tuple[str | None, str | None], str | None]) -> str:
    """Whether it stops mail."""
    if not cause["stops_mail"] or cause["policy_type"] not in ("sts", "tlsa"):
        return ""
    mode = modes.get((cause["domain"], "sts"))
    if cause["policy_type"] == "tlsa" or mode == "enforce":
        return "Senders that follow this policy do not deliver such mail."
    # RFC 8461 §5: in testing, mail is delivered and the failure is reported.
    return "In testing mode such mail is still delivered." if mode == "testing" else ""


def failures_table(rows: Sequence[Row]) -> None:
    if not rows:
        return
    st.header("Failures by MX, sender and reporter")
    pager = Pager("page of TLS failures")
    show(words.failure_rows(pager.of(rows)), words.FAILURE_COLUMNS, "Failures")
    pager.show(len(rows), "failure")


def not_known(rows: Sequence[Row]) -> None:
    """What the numbers do not show, a sentence for each kind."""
    notes: list[Sentence] = [(NEVER_ADDED, None)]
    counts = {
        key: sum(row[key] for row in rows) for key in ("unexplained", "overlapping", "unsaid")
    }
    if counts["unexplained"]:
        many = amount(counts["unexplained"], "failed session")
        notes.append((f"Why {many} failed: no report says.", Certainty.NOT_KNOWN))
    if counts["overlapping"]:
        many = amount(counts["overlapping"], "failure")
        notes.append((f"{many} beyond the sums may be the same sessions.", Certainty.NOT_KNOWN))
    if counts["unsaid"]:
        many = amount(counts["unsaid"], "count")
        notes.append((f"{many} missing in reports.", Certainty.NOT_KNOWN))
    notes.append(("Senders without reports may see other failures.", Certainty.NOT_KNOWN))
    listed(notes, "What is not known")
    explain()


def policies_table(rows: Sequence[Row], name: str) -> None:
    pager = Pager(f"page of {name}")
    show(words.policy_rows(pager.of(rows)), words.POLICY_COLUMNS, name)
    pager.show(len(rows), "policy")
