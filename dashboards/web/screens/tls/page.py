"""TLS to the domains' mail servers: sessions, failures and their fixes."""

import streamlit as st

from analytics.tls.sessions import PARTS
from dashboards.web.screens.tls import panels
from dashboards.web.screens.tls.data import failure_days, tls_screen
from dashboards.web.screens.tls.text import of_type
from dashboards.web.session.filters import chosen

st.title("TLS")
st.caption("Encryption to your mail servers, as senders report it (RFC 8460).")
found = tls_screen(chosen())

if panels.no_reports(found) or panels.no_sessions(found, chosen().window):
    st.stop()
panels.numbers(found.days)
with st.container(horizontal=True):
    policy = panels.choose_policy(found.days)
    by = panels.choose_part(PARTS)

left, right = st.columns(2, gap="large")
with left:
    st.header("Sessions per day")
    panels.sessions_chart(of_type(found.days, policy), chosen().window)
with right:
    st.header("Failures per day")
    panels.failures_chart(of_type(failure_days(chosen(), by), policy), by, chosen().window)

panels.causes(found)
panels.failures_table(found.failures)
st.header("Policies")
panels.policies_table(found.policies, "Policies")
panels.not_known(found.policies)
if found.others:
    st.header("Domains not in the settings")
    st.caption("Not counted above: anyone can mail a report about any domain.")
    panels.policies_table(found.others, "Domains not in the settings")
