"""Who sends: services, networks, addresses and records, down to the report."""

import streamlit as st

from dashboards.web.components.coverage_note import say_unknowns
from dashboards.web.components.label_form import say_outcome
from dashboards.web.screens.sources import panels as source_panels
from dashboards.web.screens.sources.data import reporters, service, services
from dashboards.web.screens.sources.drilldown import choose, crumbs, narrowed
from dashboards.web.session import messages
from dashboards.web.session.filters import chosen

st.title("Sources")
now = narrowed(chosen())
window = chosen().window
upper = services(chosen(), now)
if messages.no_reports(upper.feed):
    st.stop()
say_outcome()
crumbs(now)
choose(now, [row["reporter"] for row in reporters(chosen())])
if messages.no_mail(upper.feed, upper.arrived["reports"], window):
    st.stop()

if now.is_opened:
    found = service(chosen(), now)
    source_panels.opened(found, chosen(), now)
    say_unknowns(found.total, upper.feed, window)
else:
    source_panels.upper(upper, chosen(), now)
    say_unknowns(upper.total, upper.feed, window)
