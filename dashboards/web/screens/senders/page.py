"""New and undecided senders: countries, messages, and a best guess."""

import streamlit as st

from dashboards.web.components.countries import world
from dashboards.web.components.coverage_note import say_unknowns
from dashboards.web.components.label_form import say_outcome
from dashboards.web.screens.senders import panels as sender_panels
from dashboards.web.screens.senders.data import senders
from dashboards.web.session import messages
from dashboards.web.session.filters import chosen

st.title("Unknown senders")
window = chosen().window
now = sender_panels.choose()
found = senders(chosen(), now.wanted())
if messages.no_reports(found.feed) or messages.no_mail(
    found.feed, found.arrived["reports"], window
):
    st.stop()
say_outcome()
sender_panels.numbers(found)
if found.countries:
    sender_panels.on_the_map(found, world(), now)
    sender_panels.listed(found, now)
else:
    st.success("No new or undecided sender in this period.")
say_unknowns(found.total, found.feed, window)
