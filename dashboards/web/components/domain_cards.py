"""A card for each domain: its verdict, the next step and the reason."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from analytics.query.statement import Certainty
from dashboards.common.formatting import policy, quoted
from dashboards.common.verdicts import VERDICTS, next_step
from dashboards.web.components import source_links
from dashboards.web.components.download import offer
from dashboards.web.components.sentences import mark, text
from dashboards.web.components.table import Pager
from dashboards.web.session.query_cache import Row

__all__ = ["badge", "capital", "card_rows", "show"]

MOST_CARDS = 24
NARROWEST = 270  # pixels of a card


def badge(verdict: str) -> str:
    """The verdict as HTML: a word, and a colour beside it."""
    return f'<span class="rua-verdict rua-{verdict}">{VERDICTS[verdict]}</span>'


def capital(reason: str) -> str:
    """A reason as a sentence begins; a tag of a record stays as it is."""
    return reason if reason.startswith("p=") else reason[:1].upper() + reason[1:]


def card_rows(advice: Sequence[Row]) -> list[Row]:
    """One row per domain, the most urgent verdict first, then most mail: domain, verdict, policy,
    reason, next_step, record, next_look, messages. Takes rows of `rua advise`."""
    order = list(VERDICTS)
    ranked = sorted(
        advice, key=lambda row: (order.index(row["verdict"]), -row["window"]["messages"])
    )
    return [
        {
            "domain": row["domain"],
            "verdict": row["verdict"],
            "policy": policy(row["published"]),
            "reason": row["reason"],
            "next_step": next_step(row),
            "record": row["record"],
            "next_look": row["next_look"],
            "messages": row["window"]["messages"],
        }
        for row in ranked
    ]


def show(advice: Sequence[Row]) -> None:
    """The cards of the chosen verdicts, all at first."""
    rows = card_rows(advice)
    counts = Counter(row["verdict"] for row in rows)
    chosen = st.pills(
        "Verdicts",
        [each for each in VERDICTS if counts[each]],
        selection_mode="multi",
        format_func=lambda each: f"{VERDICTS[each]}: {counts[each]:,}",
        key="verdicts",
        label_visibility="collapsed",
    )
    shown = [row for row in rows if not chosen or row["verdict"] in chosen]
    pager = Pager("page of cards", MOST_CARDS)
    grid = st.grid(min_column_width=NARROWEST, border=True, gap="xsmall", key="cards")
    for row in pager.of(shown):
        with grid.cell():
            _card(row)
    pager.show(len(shown), "domain")
    offer(rows, "verdicts")


def _card(row: Row) -> None:
    source_links.of_domain(row["domain"], f"**{quoted(row['domain'])}**")
    st.html(
        f'<p class="rua-say">{badge(row["verdict"])} <span class="rua-small">published:'
        f" {text(row['policy'])}</span></p>"
        f'<p class="rua-say rua-next"><b>Next:</b> {text(row["next_step"])}</p>'
        f'<p class="rua-say">{text(capital(row["reason"]))}. {mark(Certainty.INFERRED)}</p>'
    )
