"""Who is new or cannot be told: where they are, how much they send, and what they may be."""

import streamlit as st

from dashboards.data.senders import senders
from dashboards.frame import states
from dashboards.frame.filters import chosen
from dashboards.panels import senders as sender_panels
from dashboards.panels.world import world
from dashboards.parts.caveats import say_unknowns
from dashboards.parts.label_form import say_outcome

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
