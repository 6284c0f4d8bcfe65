"""A dashboard of one button, which labels a source of ?domain= for whoever presses it: offered to
everybody, so that it shows who is let. Run in the place of app.py by the tests."""

import streamlit as st

from analytics.sources.labels import add
from dashboards.web.session import auth, messages
from dashboards.web.session.query_cache import change

with messages.problems_shown():
    if not auth.admitted():
        st.stop()
    auth.account()
    domain = st.query_params.get("domain", "")
    if st.button("Label it"):
        change(add, domain, "from-the-browser.example", "own", None)
        st.text(f"labelled {domain}")
