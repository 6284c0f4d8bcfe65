"""What the first visitor would wait for, done before the server listens: a second and a half."""

import contextlib
import gc
import importlib
import logging
import pkgutil
from collections.abc import Iterator
from datetime import date

import streamlit as st

from analytics.query.window import Window
from dashboards.common.palette import CSS, ICON, ON_LIGHT
from dashboards.web import components, screens, session
from dashboards.web.components import charts, table
from dashboards.web.components.render_chart import draw

__all__ = ["loaded"]

DAY = date(2026, 1, 1)
ROW = {"day": DAY, "interval": (0.9, 1.0), "enough": True}
COUNTS = ("messages", "aligned", "undecided", "spoof", "indirect", "legitimate")


@contextlib.contextmanager
def loaded() -> Iterator[None]:
    """Within, all modules of the screens are there with the libraries that they need, and the
    collector does not look through them after each run of a script (a tenth of a second)."""
    for name in _modules():
        importlib.import_module(name)
    _rehearse()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _modules() -> Iterator[str]:
    """All but the pages, which are scripts."""
    for package in (session, components, screens):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(".page"):
                yield module.name


def _rehearse() -> None:
    """Draw one of each for nobody: libraries load some of their parts when they are first used."""
    was = logging.root.manager.disable
    logging.disable()  # Streamlit warns of a script that nobody sees
    try:
        st.set_page_config(page_icon=ICON)
        st.html(f"<style>{CSS}</style>")
        days = [ROW | dict.fromkeys((*COUNTS, "legitimate_aligned"), 1)]
        window = Window(DAY, DAY, DAY)
        messages, rates = charts.messages_frame(days), charts.rate_frame(days)
        draw("", charts.messages_per_day, messages, window, ON_LIGHT)
        draw("", charts.pass_rate_per_day, rates, window, ON_LIGHT)
        table.show([], {}, "")
    finally:
        logging.disable(was)
