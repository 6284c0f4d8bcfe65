"""A tile for each domain: its verdict, why, and the next step. A page of them at a time."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from analytics.query.statement import Certainty
from dashboards.common.formatting import policy, quoted
from dashboards.common.verdicts import VERDICTS, next_step
from dashboards.web.components import source_links
from dashboards.web.components.downloads import offer
from dashboards.web.components.sentences import mark, text
from dashboards.web.session.query_cache import Row

__all__ = ["badge", "capital", "show", "tile_rows"]

MOST_TILES = 24
NARROWEST = 270  # pixels of a tile


def badge(verdict: str) -> str:
    """The verdict as HTML: a word, and a colour beside it."""
    return f'<span class="rua-verdict rua-{verdict}">{VERDICTS[verdict]}</span>'


def capital(reason: str) -> str:
    """A reason as a sentence begins; a tag of a record stays as it is."""
    return reason if reason.startswith("p=") else reason[:1].upper() + reason[1:]


def tile_rows(advice: Sequence[Row]) -> list[Row]:
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


def show(advice: Sequence[Row], panel: str) -> None:
    """The tiles of the verdicts that are chosen, which are all at first."""
    rows = tile_rows(advice)
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
    pages = max(1, -(-len(shown) // MOST_TILES))
    page = st.session_state.get("page of tiles", 1)
    start = (min(page, pages) - 1) * MOST_TILES
    grid = st.grid(min_column_width=NARROWEST, border=True, gap="xsmall", key="tiles")
    for row in shown[start : start + MOST_TILES]:
        with grid.cell():
            _tile(row)
    with st.container(horizontal=True, vertical_alignment="center"):
        if pages > 1:
            st.pagination(pages, key="page of tiles")
        offer(rows, panel)


def _tile(row: Row) -> None:
    source_links.of_domain(row["domain"], f"**{quoted(row['domain'])}**")
    st.html(
        f'<p class="rua-say">{badge(row["verdict"])} <span class="rua-small">published:'
        f" {text(row['policy'])}</span></p>"
        f'<p class="rua-say">{text(capital(row["reason"]))}. {mark(Certainty.INFERRED)}</p>'
        f'<p class="rua-say rua-next"><b>Next:</b> {text(row["next_step"])}</p>'
    )
