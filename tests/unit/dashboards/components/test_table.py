"""Tables and pages: frames of any rows, and a pager that keeps its place."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.web.components import table
from dashboards.web.components.download import csv_of

COLUMNS = {"name": table.text("Name", 100), "n": table.count("Number")}


@dataclass
class Named:
    """A row with fields."""

    name: str
    n: int


def test_rows_are_mappings_or_objects() -> None:
    rows = [{"name": "a", "n": 1, "more": 2}, Named("b", 2)]
    assert table.frame_of(rows, COLUMNS).to_dict("records") == [
        {"name": "a", "n": 1},
        {"name": "b", "n": 2},
    ]
    assert csv_of(rows, ("n", "name")) == "n,name\r\n1,a\r\n2,b\r\n"


def test_a_frame_holds_no_formula_and_no_number_that_a_browser_cannot_count() -> None:
    frame = table.frame_of([{"name": "=1+1", "n": 10**20}], COLUMNS)
    assert list(frame["name"]) == ["'=1+1"]
    assert frame["n"].dtype == float


def test_a_frame_is_saved_without_its_gaps() -> None:
    frame = pd.DataFrame(
        {"day": [date(2026, 11, 5), None], "rate": [0.5, float("nan")], "n": [1, 2]}
    )
    assert csv_of(frame) == "day,rate,n\r\n2026-11-05,0.5,1\r\n,,2\r\n"


def test_no_rows_are_an_empty_file() -> None:
    assert csv_of([], ("a", "b")) == "a,b\r\n"


def paged() -> None:
    import streamlit as st  # noqa: PLC0415 - a page of its own

    from dashboards.web.components.table import Pager  # noqa: PLC0415

    total = int(st.query_params["total"])
    pager = Pager("page", size=10)
    st.text(f"rows {list(pager.of(range(total)))}")
    pager.show(total, "address")


@pytest.mark.parametrize(("total", "has_pages"), [(0, False), (10, False), (11, True)])
def test_a_list_of_one_page_has_no_pager(total: int, has_pages: bool) -> None:
    app = AppTest.from_function(paged)
    app.query_params["total"] = str(total)
    app.run()
    assert bool(app.pagination) is has_pages


def test_a_pager_shows_its_page_and_starts_over_where_the_list_is_shorter() -> None:
    app = AppTest.from_function(paged)
    app.query_params["total"] = "23"
    app.run()
    app.pagination[0].set_value(3).run()
    assert app.text[0].value == "rows [20, 21, 22]"
    assert app.caption[0].value == "21 – 23 of 23 addresses"
    app.query_params["total"] = "12"
    app.run()
    assert not app.exception
    assert app.text[0].value == f"rows {list(range(10))}"
