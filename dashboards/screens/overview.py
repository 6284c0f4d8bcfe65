"""What a postmaster sees first: does the feed live, what passes, and who is unknown."""

import streamlit as st

from dashboards import charts, panels, tables
from dashboards.data.overview import overview
from dashboards.filters import chosen

st.title("Overview")
window = chosen().window
found = overview(chosen())

if panels.no_reports(found):
    st.stop()
panels.feed_state(found, window)
if panels.no_mail(found, window):
    st.stop()
panels.numbers(found, window)
palette = panels.palette()

left, right = st.columns(2, gap="large")
with left:
    st.subheader("Messages per day")
    messages = charts.messages_frame(found.days)
    if not messages.empty:
        chart = charts.messages_per_day(messages, window, palette)
        st.altair_chart(chart, alt="Messages per day")
    st.caption("Passes and broken are the mail of sources that are yours or work for you.")
with right:
    st.subheader("Legitimate mail that passes")
    rates = charts.rate_frame(found.days)
    if not rates.empty:
        chart = charts.pass_rate_per_day(rates, window, palette)
        st.altair_chart(chart, alt="Pass rate per day")
    st.caption(panels.pass_rate_words(found))

st.subheader("Domains")
tables.show_domains(found.domains, "Domains")
if found.others:
    st.subheader("Domains that are not in the settings")
    st.caption("Anyone can mail a report about any domain. These count in no number above.")
    tables.show_domains(found.others, "Domains that are not in the settings")

st.subheader("Broken sources")
tables.show_sources(found.broken, "Broken sources", undecided=False)
st.caption(panels.broken_words(found))
st.subheader("Undecided sources")
tables.show_sources(found.undecided, "Undecided sources", undecided=True)
st.caption(panels.sources_words(found))
