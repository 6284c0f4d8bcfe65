"""Who is new or cannot be told: where they are, how much they send, and what they may be."""

import streamlit as st

from dashboards import sender_panels, states
from dashboards.caveats import say_unknowns
from dashboards.data.senders import senders
from dashboards.filters import chosen
from dashboards.label_form import say_outcome
from dashboards.world import world

st.title("Unknown senders")
window = chosen().window
now = sender_panels.choose()
found = senders(chosen(), now.wanted())
if states.no_reports(found.feed) or states.no_mail(found.feed, found.arrived["reports"], window):
    st.stop()
say_outcome()
sender_panels.numbers(found)
if found.countries:
    sender_panels.on_the_map(found, world(), now)
    sender_panels.listed(found, now)
else:
    st.success("No address of these days is of that choice.")
say_unknowns(found.total, found.feed, window)
