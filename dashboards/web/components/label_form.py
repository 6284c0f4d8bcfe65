"""A form that labels a source, and one that removes a label.

The form keeps its entries until they are written: where the store is busy, it can be sent again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from analytics.sources.classes import CLASSES
from dashboards.common.formatting import day, quoted
from dashboards.web.components.label_write import put_label, remove_label
from dashboards.web.session.auth import viewer
from dashboards.web.session.query_cache import Row
from schemas.errors import RuaError, StoreLocked
from schemas.sanitize import cell

__all__ = ["Target", "label_form", "removal_form", "say_outcome"]

MEANINGS = {
    "own": "own: sends for this domain and passes",
    "broken": "broken: sends for this domain and fails",
    "forwarder": "forwarder: passes mail on",
    "list": "list: a mailing list",
    "spoof": "spoof: somebody else uses the domain",
    "undecided": "undecided: overrides the rules",
}
OUTCOME = "result of the last label"
TRIES = "labels written in this session"
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Target:
    """What can be labelled: `match` for a policy domain; no two have the same `text`."""

    domain: str
    match: str
    text: str


def say_outcome() -> None:
    """Above everything, once: that the last label was written."""
    if outcome := st.session_state.pop(OUTCOME, None):
        st.success(outcome)


def label_form(key: str, targets: Sequence[Target]) -> None:
    """Choose a target, its class and a note. Viewers without the editor role see no form."""
    if not targets:
        return
    targets = [each for each in targets if _may_label(each.domain)]
    if not targets:
        st.caption("Only editors can label.")
        return
    turn = f"{key} {st.session_state.get(TRIES, 0)}"  # an empty form after one was written
    with st.form(f"form {turn}"):
        target = st.selectbox("What", targets, format_func=_text, key=f"what {turn}")
        class_ = st.selectbox(
            "Class",
            CLASSES,
            index=None,
            placeholder="Choose a class",
            format_func=MEANINGS.__getitem__,
            key=f"class {turn}",
        )
        note = st.text_input(
            "Note", max_chars=LONGEST_NOTE, key=f"note {turn}", placeholder="Reason, for colleagues"
        )
        if not st.form_submit_button("Label", type="primary"):
            return
    if class_ is None:
        st.warning("Choose a class first.")
        return
    written = f"{quoted(target.match)} for {quoted(target.domain)} is labelled {class_}."
    _write(
        lambda: put_label(target.domain, target.match, class_, note),
        f"{written} All numbers follow it.",
    )


def _may_label(domain: str) -> bool:
    """Whether to offer it; the write itself checks again (`label_write.py`)."""
    scope = viewer().scope
    return scope.editable is None or (domain in scope.editable and scope.sees(domain))


def removal_form(key: str, rows: Sequence[Row]) -> None:
    """Choose one of the labels, rows of `labels.labels`, and remove it."""
    if not rows:
        return
    turn = f"{key} {st.session_state.get(TRIES, 0)}"
    with st.form(f"back {turn}"):
        labels = [Target(row["domain"], row["match"], _label(row)) for row in rows]
        label = st.selectbox(
            "Labels of these domains", labels, format_func=_text, key=f"which {turn}"
        )
        if not st.form_submit_button("Remove label"):
            return
    _write(
        lambda: remove_label(label.domain, label.match),
        f"Removed the label on {quoted(label.match)} for {quoted(label.domain)}.",
    )


def _text(target: Target) -> str:
    return cell(target.text)


def _label(row: Row) -> str:
    note = f": {row['note']}" if row["note"] else ""
    made = f"{row['class']}, {day(row['made_at'])}{note}"
    return f"{row['match']} for {row['domain']} is {made}"


def _write(change: Callable[[], Any], done: str) -> None:
    """Make the change and draw the page again, or say why not."""
    try:
        with st.spinner("Writing the label …"):
            change()
    except StoreLocked as error:
        st.info(
            f"**The store is busy:** {quoted(error.what)}. Your entries are kept: send again in a"
            " moment."
        )
        return
    except RuaError as error:
        st.warning("**The label was not written.**")
        st.text(str(error))
        return
    st.session_state[OUTCOME] = done
    st.session_state[TRIES] = st.session_state.get(TRIES, 0) + 1
    st.rerun()
