"""What a postmaster sees first: reports received, what fails, what is new, what to do next."""

import streamlit as st

from dashboards.common.formatting import span
from dashboards.web.components import (
    action_list,
    coverage_strip,
    domain_cards,
    sentences,
    theme,
)
from dashboards.web.components.download import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.screens.monday import panels, tables
from dashboards.web.screens.monday.data import monday
from dashboards.web.session import messages
from dashboards.web.session.filters import chosen

st.title("Monday")
window = chosen().window
found = monday(chosen())

if messages.no_reports(found.feed):
    st.stop()
panels.feed_state(found, window)
is_empty = messages.no_mail(found.feed, found.arrived["reports"], window)
palette = theme.palette()

feed, mail = st.columns([3, 2], gap="large")
with feed:
    st.header("Reports received")
    frame = coverage_strip.arrivals_frame(found.arrivals)
    draw(panels.strip_name(found), coverage_strip.arrivals_strip, frame, window, palette)
    panels.strip_words(found)
    offer(frame, "reports received")
with mail:
    st.header("Mail volume")
    panels.numbers(found, window)
    panels.unknowns(found)

st.header("Verdicts")
st.caption(panels.advice_words(found))
domain_cards.show(found.advice)
panels.without_reports(found)

decisions, changes = st.columns(2, gap="large")
with decisions:
    st.header("Decisions")
    action_list.show_actions(found.decisions, found.advice)
with changes:
    st.header("Changes since last week")
    st.caption(f"{span(found.week.first, found.week.last)} compared with the week before, UTC.")
    action_list.show_changes(found.changes)
sentences.explain()

if is_empty:
    st.stop()
panels.mail_per_day(found, window, palette)
st.header("Domains")
tables.show_domains(found.domains, "Domains")
if found.others:
    st.header("Domains not in the settings")
    st.caption("Not counted above: anyone can mail a report about any domain.")
    tables.show_domains(found.others, "Domains not in the settings")
st.header("Broken sources")
st.caption(panels.broken_words(found))
tables.show_broken(found.broken)
st.header("Undecided sources")
st.caption(panels.undecided_words(found))
tables.show_undecided(found.undecided)
