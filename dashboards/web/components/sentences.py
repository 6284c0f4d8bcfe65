"""Sentences as HTML. What is inferred or not known is marked; what is observed needs no mark.

Text from reports stands in them, so everything is escaped here, and Markdown is not used: it would
make links of names even where they are escaped.
"""

import html
from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from analytics.query.statement import Certainty
from schemas.sanitize import cell

__all__ = ["MEANING", "Sentence", "explain", "listed", "mark", "record", "say", "text"]

Sentence = tuple[str, Certainty | None]  # plain text; None where it asserts nothing

MEANING = {
    Certainty.INFERRED: "follows from reports by rules",
    Certainty.NOT_KNOWN: "reports do not show it",
}


def text(value: Any) -> str:
    """Any text as one line of HTML text."""
    return html.escape(cell(value))


def mark(certainty: Certainty | str) -> str:
    """A quiet badge; empty for what is observed."""
    sure = Certainty(certainty)
    if sure not in MEANING:
        return ""
    name = sure.value.replace(" ", "-")
    return f'<span class="rua-mark rua-{name}" title="{MEANING[sure]}">{sure.value}</span>'


def _html(sentence: Sentence) -> str:
    words, certainty = sentence
    return text(words) + (f" {mark(certainty)}" if certainty else "")


def say(*sentences: Sentence) -> None:
    """Some sentences in one paragraph."""
    st.html(f'<p class="rua-say">{" ".join(map(_html, sentences))}</p>')


def listed(sentences: Iterable[Sentence], name: str) -> None:
    """Sentences as a list, whose accessible name is `name`."""
    items: Sequence[str] = [f"<li>{_html(each)}</li>" for each in sentences]
    if items:
        st.html(f'<ul class="rua-list" aria-label="{text(name)}">{"".join(items)}</ul>')


def record(line: str) -> None:
    """A DNS record to copy: a click or a tap selects all of it.

    Streamlit's own block of code brings a highlighter of 1.5 MB, a fifth of a screen's work in the
    browser.
    """
    st.html(f'<pre class="rua-copy" title="One click selects all of it">{text(line)}</pre>')


def explain() -> None:
    """What the marks mean, once on a screen."""
    meanings = ", ".join(f"{mark(sure)} {html.escape(why)}" for sure, why in MEANING.items())
    st.html(f'<p class="rua-say rua-small">{meanings}.</p>')
