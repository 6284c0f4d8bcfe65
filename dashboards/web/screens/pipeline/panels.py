"""The parts of the screen on reading. What servers say in problems stands quoted, or in cells."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from analytics.query.window import Window
from dashboards.common.formatting import amount, day, quoted, table_cell
from dashboards.common.palette import Colour
from dashboards.web.components.bar_charts import points, said_day, stack, stack_frame
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

_text, _number = st.column_config.TextColumn, st.column_config.NumberColumn


def _moment(label: str) -> Any:
    # The frames hold times without a zone, which a browser leaves as they are.
    return st.column_config.DatetimeColumn(
        f"{label} (UTC)", format="D MMM YYYY, HH:mm:ss", width=170
    )


SOURCE_COLUMNS: Row = {
    "source": _text("Source", width=200),
    "state": _text("State", width=200),
    "last_started_at": _moment("Last run"),
    "last_good_at": _moment("Last good end"),
    "runs": _number("Runs", format="localized", width=70),
    "messages": _number("Mails, last run", format="localized", width=115),
    "put_off": _number(
        "Put off",
        format="localized",
        width=75,
        help="Mails left in the mailbox: quarantine is full",
    ),
    "problem": _text("Problem", width=420),
}
RUN_COLUMNS: Row = {
    "run_id": _number("Run", width=60),
    "source": _text("Source", width=170),
    "started_at": _moment("Began"),
    "seconds": _number("Seconds", format="%.1f", width=80),
    "speed": _number("Mails a second", format="%.0f", width=115),
    "messages": _number("Mails", format="localized", width=75),
    "documents": _number("Documents", format="localized", width=90),
    "stored": _number("Stored", format="localized", width=75),
    "duplicate": _number("Duplicates", format="localized", width=90),
    "conflict": _number("Conflicts", format="localized", width=85),
    "refused": _number("Refused", format="localized", width=80),
    "ignored": _number("Ignored", format="localized", width=75, help="They hold no report"),
    "records": _number("Records", format="localized", width=85),
    "put_off": _number("Put off", format="localized", width=75),
    "problem": _text("Problem", width=420),
}


def no_runs(found: Pipeline) -> bool:
    """Whether nothing was ever read, as far as this login may know."""
    if found.sources:
        return False
    st.info(
        "**No run is known.** They begin with `rua ingest`. A login for some domains alone does not"
        " see them: runs are about the whole store."
    )
    return True


def numbers(found: Pipeline, window: Window) -> None:
    """The window's runs in five numbers."""
    last = max(row["last_started_at"] for row in found.sources)
    total = {
        key: sum(row[key] for row in found.days)
        for key in ("runs", "problems", "messages", "stored", "timed_messages", "seconds")
    }
    with st.container(horizontal=True):
        _metric("Last run began", f"{last:%H:%M}", f"{day(last.date())}, UTC")
        _metric("Runs", amount(total["runs"]), f"{total['problems']:,} with a problem")
        _metric("Mails read", amount(total["messages"]), f"{total['stored']:,} documents stored")
        _metric("Speed", *_speed(total))
        budget = settings().quarantine_budget
        share = found.held["bytes"] / budget if budget else 0
        _metric("Quarantine", size_words(found.held["bytes"]), f"{share:.0%} of its room")
    if not found.days:
        st.info("**No run began on these days.**")
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
        return "–", "too little read to tell"
    return f"{total['timed_messages'] / total['seconds']:,.0f}", "mails a second, with waiting"


def problems(rows: Sequence[Row]) -> None:
    """What went wrong, that which goes on first."""
    for row in [each for each in rows if not each["is_over"]][:MOST_PROBLEMS]:
        st.warning(
            f"**{quoted(row['source'])}:** {quoted(row['problem'])} {_often(row)}, and no run of it"
            " has ended well since."
        )
    over = [each for each in rows if each["is_over"]]
    if over:
        with st.expander(f"{amount(len(over), 'problem')} that passed"):
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
    st.header("Sources")
    key = "sources page"
    listed = [
        row
        | {
            "source": table_cell(row["source"]),
            "state": _state(row),
            "problem": table_cell(row["problem"]),
        }
        for row in page_of(rows, key)
    ]
    frame = pd.DataFrame(listed, columns=list(SOURCE_COLUMNS))
    show(frame, SOURCE_COLUMNS, "Sources")
    pages(len(rows), key)


def _state(row: Row) -> str:
    if row["problem"]:
        return "has a problem"
    return "goes on, or was cut off" if row["is_open"] else "ended well"


