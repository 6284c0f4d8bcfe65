"""How import runs: mailboxes, speed, backlog, problems and every run."""

import streamlit as st

from dashboards.web.screens.pipeline import panels
from dashboards.web.screens.pipeline.data import pipeline
from dashboards.web.session.filters import chosen

st.title("Pipeline")
window = chosen().window
found = pipeline(window)
st.caption("All domains. A run counts on the UTC day it started.")
if panels.no_runs(found):
    st.stop()
panels.numbers(found, window)
panels.problems(found.problems)
panels.sources(found.sources)

left, right = st.columns(2, gap="large")
with left:
    st.header("Documents read per day")
    panels.read_chart(found.days, window)
with right:
    st.header("Speed")
    panels.speed_chart(found.days, window)
panels.backlog(found)
panels.run_list(window)
