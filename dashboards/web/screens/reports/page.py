"""Reports: browse, conflicts, what could not be read, who is genuine, and who covers what."""

import streamlit as st

from dashboards.web.components.lists import taken_over, written
from dashboards.web.screens.reports import panels
from dashboards.web.screens.reports.quarantine import quarantine_view
from dashboards.web.session.filters import chosen

VIEWS = {
    "browse": "Browse",
    "conflicts": "Conflicts",
    "quarantine": "Quarantine",
    "genuine": "Genuine or not",
    "coverage": "Reporters",
}

st.title("Reports")
taken_over("view", lambda said: said if said in VIEWS else None, "browse")
view = st.segmented_control(
    "View", list(VIEWS), required=True, format_func=VIEWS.__getitem__, key="view"
)
written("view", view)

if view == "conflicts":
    panels.conflicts_view(chosen())
elif view == "quarantine":
    quarantine_view()
elif view == "genuine":
    panels.genuine_view(chosen())
elif view == "coverage":
    panels.coverage_view(chosen())
else:
    panels.browse_view(chosen())