def read_chart(days: Sequence[Row], window: Window) -> None:
    """What became of the documents of each day."""
    parts = [(row["day"], key, row[key]) for row in days for key in OUTCOMES]
    frame = stack_frame(parts, list(OUTCOMES))
    if frame.empty:
        st.caption("No document was read on these days.")
        return
    colours = {key: colour.value for key, colour in OUTCOMES.items()}
    if st.context.theme.type == "dark":
        colours["stored"] = Colour.SKY.value
    name = "Documents read per day: stored, duplicate, conflict, refused"
    said = {"noun": "Documents", "counted_as": "Documents that were"}
    draw(name, stack, frame, window, colours, **said)
    offer(days, "Documents read per day")
    st.caption("Duplicates and conflicts count in nothing; refused ones are in quarantine.")


def speed_chart(days: Sequence[Row], window: Window) -> None:
    """Mails a second, of days on which there was something to read."""
    timed = [row for row in days if row["seconds"] >= FEW_SECONDS and row["timed_messages"]]
    if not timed:
        st.caption("Too little was read on these days to tell a speed.")
        return
    records = [
        said_day(row["day"])
        | {
            "value": row["timed_messages"] / row["seconds"],
            "said": f"{row['timed_messages']:,} mails in {row['seconds']:,.0f} s",
        }
        for row in timed
    ]
    is_dark = st.context.theme.type == "dark"
    colour = (Colour.SKY if is_dark else Colour.BLUE).value
    frame = pd.DataFrame(records)
    draw("Mails read per second, by day", points, frame, window, colour, title="Mails a second")
    offer([{"day": row["day"], "mails_a_second": row["value"]} for row in records], "Speed")
    st.caption("Mails a second of all runs of a day, with the time they waited for servers.")


def backlog(found: Pipeline) -> None:
    """What waits, and what nobody can know."""
    st.header("Backlog")
    st.markdown("\n".join(f"- {line}" for line in _waits(found)))
    st.caption(
        "How many mails lie unread in a mailbox is not known until a run asks the server for them."
    )
    link("reports", "Quarantine, with reasons", view="quarantine")


def _waits(found: Pipeline) -> Iterator[str]:
    waits = found.backlog
    put_off = sum(row["put_off"] for row in found.sources)
    if put_off:
        yield f"**{amount(put_off, 'mail')} put off** by the latest runs: quarantine is full"
    yield (
        f"{amount(waits['refused_documents'], 'document')} and"
        f" {amount(waits['refused_records'], 'record')} in quarantine;"
        f" {amount(waits['conflicts'], 'conflict')}"
    )
    unasked = f"{waits['unasked_addresses']:,} of {waits['addresses']:,} addresses"
    if settings().dns.offline:
        yield f"Host names: nobody asks reverse DNS of {unasked}, as the settings say (offline)"
    else:
        yield f"Host names: {unasked} wait for reverse DNS"
    if found.waiting:
        mails = sum(row["mails"] for row in found.waiting)
        last = found.waiting[-1]
        yield (
            f"Mails lay {_hours(last['median_hours'])} (median) until they were stored, the slowest"
            f" twentieth {_hours(last['most_hours'])} or more: those stored on"
            f" {day(last['day'])}; {amount(mails, 'mail')} in these days"
        )


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} days"


def run_list(window: Window) -> None:
    """Every run of the days, page by page."""
    st.header("Runs")
    key = f"runs {window.first} {window.last}"
    rows = runs(window, PAGE, skipped(key))
    if not rows and skipped(key):
        st.session_state[key] = 1  # there are fewer than there were
        rows = runs(window, PAGE)
    if not rows:
        st.caption("No run began on these days.")
        return
    total = rows[0]["total"]
    frame = pd.DataFrame([_run(row) for row in rows], columns=list(RUN_COLUMNS))
    show(frame, RUN_COLUMNS, "Runs")
    pages(total, key)
    save_all(total, "run", "runs", RUN_FILE, lambda: runs(window, MOST_SAVED))
    st.caption("A run without seconds goes on, or was cut off: nothing of it is lost.")


def _run(row: Row) -> Row:
    is_timed = row["seconds"] is not None and row["seconds"] >= FEW_SECONDS
    return row | {
        "source": table_cell(row["source"]),
        "speed": row["messages"] / row["seconds"] if is_timed else None,
        "problem": table_cell(row["problem"]),
    }
