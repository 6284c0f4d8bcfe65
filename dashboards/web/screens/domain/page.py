"""One domain: its verdict, the road to reject, what blocks, and what-if."""

import streamlit as st

from dashboards.web.components import coverage_strip, domain_cards, sentences, theme
from dashboards.web.components.download import offer
from dashboards.web.components.render_chart import draw
from dashboards.web.screens.domain import panels, whatif
from dashboards.web.screens.domain.data import choices, domain
from dashboards.web.session import messages
from dashboards.web.session.filters import chosen

st.title("Domain")
view, window = chosen(), chosen().window
if view.domain is None:
    offered = choices(view)
    if not messages.no_reports(offered.feed):
        st.markdown("Choose a domain above, or here:")
        domain_cards.show(offered.advice)
    st.stop()

asked = whatif.asked()
found = domain(view, asked)
if messages.no_reports(found.feed):
    st.stop()
palette = theme.palette()
panels.head(found)
whatif.controls(asked, found.tags)
if asked is not None:
    whatif.banner(found.name, asked)
panels.the_road(found, palette)
panels.blockers(found)
if messages.no_mail(found.feed, found.arrived["reports"], window):
    panels.unknown(found)
    st.stop()
panels.numbers(found)
panels.losses(found, palette)
panels.rates(found, window, palette)
panels.mail(found, window, palette)
st.header("Reports received")
frame = coverage_strip.arrivals_frame(found.arrivals)
words = coverage_strip.gap_words(found.arrivals)
name = f"Days with reports, by reporter. {words}"
draw(name, coverage_strip.arrivals_strip, frame, window, palette)
st.caption(f"{words} Days are UTC.")
offer(frame, "reports received")
panels.unknown(found)
sentences.explain()
