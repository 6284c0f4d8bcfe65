"""A form that labels a source in place, and one that takes a label back.

What was typed stays until it is written: where the store is busy, it can be sent again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from analytics.sources.classification import CLASSES
from dashboards.common.formatting import day, quoted
from dashboards.web.components.label_write import put_label, take_back
from dashboards.web.session.auth import viewer
from dashboards.web.session.query_cache import Row
from schemas.errors import RuaError, StoreLocked
from schemas.sanitize import cell

__all__ = ["Target", "label_form", "say_outcome", "taking_back"]

MEANINGS = {
    "own": "own: it sends for this domain, and passes",
    "broken": "broken: it sends for this domain; what fails is to be fixed",
    "forwarder": "forwarder: it passes mail on",
    "list": "list: a mailing list",
    "spoof": "spoof: somebody else uses the name",
    "undecided": "undecided: not known, whatever the rules say",
}
OUTCOME = "what became of a label"
TRIES = "labels written in this session"
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Target:
    """What can be labelled: `match` for a policy domain, in words `said`, alike for no two."""

    domain: str
    match: str
    said: str


def say_outcome() -> None:
    """Once, above everything: that the last label was written."""
    said = st.session_state.pop(OUTCOME, None)
    if said:
        st.success(said)


def label_form(key: str, targets: Sequence[Target]) -> None:
    """Which of the targets, its class and a note; written when it is sent. For who may label it."""
    if not targets:
        return
    targets = [each for each in targets if _may_label(each.domain)]
    if not targets:
        st.caption("Labels are for those with the editor role.")
        return
    turn = f"{key} {st.session_state.get(TRIES, 0)}"  # an empty form after one was written
    with st.form(f"form {turn}"):
        target = st.selectbox("What", targets, format_func=_said, key=f"what {turn}")
        class_ = st.selectbox(
            "Class",
            CLASSES,
            index=None,
            placeholder="Choose a class",
            format_func=MEANINGS.__getitem__,
            key=f"class {turn}",
        )
        note = st.text_input(
            "Note", max_chars=LONGEST_NOTE, key=f"note {turn}", placeholder="Why, for others"
        )
        if not st.form_submit_button("Label it", type="primary"):
            return
    if class_ is None:
        st.warning("Choose a class first.")
        return
    written = f"{quoted(target.match)} for {quoted(target.domain)} is labelled {class_}."
    _write(
        lambda: put_label(target.domain, target.match, class_, note),
        f"{written} Every number follows.",
    )


def _may_label(domain: str) -> bool:
    """What is offered; the write itself is refused to others (`label_write.py`)."""
    scope = viewer().scope
    return scope.editable is None or (domain in scope.editable and scope.sees(domain))


def taking_back(key: str, rows: Sequence[Row]) -> None:
    """The labels of these domains, rows of `labels.labels`, and a way to remove one."""
    if not rows:
        return
    turn = f"{key} {st.session_state.get(TRIES, 0)}"
    with st.form(f"back {turn}"):
        labels = [Target(row["domain"], row["match"], _label(row)) for row in rows]
        label = st.selectbox(
            "Labels of these domains", labels, format_func=_said, key=f"which {turn}"
        )
        if not st.form_submit_button("Take it back"):
            return
    _write(
        lambda: take_back(label.domain, label.match),
        f"{quoted(label.match)} for {quoted(label.domain)} has no label any more.",
    )


def _said(target: Target) -> str:
    return cell(target.said)


def _label(row: Row) -> str:
    note = f": {row['note']}" if row["note"] else ""
    made = f"{row['class']}, {day(row['made_at'])}{note}"
    return f"{row['match']} for {row['domain']} is {made}"


def _write(change: Callable[[], Any], done: str) -> None:
    """Make the change and draw the page anew, or say calmly why not."""
    try:
        with st.spinner("Writing the label …"):
            change()
    except StoreLocked as error:
        st.info(
            f"**The store is busy:** {quoted(error.what)}. Nothing is lost, and what you chose"
            " stands above: send it again in a moment."
        )
        return
    except RuaError as error:
        st.warning("**The label was not written.**")
        st.text(str(error))
        return
    st.session_state[OUTCOME] = done
    st.session_state[TRIES] = st.session_state.get(TRIES, 0) + 1
    st.rerun()
