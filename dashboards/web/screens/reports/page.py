"""Reports: browse, conflicts, quarantine, authenticity and reporters."""

import streamlit as st

from dashboards.web.screens.reports import panels
from dashboards.web.screens.reports.quarantine import quarantine_view
from dashboards.web.session.filters import chosen
from dashboards.web.session.url_state import VIEW, bind

VIEWS = {
    "browse": "Browse",
    "conflicts": "Conflicts",
    "quarantine": "Quarantine",
    "genuine": "Authenticity",
    "coverage": "Reporters",
}

st.title("Reports")
view = st.segmented_control(
    "View",
    list(VIEWS),
    required=True,
    format_func=VIEWS.__getitem__,
    key="view",
    on_change=bind(VIEW, "view", "browse"),
)

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
