"""The URL's parameters: public names, typed values, and no value from nonsense."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboards.web.session import url_state
from dashboards.web.session.url_state import Parameter

EVERY = [each for each in vars(url_state).values() if isinstance(each, Parameter)]


def test_the_names_are_those_of_shared_links() -> None:
    assert {each.name for each in EVERY} == {
        *("days", "group", "domain", "until"),
        *("source", "of", "network", "ip", "class", "reporter", "failing"),
        *("p", "sp", "np", "adkim", "aspf", "show", "country", "view", "report"),
    }


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (url_state.DAYS, "35", 35),
        (url_state.GROUP, "", ""),
        (url_state.DOMAIN, "example.com", "example.com"),
        (url_state.UNTIL, "2026-11-05", date(2026, 11, 5)),
        (url_state.NETWORK, "192.0.2.0/24", "192.0.2.0/24"),
        (url_state.NETWORK, "2001:db8::/32", "2001:db8::/32"),
        (url_state.CLASS, "spoof", "spoof"),
        (url_state.FAILING, "1", True),
        (url_state.P, "reject", "reject"),
        (url_state.ADKIM, "s", "s"),
        (url_state.SHOW, "new", "new"),
        (url_state.VIEW, "quarantine", "quarantine"),
        (url_state.REPORT, "17", 17),
    ],
)
def test_a_value_is_read_and_written_alike(
    parameter: Parameter[Any], text: str, value: object
) -> None:
    assert parameter.read(text) == value
    assert parameter.write(value) == text


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        *((url_state.DAYS, text) for text in ("", "8", "35.0", "-7", "٧")),
        *((url_state.UNTIL, text) for text in ("", "soon", "0001-01-01", "2026-02-30")),
        *((url_state.NETWORK, text) for text in ("", "nowhere", "192.0.2.0/99", "1/2/3")),
        *((url_state.REPORT, text) for text in ("", "0", "-1", "1.5", "٣", " 1", str(2**53))),
        *((url_state.P, text) for text in ("", "monitor", "<b>", "p=reject", "REJECT")),
        *((url_state.CLASS, text) for text in ("", "?", "owner")),
        *((url_state.FAILING, text) for text in ("", "0", "true")),
        *((url_state.VIEW, text) for text in ("", "../", "Browse")),
        (url_state.DOMAIN, ""),
        (url_state.SOURCE, ""),
    ],
)
def test_a_value_that_makes_no_sense_is_none(parameter: Parameter[Any], text: str) -> None:
    assert parameter.read(text) is None


@given(st.text())
def test_any_text_is_a_value_or_none(text: str) -> None:
    for parameter in EVERY:
        value = parameter.read(text)
        assert value is None or parameter.read(parameter.write(value)) == value


def bound() -> None:
    import streamlit as st  # noqa: PLC0415 - a page of its own

    from dashboards.web.session.url_state import VIEW, bind  # noqa: PLC0415

    views = ["browse", "conflicts", "coverage"]
    st.selectbox("View", views, key="view", on_change=bind(VIEW, "view", "browse"))


def test_a_bound_widget_follows_the_url_and_writes_into_it() -> None:
    app = AppTest.from_function(bound)
    app.query_params.update({"view": "conflicts", "days": "7"})
    app.run()
    assert app.selectbox[0].value == "conflicts"
    app.selectbox[0].set_value("coverage").run()
    assert app.query_params == {"view": "coverage", "days": "7"}
    app.selectbox[0].set_value("browse").run()
    assert app.query_params == {"days": "7"}
    app.query_params["view"] = "nonsense"
    app.run()
    assert app.selectbox[0].value == "browse"
