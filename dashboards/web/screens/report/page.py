"""One report: its facts, records and original document, and the mails that brought it."""

import streamlit as st

from dashboards.web.components.table import Pager
from dashboards.web.screens.report import panels
from dashboards.web.screens.report.data import report
from dashboards.web.session.navigation import link
from dashboards.web.session.url_state import LARGEST_REPORT, REPORT, bind

link("reports", "All reports")
number = st.number_input(
    "Report number",
    min_value=1,
    max_value=LARGEST_REPORT,
    step=1,
    key="report",
    on_change=bind(REPORT, "report"),
    width=180,
)
if number is None:
    st.title("Report")
    st.info("**Which report?** Enter its number from the list of reports.")
    st.stop()

pager = Pager(f"records of {number}")
found = report(int(number), pager.size, pager.skip)
st.title(f"Report {number}")
if found is None:
    st.info(f"**There is no report {number}.** The list of reports has the numbers.")
    st.stop()
panels.facts(found.head)
panels.original(found.head)
if found.head["kind"] == "tls":
    panels.policies(found.head["policies"])
elif found.head["kind"] == "dmarc":
    panels.records(found, pager)
panels.deliveries(found.head["deliveries"], int(number))
