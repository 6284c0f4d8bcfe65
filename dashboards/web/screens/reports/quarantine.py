"""The view of what could not be read: why, how much of it, and reading it again."""

import streamlit as st

from dashboards.common.formatting import amount, quoted
from dashboards.web.components import report_text as words
from dashboards.web.components.lists import MOST_SAVED, PAGE, pages, save_all, show, skipped
from dashboards.web.screens.reports.data import Quarantine, quarantine
from dashboards.web.screens.reports.retry import read_again
from dashboards.web.session.auth import viewer
from dashboards.web.session.filters import shared
from dashboards.web.session.query_cache import Row, change, settings
from schemas.config.sizes import size_words
from schemas.errors import RuaError

__all__ = ["quarantine_view"]

FILE = (
    *("id", "status", "ordinal", "code", "reason", "kind", "size", "path", "source", "key"),
    *("message_id", "from_address", "stored_at"),
)
RESULT = "what reading again came to"


def quarantine_view() -> None:
    """Page by page, newest first, whatever days and domain are chosen: of what cannot be read
    nobody knows either."""
    _say_result()
    code = st.session_state.get("quarantine code")
    key = f"quarantine {code}"
    found = quarantine(code, PAGE, skipped(key))
    if not found.rows and skipped(key):
        st.session_state[key] = 1  # there are fewer than there were
        found = quarantine(code, PAGE)
    _sizes(found)
    if not found.codes:
        st.info("**Nothing is in quarantine:** every document could be read.")
        return
    _choose(found.codes)
    if not found.rows:
        st.caption("Nothing of this kind is left.")
        return
    total = found.rows[0]["total"]
    show(words.quarantine_frame(found.rows, shared()), words.QUARANTINE_COLUMNS, "Quarantine")
    pages(total, key)
    save_all(total, "line", "quarantine", FILE, lambda: quarantine(code, MOST_SAVED).rows)
    st.caption(
        "Of all days and domains: what a document that cannot be read is about, nobody knows."
        " The number opens it. Conflicts stand in a view of their own."
    )
    if viewer().scope.editable is None:
        _retry(found.codes)


def _sizes(found: Quarantine) -> None:
    held, budget = found.held["bytes"], settings().quarantine_budget
    share = min(1.0, held / budget) if budget else 0.0
    with st.container(horizontal=True):
        st.metric(
            "Documents",
            amount(found.held["documents"]),
            "kept, and can be tried again",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
        st.metric(
            "Room taken",
            size_words(held),
            f"{share:.0%} of {size_words(budget)}",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )


def _choose(codes: list[Row]) -> None:
    counts = {row["code"]: row["things"] for row in codes}
    st.selectbox(
        "What is wrong",
        list(counts),
        index=None,
        placeholder="Anything",
        format_func=lambda code: f"{words.CODES.get(code, code)} ({counts[code]:,})",
        key="quarantine code",
        width=320,
    )


def _retry(codes: list[Row]) -> None:
    """Writes; so it runs as a button's callback, before anything of the page is read."""
    waiting = sum(row["documents"] for row in codes if row["code"] != "dropped")
    if not waiting:
        return
    st.button(
        f"Read {amount(waiting, 'document')} again",
        on_click=_read_again,
        help="After an update of rua, or when the reason has passed; nothing is lost by it",
    )


def _read_again() -> None:
    try:
        counts = change(read_again, settings().workers)
    except RuaError as error:
        st.session_state[RESULT] = (False, f"**Nothing was read again:** {quoted(str(error))}")
        return
    words_ = f"{amount(counts['tried'], 'document')} tried: {counts['read']:,} can be read now"
    st.session_state[RESULT] = (True, f"{words_}, {counts['refused']:,} cannot.")


def _say_result() -> None:
    """Once, on the page that follows."""
    is_done, text = st.session_state.pop(RESULT, (None, ""))
    if is_done is not None:
        (st.success if is_done else st.warning)(text)
