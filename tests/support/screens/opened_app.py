"""The dashboard's app itself over a real store, without a browser: what its screens say."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboards.web.components import render_chart
from dashboards.web.server.server import APP

__all__ = ["TODAY", "Open", "app_on", "choose", "links_of", "measured", "tables_of", "words"]

Open = Callable[..., AppTest]
render_chart.CHECKED = True  # each chart against its schema
TODAY = date(2026, 11, 30)


def choose(app: AppTest, screen: str) -> None:
    """Open this screen at the next run, the first one, too: `switch_page` knows a page that has not
    run yet by the name of its file alone."""
    app._page_hash = calc_hash(screen)


@pytest.fixture
def app_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a screen (`screen`, the landing page without) on a store, as somebody who follows a
    shared link of TODAY with these parameters."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RUA_LOCK_TIMEOUT", "0.2")
    monkeypatch.setattr(sys, "argv", ["streamlit"])

    def open_on(
        store: Path, config: Path | None = None, screen: str | None = None, **query: str
    ) -> AppTest:
        monkeypatch.setenv("RUA_STORE", str(store))
        if config:
            monkeypatch.setenv("RUA_CONFIG", str(config))
        app = AppTest.from_file(str(APP), default_timeout=120)
        if screen:
            choose(app, screen)
        app.query_params.update({"until": TODAY.isoformat()} | query)
        app.run()
        assert not app.exception
        return app

    return open_on


def words(app: AppTest) -> str:
    """All prose of a page; of HTML the source."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.warning, app.code)
    every = [each for kind in kinds for each in (*kind, *app.text)]
    return "\n".join(str(each.value) for each in (*every, *app.get("html")))


def measured(app: AppTest) -> dict[str, tuple[str, str]]:
    return {each.label: (each.value, each.delta) for each in app.metric}


def tables_of(app: AppTest) -> dict[str, pd.DataFrame]:
    """Each table by its accessible name."""
    return {each.proto.alt: each.value for each in app.dataframe}


def links_of(app: AppTest) -> list[tuple[str, str]]:
    """The page and the parameters that each link leads to."""
    return [(each.proto.page, each.proto.query_string) for each in app.get("page_link")]
