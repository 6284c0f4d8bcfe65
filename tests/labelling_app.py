"""A dashboard of one button, which labels a source of ?domain= for whoever presses it: offered to
everybody, so that it shows who is let. Run in the place of dashboards/app.py by the tests."""

import streamlit as st

from analytics.labels import add
from dashboards.data import change
from dashboards.frame import states, viewer

with states.problems_shown():
    if not viewer.admitted():
        st.stop()
    viewer.account()
    domain = st.query_params.get("domain", "")
    if st.button("Label it"):
        change(add, domain, "from-the-browser.example", "own", None)
        st.text(f"labelled {domain}")
