"""Lists of decisions and of changes, each item one click from its evidence."""

from collections.abc import Sequence

import streamlit as st

from analytics.advice.action_items import Decision
from dashboards.common.formatting import amount, quoted
from dashboards.web.components import source_links
from dashboards.web.components.domain_cards import capital
from dashboards.web.components.download import offer
from dashboards.web.components.sentences import mark, text
from dashboards.web.components.table import Pager
from dashboards.web.session.query_cache import Row

__all__ = ["action_rows", "show_actions", "show_changes"]

MOST_ACTIONS, MOST_CHANGES = 8, 10


def action_rows(decisions: Sequence[Row]) -> list[Row]:
    """One row per (domain, kind): its largest item, with `more`, the number of the others.

    Takes rows of `advice.action_items`; a domain has one kind of decision, and so one next step.
    """
    found: dict[tuple[str, str], Row] = {}
    for row in decisions:
        first = found.setdefault((row["domain"], row["kind"]), row | {"more": -1})
        first["more"] += 1
    return list(found.values())


def show_actions(decisions: Sequence[Row], advice: Sequence[Row]) -> None:
    """The decisions, each under the reason of its domain's verdict."""
    reasons = {row["domain"]: row["reason"] for row in advice}
    rows = [row | {"reason": reasons[row["domain"]]} for row in action_rows(decisions)]
    if not rows:
        st.html('<p class="rua-say">Nothing to decide.</p>')
    pager = Pager("page of decisions", MOST_ACTIONS)
    for row in pager.of(rows):
        with st.container(gap="xxsmall"):
            _action(row)
    pager.show(len(rows), "decision")
    offer(decisions, "decisions")


def _action(row: Row) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(f'<span class="rua-kind">{text(row["kind"])}</span>', width="content")
        source_links.of_domain(row["domain"], f"**{quoted(row['domain'])}**")
        if row["source"] is not None:
            source_links.of_source(row["domain"], row["source"], "its mail", _class(row))
    st.html(f'<p class="rua-say">{text(capital(row["reason"]))}. {mark(row["certainty"])}</p>')
    more = f" And {amount(row['more'], 'source')} more." if row["more"] else ""
    what = "" if row["source"] is None else f"{text(row['what'])}{text(more)} "
    record = f' <code class="rua-record">{text(row["record"])}</code>' if row["record"] else ""
    st.html(f'<p class="rua-say rua-small">{what}<b>Do:</b> {text(row["todo"])}{record}</p>')


def _class(row: Row) -> str | None:
    return "undecided" if row["kind"] == Decision.DECIDE else None


def show_changes(changes: Sequence[Row]) -> None:
    if not changes:
        st.html('<p class="rua-say">Nothing changed beyond chance.</p>')
    pager = Pager("page of changes", MOST_CHANGES)
    for row in pager.of(changes):
        with st.container(gap="xxsmall"):
            _change(row)
    pager.show(len(changes), "change")
    offer([{key: row[key] for key in row if key != "link"} for row in changes], "changes")


def _change(row: Row) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(f'<span class="rua-kind">{text(row["kind"])}</span>', width="content")
        if row["domain"] is None:
            source_links.of_feed("reports received")
        else:
            source_links.of_change(row["link"], f"**{quoted(row['domain'])}**")
    st.html(f'<p class="rua-say">{text(row["text"])} {mark(row["certainty"])}</p>')
