"""The parts of the Pipeline screen. Text from servers is quoted, or in table cells."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from analytics.query.window import Window
from dashboards.common.formatting import amount, day, percent, quoted
from dashboards.common.palette import Colour
from dashboards.web.components import theme
from dashboards.web.components.bar_charts import day_columns, points, stack, stack_frame
from dashboards.web.components.download import offer, offer_all
from dashboards.web.components.render_chart import draw
from dashboards.web.components.table import (
    Columns,
    Pager,
    count,
    key_of,
    moment,
    number,
    show,
    text,
)
from dashboards.web.screens.pipeline.data import Pipeline, runs
from dashboards.web.session.filters import look_back_from
from dashboards.web.session.navigation import link
from dashboards.web.session.query_cache import Row, settings
from schemas.config.sizes import size_words

__all__ = [
    "backlog",
    "no_runs",
    "numbers",
    "problems",
    "read_chart",
    "run_list",
    "sources",
    "speed_chart",
]

MOST_PROBLEMS = 5
FEW_SECONDS = 1.0  # below, starting takes longer than reading
OUTCOMES = {
    "stored": Colour.BLUE,
    "duplicate": Colour.GREY,
    "conflict": Colour.PURPLE,
    "refused": Colour.VERMILION,
}
RUN_FILE = (
    *("run_id", "source", "started_at", "finished_at", "seconds", "messages", "documents"),
    *("stored", "duplicate", "conflict", "refused", "ignored", "records", "put_off", "problem"),
)

SOURCE_COLUMNS: Columns = {
    "source": text("Mailbox or folder", 200),
    "state": text("State", 200),
    "last_started_at": moment("Last run", seconds=True),
    "last_good_at": moment("Last success", seconds=True),
    "runs": count("Runs", 70),
    "messages": count("Mails, last run", 115),
    "put_off": count("Deferred", 80, help="Mails left in the mailbox: quarantine is full"),
    "problem": text("Problem", 420),
}
RUN_COLUMNS: Columns = {
    "run_id": number("Run", width=60),
    "source": text("Mailbox or folder", 170),
    "started_at": moment("Started", seconds=True),
    "seconds": number("Seconds", format="%.1f", width=80),
    "speed": number("Mails per second", format="%.0f", width=115),
    "messages": count("Mails", 75),
    "documents": count("Documents", 90),
    "stored": count("Stored", 75),
    "duplicate": count("Duplicates", 90),
    "conflict": count("Conflicts", 85),
    "refused": count("Refused", 80),
    "ignored": count("Ignored", 75, help="Mails without a report"),
    "records": count("Records", 85),
    "put_off": count("Deferred", 80),
    "problem": text("Problem", 420),
}


def no_runs(found: Pipeline) -> bool:
    """Whether there was no run, as far as this login shows."""
    if found.sources:
        return False
    st.info("**No runs.** `rua ingest` starts one. A login for some domains does not show runs.")
    return True


def numbers(found: Pipeline, window: Window) -> None:
    """The window's runs in five numbers."""
    last = max(row["last_started_at"] for row in found.sources)
    total = {
        key: sum(row[key] for row in found.days)
        for key in ("runs", "problems", "messages", "stored", "timed_messages", "seconds")
    }
    with st.container(horizontal=True):
        _metric("Last run started", f"{last:%H:%M}", f"{day(last.date())}, UTC")
        _metric("Runs", amount(total["runs"]), f"{total['problems']:,} with problems")
        _metric("Mails read", amount(total["messages"]), f"{total['stored']:,} documents stored")
        _metric("Speed", *_speed(total))
        budget = settings().quarantine_budget
        share = found.held["bytes"] / budget if budget else 0
        _metric(
            "Quarantine",
            size_words(found.held["bytes"]),
            f"{percent(share)} of {size_words(budget)}",
        )
    if not found.days:
        st.info("**No run in this period.**")
        if not window.first <= last.date() <= window.last:
            st.button(
                f"Show the days up to {day(last.date())}",
                on_click=look_back_from,
                args=(last.date(),),
                type="primary",
            )


def _metric(label: str, value: str, below: str) -> None:
    st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True)


def _speed(total: Row) -> tuple[str, str]:
    if total["seconds"] < FEW_SECONDS or not total["timed_messages"]:
        return "–", "too few mails for a rate"
    return f"{total['timed_messages'] / total['seconds']:,.0f}", "mails per second, waits included"


def problems(rows: Sequence[Row]) -> None:
    """What went wrong, open problems first."""
    for row in [each for each in rows if not each["is_over"]][:MOST_PROBLEMS]:
        st.warning(
            f"**{quoted(row['source'])}:** {quoted(row['problem'])} {_often(row)}. No run has"
            " succeeded since."
        )
    over = [each for each in rows if each["is_over"]]
    if over:
        with st.expander(f"{amount(len(over), 'past problem')}"):
            for row in over[: 4 * MOST_PROBLEMS]:
                st.markdown(f"- {quoted(row['source'])}: {quoted(row['problem'])} {_often(row)}.")


