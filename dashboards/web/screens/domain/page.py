"""Where one domain stands on the road to reject, what blocks it, and what would happen if."""

import streamlit as st

from dashboards.web.components import coverage_strip, domain_cards, sentences
from dashboards.web.components.downloads import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.screens.domain import panels as domain_panels
from dashboards.web.screens.domain import whatif
from dashboards.web.screens.domain.data import choices, domain
from dashboards.web.screens.monday import panels
from dashboards.web.session import messages
from dashboards.web.session.filters import chosen

st.title("Domain")
view, window = chosen(), chosen().window
if view.domain is None:
    offered = choices(view)
    if not messages.no_reports(offered.feed):
        st.markdown("Choose a domain above, or here:")
        domain_cards.show(offered.advice, "Domains")
    st.stop()

asked = whatif.asked()
found = domain(view, asked)
if messages.no_reports(found.feed):
    st.stop()
palette = panels.palette()
domain_panels.head(found)
whatif.controls(asked, found.tags)
if asked is not None:
    whatif.banner(found.name, asked)
domain_panels.the_road(found, palette)
domain_panels.blockers(found)
if messages.no_mail(found.feed, found.arrived["reports"], window):
    domain_panels.unknown(found)
    st.stop()
domain_panels.numbers(found)
domain_panels.losses(found, palette)
domain_panels.rates(found, window, palette)
domain_panels.mail(found, window, palette)
st.header("Reports that came")
frame = coverage_strip.arrivals_frame(found.arrivals)
words = coverage_strip.gaps_said(found.arrivals)
name = f"Days with reports, by reporter. {words}"
draw(name, coverage_strip.arrivals_strip, frame, window, palette)
st.caption(f"{words} Days are UTC.")
offer(frame, "Reports that came")
domain_panels.unknown(found)
sentences.explain()
