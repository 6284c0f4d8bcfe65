"""What every screen says when there is nothing to show or something fails, and what to do next.

Text from reports and paths are `quoted`.
"""

import contextlib
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

import streamlit as st

from analytics.query.window import Window
from dashboards.common.formatting import amount, day, quoted
from dashboards.web.session.filters import look_back_from
from dashboards.web.session.query_cache import Row, is_behind, settings, shown_copy
from schemas.errors import AccessDenied, RuaError, StoreLocked
from schemas.store.store import Copied

__all__ = ["CREDIT", "no_mail", "no_reports", "no_store", "problems_shown", "say_behind"]

FOLLOW_SECONDS = 2.0
CREDIT = "IP address data by [IPinfo](https://ipinfo.io), CC BY-SA 4.0."


@contextlib.contextmanager
def problems_shown() -> Iterator[None]:
    """Says what is wrong with the store or the settings, and ends the screen there."""
    try:
        yield
    except RuaError as error:
        _say_problem(error)
        st.stop()


def _say_problem(error: RuaError) -> None:
    if isinstance(error, StoreLocked):
        st.info(f"**The store is busy:** {quoted(error.what)}. Try again in a moment.")
        st.button("Try again", type="primary")
        return
    if isinstance(error, AccessDenied):
        st.info(f"**You have no access:** {quoted(str(error))}.")
        return
    st.warning("**The dashboard cannot read the store.**")
    st.text(str(error))


def say_behind() -> None:
    """Where the store has changed since: says so, and updates the page once the copy is ready."""
    copied = shown_copy()
    if copied is not None and is_behind():
        _follow(copied)


@st.fragment(run_every=FOLLOW_SECONDS)
def _follow(copied: Copied) -> None:
    now = None
    with contextlib.suppress(RuaError):  # the whole page says what is wrong
        now = shown_copy()
    if now != copied:
        st.rerun()
    is_today = copied.at.date() == datetime.now(UTC).date()
    when = "" if is_today else f"{day(copied.at)}, "
    st.caption(
        f"**As of {when}{copied.at:%H:%M} UTC.** The store has changed; this page updates itself."
    )


def no_store() -> bool:
    """Whether there is no store; then the page says what to run."""
    path = settings().store
    if path.exists():
        return False
    st.info(f"**No store yet** at {quoted(str(path))}. Import reports:")
    st.code(f"rua --store {shlex.quote(str(path))} ingest PATH", language=None)
    st.markdown("PATH is a folder or file of reports. To try it with a demo mailbox:")
    st.code(
        "rua demo --out demo\nrua --config demo/rua.toml ingest demo/mails\n"
        "rua --config demo/rua.toml dashboard",
        language=None,
    )
    return True


def no_reports(feed: Row) -> bool:
    """Whether the store holds no DMARC report. `feed` is a row of `freshness.feed`."""
    if feed["dmarc_reports"]:
        return False
    st.info("**No DMARC reports yet.** Import some, then reload this page:")
    st.code(f"rua --store {shlex.quote(str(settings().store))} ingest PATH", language=None)
    if refused := feed["quarantined"]:
        st.markdown(f"{amount(refused, 'document')} could not be read. See why:")
        st.code("rua quarantine list", language=None)
    return True


def no_mail(feed: Row, reports: int, window: Window) -> bool:
    """Whether no report covers the window, `reports` being their count. Where the feed stopped, the
    page offers its last days."""
    latest, is_empty = feed["last_report_day"], not reports
    if is_empty:
        st.info(f"**No reports in this period.** {_way_out(feed, window)}")
    if feed["state"] == "silent":
        st.button(
            f"Show the days up to {day(latest)}",
            on_click=look_back_from,
            args=(latest,),
            type="primary" if is_empty else "secondary",
        )
    return is_empty


def _way_out(feed: Row, window: Window) -> str:
    latest = feed["last_report_day"]
    if latest is None:
        return f"All reports in the store are later than {day(window.last)}."
    if latest < window.first:
        return "Reports expected? See whether they are imported: `rua status`."
    return "Choose more days or another domain."
