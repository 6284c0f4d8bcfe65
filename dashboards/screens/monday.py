"""What a postmaster sees first: did the feed arrive, what fails, what is new, what to do next."""

import streamlit as st

from dashboards.data.monday import monday
from dashboards.frame import states
from dashboards.frame.filters import chosen
from dashboards.panels import monday as panels
from dashboards.parts import sentences, strip, tables, tiles, todo
from dashboards.parts.downloads import offer
from dashboards.parts.drawing import draw
from dashboards.wording import span

st.title("Monday")
window = chosen().window
found = monday(chosen())

if states.no_reports(found.feed):
    st.stop()
panels.feed_state(found, window)
is_empty = states.no_mail(found.feed, found.arrived["reports"], window)
palette = panels.palette()

feed, mail = st.columns([3, 2], gap="large")
with feed:
    st.header("Reports that came")
    frame = strip.arrivals_frame(found.arrivals)
    draw(panels.strip_name(found), strip.arrivals_strip, frame, window, palette)
    panels.strip_words(found)
    offer(frame, "Reports that came")
with mail:
    st.header("Mail of these days")
    panels.numbers(found, window)
    panels.not_known(found)

st.header("Where each domain stands")
st.caption(panels.advice_words(found))
tiles.show(found.advice, "Where each domain stands")
panels.unheard(found)

todo_, changes = st.columns(2, gap="large")
with todo_:
    st.header("What needs a decision")
    todo.show_actions(found.decisions, found.advice, "What needs a decision")
with changes:
    st.header("Changes since last week")
    st.caption(f"{span(found.week.first, found.week.last)} against the seven days before, UTC.")
    todo.show_changes(found.changes, "Changes since last week")
sentences.explain()

if is_empty:
    st.stop()
panels.mail_per_day(found, window, palette)
st.header("Domains")
tables.show_domains(found.domains, "Domains")
if found.others:
    st.header("Domains that are not in the settings")
    st.caption("Anyone can mail a report about any domain. These count in no number above.")
    tables.show_domains(found.others, "Domains that are not in the settings")
st.header("Broken sources")
tables.show_sources(found.broken, "Broken sources", undecided=False)
st.caption(panels.broken_words(found))
st.header("Undecided sources")
tables.show_sources(found.undecided, "Undecided sources", undecided=True)
st.caption(panels.sources_words(found))
