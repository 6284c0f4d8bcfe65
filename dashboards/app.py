"""The frame around every screen: which screen, domains and days. `rua dashboard` starts it."""

import streamlit as st

from dashboards.data import known_domains, one_state, settings
from dashboards.frame import filters, states, viewer
from dashboards.frame.links import pages
from dashboards.frame.theme import CSS, ICON

st.set_page_config(page_title="rua", page_icon=ICON, layout="wide")
st.html(f"<style>{CSS}</style>")
with states.problems_shown():
    if not viewer.admitted():
        st.stop()
screen = st.navigation(pages(), position="top")
body = st.container()
st.caption(states.CREDIT)
with body, states.problems_shown(), one_state():
    viewer.account()
    if not states.no_store():
        filters.choose(known_domains(), settings().groups)
        states.say_behind()
        screen.run()
