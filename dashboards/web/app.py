"""The frame around every screen: which screen, domains and days. `rua dashboard` starts it."""

import streamlit as st

from dashboards.common.palette import CSS, ICON
from dashboards.web.session import auth, filters, messages
from dashboards.web.session.navigation import pages
from dashboards.web.session.query_cache import known_domains, one_state, settings

st.set_page_config(page_title="rua", page_icon=ICON, layout="wide")
st.html(f"<style>{CSS}</style>")
with messages.problems_shown():
    if not auth.admitted():
        st.stop()
screen = st.navigation(pages(), position="top")
body = st.container()
st.caption(messages.CREDIT)
with body, messages.problems_shown(), one_state():
    auth.account()
    if not messages.no_store():
        filters.choose(known_domains(), settings().groups)
        messages.say_behind()
        screen.run()
