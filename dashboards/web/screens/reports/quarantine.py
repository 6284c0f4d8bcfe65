"""The Quarantine view: what could not be read, why, and the retry."""

import streamlit as st

from dashboards.common.formatting import amount, quoted
from dashboards.web.components import report_text as words
from dashboards.web.components.download import offer_all
from dashboards.web.components.table import Pager, show
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
RESULT = "result of the retry"


def quarantine_view() -> None:
    """Newest first, of all days and domains: those of an unreadable document are unknown."""
    _say_result()
    code = st.session_state.get("quarantine code")
    pager = Pager(f"quarantine {code}")
    rows = pager.ask(lambda most, skip: quarantine(code, most, skip).rows)
    found = quarantine(code, pager.size, pager.skip)
    _sizes(found)
    if not found.codes:
        st.info("**Quarantine is empty:** every document could be read.")
        return
    _choose(found.codes)
    if not rows:
        st.caption("Nothing of this kind is left.")
        return
    total = rows[0]["total"]
    show(words.quarantine_rows(rows, shared()), words.QUARANTINE_COLUMNS, "Quarantine")
    pager.show(total, "quarantined item")
    offer_all(lambda most: quarantine(code, most, 0).rows, "quarantined item", FILE, count=total)
    st.caption("All days and domains. The number opens the document.")
    if viewer().scope.editable is None:
        _retry(found.codes)


def _sizes(found: Quarantine) -> None:
    held, budget = found.held["bytes"], settings().quarantine_budget
    share = min(1.0, held / budget) if budget else 0.0
    with st.container(horizontal=True):
        st.metric(
            "Documents",
            amount(found.held["documents"]),
            "kept; a retry is possible",
            delta_color="off",
            delta_arrow="off",
            border=True,
        )
        st.metric(
            "Size",
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
        placeholder="All",
        format_func=lambda code: f"{words.CODES.get(code, code)} ({counts[code]:,})",
        key="quarantine code",
        width=320,
    )


def _retry(codes: list[Row]) -> None:
    """It writes, so it runs as a button's callback, before the page reads anything."""
    waiting = sum(row["documents"] for row in codes if row["code"] != "dropped")
    if not waiting:
        return
    st.button(
        f"Retry {amount(waiting, 'document')}",
        on_click=_read_again,
        help="After an update of rua, or when the cause is fixed",
    )


def _read_again() -> None:
    try:
        counts = change(read_again, settings().workers)
    except RuaError as error:
        st.session_state[RESULT] = (False, f"**The retry failed:** {quoted(str(error))}")
        return
    retried = f"Retried {amount(counts['tried'], 'document')}: {counts['read']:,} read"
    st.session_state[RESULT] = (True, f"{retried}, {counts['refused']:,} still unreadable.")


def _say_result() -> None:
    """Once, on the page that follows."""
    is_done, text = st.session_state.pop(RESULT, (None, ""))
    if is_done is not None:
        (st.success if is_done else st.warning)(text)
