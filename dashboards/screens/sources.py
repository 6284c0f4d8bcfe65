"""Who sends: services, their networks and addresses, and each record, down to its report."""

import streamlit as st

from dashboards.data.sources import reporters, service, services
from dashboards.frame import states
from dashboards.frame.filters import chosen
from dashboards.panels import sources as source_panels
from dashboards.panels.narrowing import choose, crumbs, narrowed
from dashboards.parts.caveats import say_unknowns
from dashboards.parts.label_form import say_outcome

st.title("Sources")
now = narrowed(chosen())
window = chosen().window
upper = services(chosen(), now)
if states.no_reports(upper.feed):
    st.stop()
say_outcome()
crumbs(now)
choose(now, [row["reporter"] for row in reporters(chosen())])
if states.no_mail(upper.feed, upper.arrived["reports"], window):
    st.stop()

if now.is_opened:
    found = service(chosen(), now)
    source_panels.opened(found, chosen(), now)
    say_unknowns(found.total, upper.feed, window)
else:
    source_panels.upper(upper, chosen(), now)
    say_unknowns(upper.total, upper.feed, window)
