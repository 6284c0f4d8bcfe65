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
found = senders(chosen())
if states.no_reports(found.feed) or states.no_mail(found.feed, found.arrived["reports"], window):
    st.stop()
say_outcome()
now = sender_panels.choose()
rows = sender_panels.wanted(found, now)
sender_panels.numbers(found, rows)
if rows:
    sender_panels.on_the_map(rows, world(), now)
    sender_panels.listed(sender_panels.of_country(rows, now), now)
else:
    st.success("No address of these days is of that choice.")
say_unknowns(found.total, found.feed, window)
