"""A screen of the dashboard over a store, as somebody sees it who follows a shared link."""

import sys
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.web.components import render_chart
from dashboards.web.server.server import APP
from tests.support.screens.opened_app import choose

__all__ = ["Screens", "measured", "pick", "press", "tables_of", "words_of"]

render_chart.CHECKED = True  # each chart against its schema


class Screens:
    """Opens screens; made for one test."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._set = monkeypatch.setenv
        monkeypatch.chdir(folder)
        self._set("HOME", str(folder))
        self._set("RUA_LOCK_TIMEOUT", "0.2")
        monkeypatch.setattr(sys, "argv", ["streamlit"])

    def __call__(
        self, screen: str, store: Path, config: Path | None = None, **query: str
    ) -> AppTest:
        """The screen of that name; `query` are the URL's parameters."""
        self._set("RUA_STORE", str(store))
        if config:
            self._set("RUA_CONFIG", str(config))
        app = AppTest.from_file(str(APP), default_timeout=120)
        choose(app, screen)
        app.query_params.update(query)
        app.run()
        assert not app.exception
        return app


def words_of(app: AppTest) -> str:
    """All prose of a page."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.warning)
    more = (app.success, app.code, app.text)
    return "\n".join(str(each.value) for kind in (*kinds, *more) for each in kind)


def tables_of(app: AppTest) -> dict[str, pd.DataFrame]:
    """Each table by its accessible name."""
    return {each.proto.alt: each.value for each in app.dataframe}


def measured(app: AppTest) -> dict[str, str]:
    """The numbers of a page by what stands above them."""
    return {each.label: each.value for each in app.metric}


def press(app: AppTest, label: str) -> AppTest:
    """Press the button of that label."""
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception
    return app


def pick(app: AppTest, name: str, row: int) -> AppTest:
    """Tick a row of the table of that accessible name."""
    (key,) = [str(each.key) for each in app.dataframe if each.proto.alt == name]
    app.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    return app
