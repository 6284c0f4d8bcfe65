"""Where one domain stands on the road to reject, what blocks it, and what would happen if."""

import streamlit as st

from dashboards.data.domain import choices, domain
from dashboards.frame import states
from dashboards.frame.filters import chosen
from dashboards.panels import domain as domain_panels
from dashboards.panels import monday as panels
from dashboards.panels import whatif_mode
from dashboards.parts import sentences, strip, tiles
from dashboards.parts.downloads import offer
from dashboards.parts.drawing import draw

st.title("Domain")
view, window = chosen(), chosen().window
if view.domain is None:
    offered = choices(view)
    if not states.no_reports(offered.feed):
        st.markdown("Choose a domain above, or here:")
        tiles.show(offered.advice, "Domains")
    st.stop()

asked = whatif_mode.asked()
found = domain(view, asked)
if states.no_reports(found.feed):
    st.stop()
palette = panels.palette()
domain_panels.head(found)
whatif_mode.controls(asked, found.tags)
if asked is not None:
    whatif_mode.banner(found.name, asked)
domain_panels.the_road(found, palette)
domain_panels.blockers(found)
if states.no_mail(found.feed, found.arrived["reports"], window):
    domain_panels.unknown(found)
    st.stop()
domain_panels.numbers(found)
domain_panels.losses(found, palette)
domain_panels.rates(found, window, palette)
domain_panels.mail(found, window, palette)
st.header("Reports that came")
frame = strip.arrivals_frame(found.arrivals)
words = strip.gaps_said(found.arrivals)
name = f"Days with reports, by reporter. {words}"
draw(name, strip.arrivals_strip, frame, window, palette)
st.caption(f"{words} Days are UTC.")
offer(frame, "Reports that came")
domain_panels.unknown(found)
sentences.explain()
