"""A screen of the app itself, opened over a store as somebody who follows a shared link."""

import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.web.components import render_chart
from dashboards.web.server.server import APP
from tests.support.screens.opened_app import choose

__all__ = ["Opened", "opener", "tables_of", "words"]

Opened = Callable[..., AppTest]

render_chart.CHECKED = True  # each chart against its schema


def opener(monkeypatch: pytest.MonkeyPatch, folder: Path, until: str) -> Opened:
    """A function (store, screen, config, user=claims, **query) -> the screen, looked at up to that
    day, by a user with those claims where there is a login."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("RUA_LOCK_TIMEOUT", "5")
    monkeypatch.setenv("RUA_DNS__OFFLINE", "true")
    monkeypatch.setattr(sys, "argv", ["streamlit"])

    def opened(
        store: Path,
        screen: str,
        config: Path | None = None,
        user: dict[str, Any] | None = None,
        **query: str,
    ) -> AppTest:
        monkeypatch.setenv("RUA_STORE", str(store))
        if config:
            monkeypatch.setenv("RUA_CONFIG", str(config))
        app = AppTest.from_file(str(APP), default_timeout=120)
        if user is not None:
            app.user = user
        choose(app, screen)
        app.query_params.update({"until": until} | query)
        app.run()
        assert not app.exception
        return app

    return opened


def words(app: AppTest) -> str:
    """All prose of a page."""
    kinds = (
        *(app.title, app.header, app.markdown, app.caption, app.text, app.code),
        *(app.info, app.warning, app.success),
    )
    prose = [str(each.value) for kind in kinds for each in kind]
    return "\n".join([*prose, *(unescape(each.proto.body) for each in app.get("html"))])


def tables_of(app: AppTest) -> dict[str, pd.DataFrame]:
    """Each table by its accessible name."""
    return {each.proto.alt: each.value for each in app.dataframe}
