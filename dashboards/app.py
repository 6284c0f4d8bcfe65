"""The router of the dashboard, and nothing else; `rua dashboard` starts it."""

import streamlit as st

from dashboards.theme import CSS, ICON

st.set_page_config(page_title="rua", page_icon=ICON, layout="wide")
st.html(f"<style>{CSS}</style>")
st.navigation([st.Page("screens/overview.py", title="Overview", default=True)]).run()
