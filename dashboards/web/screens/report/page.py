"""One document: its report, its records, the mails that brought it, and itself as it came."""

import streamlit as st

from dashboards.web.components.lists import PAGE, skipped, taken_over, written
from dashboards.web.screens.report import panels
from dashboards.web.screens.report.data import report
from dashboards.web.session.navigation import link

link("reports", "All reports")
taken_over("report", panels.number_of, None)
number = st.number_input(
    "Report number", min_value=1, max_value=panels.LARGEST, step=1, key="report", width=180
)
written("report", number)
if number is None:
    st.title("Report")
    st.info("**Which report?** Give its number; every list of reports has it.")
    st.stop()

key = f"records of {number}"
found = report(int(number), PAGE, skipped(key))
st.title(f"Report {number}")
if found is None:
    st.info(f"**There is no document {number}.** Every list of reports has the numbers.")
    st.stop()
panels.facts(found.head)
panels.original(found.head)
if found.head["kind"] == "tls":
    panels.policies(found.head["policies"])
elif found.head["kind"] == "dmarc":
    panels.records(found, key)
panels.deliveries(found.head["deliveries"], int(number))