def _often(row: Row) -> str:
    first, last = _at(row["first_at"]), _at(row["last_at"])
    if row["runs"] == 1:
        return f"(on {last})"
    return f"({row['runs']:,} times, {first} to {last})"


def _at(value: datetime) -> str:
    return f"{day(value.date())} {value:%H:%M} UTC"


def sources(rows: Sequence[Row]) -> None:
    st.header("Mailboxes and folders")
    pager = Pager("page of mailboxes")
    shown = [row | {"state": _state(row)} for row in pager.of(rows)]
    show(shown, SOURCE_COLUMNS, "Mailboxes and folders")
    pager.show(len(rows), "mailbox")


def _state(row: Row) -> str:
    if row["problem"]:
        return "problem"
    return "running or interrupted" if row["is_open"] else "succeeded"


def read_chart(days: Sequence[Row], window: Window) -> None:
    """What became of the documents of each day."""
    parts = [(row["day"], key, row[key]) for row in days for key in OUTCOMES]
    frame = stack_frame(parts, list(OUTCOMES))
    if frame.empty:
        st.caption("No document was read in this period.")
        return
    colours = {key: colour.value for key, colour in OUTCOMES.items()}
    colours["stored"] = theme.blue()
    name = "Documents read per day: stored, duplicate, conflict, refused"
    draw(name, stack, frame, window, colours, noun="Documents", counted_as="Outcome")
    offer(days, "documents read per day")
    st.caption("Duplicates and conflicts count nowhere; refused documents are in quarantine.")


def speed_chart(days: Sequence[Row], window: Window) -> None:
    """Mails per second, on days with enough to read."""
    timed = [row for row in days if row["seconds"] >= FEW_SECONDS and row["timed_messages"]]
    if not timed:
        st.caption("Too few mails in this period for a rate.")
        return
    records = [
        day_columns(row["day"])
        | {
            "value": row["timed_messages"] / row["seconds"],
            "words": f"{row['timed_messages']:,} mails in {row['seconds']:,.0f} s",
        }
        for row in timed
    ]
    frame, name = pd.DataFrame(records), "Mails read per second, by day"
    draw(name, points, frame, window, theme.blue(), title="Mails per second")
    offer([{"day": row["day"], "mails_a_second": row["value"]} for row in records], "speed")
    st.caption("Mails per second of all runs of a day, waits for servers included.")


def backlog(found: Pipeline) -> None:
    """What waits to be read."""
    st.header("Backlog")
    st.markdown("\n".join(f"- {line}" for line in _waits(found)))
    st.caption("The number of unread mails in a mailbox is unknown until a run asks the server.")
    link("reports", "Quarantine, with reasons", view="quarantine")


def _waits(found: Pipeline) -> Iterator[str]:
    waits = found.backlog
    deferred = sum(row["put_off"] for row in found.sources)
    if deferred:
        yield f"**{amount(deferred, 'mail')} deferred** by the latest runs: quarantine is full"
    yield (
        f"{amount(waits['refused_documents'], 'document')} and"
        f" {amount(waits['refused_records'], 'record')} in quarantine;"
        f" {amount(waits['conflicts'], 'conflict')}"
    )
    unasked = f"{waits['unasked_addresses']:,} of {waits['addresses']:,} addresses"
    if settings().dns.offline:
        yield f"Host names: no reverse DNS for {unasked}, since the settings say offline"
    else:
        yield f"Host names: {unasked} await reverse DNS"
    if found.waiting:
        mails = sum(row["mails"] for row in found.waiting)
        last = found.waiting[-1]
        yield (
            f"Delay before import: {_hours(last['median_hours'])} (median), 95th percentile"
            f" {_hours(last['most_hours'])}, on {day(last['day'])}; {amount(mails, 'mail')} in this"
            " period"
        )


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} days"


def run_list(window: Window) -> None:
    """Every run of the period, page by page."""
    st.header("Runs")
    pager = Pager(key_of("runs", window))
    rows = pager.ask(lambda most, skip: runs(window, most, skip))
    if not rows:
        st.caption("No run in this period.")
        return
    total = rows[0]["total"]
    show([_run(row) for row in rows], RUN_COLUMNS, "Runs")
    pager.show(total, "run")
    offer_all(lambda most: runs(window, most), "run", RUN_FILE, count=total)
    st.caption("A run without seconds is running or was interrupted; no mail is lost.")


def _run(row: Row) -> Row:
    is_timed = row["seconds"] is not None and row["seconds"] >= FEW_SECONDS
    return row | {"speed": row["messages"] / row["seconds"] if is_timed else None}
