"""What a postmaster sees first: did the feed arrive, what fails, what is new, what to do next."""

import streamlit as st

from dashboards.common.formatting import span
from dashboards.web.components import action_list, coverage_strip, domain_cards, sentences, table
from dashboards.web.components.downloads import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.screens.monday import panels
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
palette = panels.palette()

feed, mail = st.columns([3, 2], gap="large")
with feed:
    st.header("Reports that came")
    frame = coverage_strip.arrivals_frame(found.arrivals)
    draw(panels.strip_name(found), coverage_strip.arrivals_strip, frame, window, palette)
    panels.strip_words(found)
    offer(frame, "Reports that came")
with mail:
    st.header("Mail of these days")
    panels.numbers(found, window)
    panels.not_known(found)

st.header("Where each domain stands")
st.caption(panels.advice_words(found))
domain_cards.show(found.advice, "Where each domain stands")
panels.unheard(found)

todo_, changes = st.columns(2, gap="large")
with todo_:
    st.header("What needs a decision")
    action_list.show_actions(found.decisions, found.advice, "What needs a decision")
with changes:
    st.header("Changes since last week")
    st.caption(f"{span(found.week.first, found.week.last)} against the seven days before, UTC.")
    action_list.show_changes(found.changes, "Changes since last week")
sentences.explain()

if is_empty:
    st.stop()
panels.mail_per_day(found, window, palette)
st.header("Domains")
table.show_domains(found.domains, "Domains")
if found.others:
    st.header("Domains that are not in the settings")
    st.caption("Anyone can mail a report about any domain. These count in no number above.")
    table.show_domains(found.others, "Domains that are not in the settings")
st.header("Broken sources")
table.show_sources(found.broken, "Broken sources", undecided=False)
st.caption(panels.broken_words(found))
st.header("Undecided sources")
table.show_sources(found.undecided, "Undecided sources", undecided=True)
st.caption(panels.sources_words(found))
