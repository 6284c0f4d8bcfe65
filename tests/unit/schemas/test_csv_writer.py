"""CSV as RFC 4180 has it: whole values, one line end, and no formula."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.csv_writer import csv_text
from tests.support.moments import utc

LONG = "x" * 5_000
NAIVE = utc(2026, 11, 5, 3, 4, 59)


def only_cell(value: Any) -> str:
    """What another reader of CSV finds in a file of one value."""
    (header, (cell,)) = csv.reader(io.StringIO(csv_text(["column"], [[value]]), newline=""))
    assert header == ["column"]
    return cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (LONG, LONG),
        ([LONG, 1], f"{LONG}, 1"),
        ({"p": "none", "sp": None}, "p=none"),
        (NAIVE, "2026-11-05T03:04:59Z"),
        (datetime(2026, 11, 5, 3, 4, 59, tzinfo=UTC), "2026-11-05T03:04:59+00:00"),
        ([NAIVE], "2026-11-05T03:04:59Z"),
        (date(2026, 11, 5), "2026-11-05"),
        (0.1 + 0.2, "0.30000000000000004"),
        (float("nan"), ""),
        (None, ""),
        (True, "yes"),
        (-5, "-5"),
        (-0.5, "-0.5"),
        (10**30, "1" + "0" * 30),
        ('say "a", then b', 'say "a", then b'),
        ("two\r\nlines", "two\\x0d\\x0alines"),
    ],
)
def test_a_value_is_written_whole(value: Any, cell: str) -> None:
    assert only_cell(value) == cell


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_text_is_a_formula(sign: str) -> None:
    assert only_cell(f"{sign}1+1") == f"'{sign}1+1"
    assert only_cell([f"{sign}1+1", "b"]) == f"'{sign}1+1, b"


def test_every_line_ends_as_rfc_4180_says() -> None:
    """RFC 4180 §2: CRLF, the last line included."""
    assert csv_text(["a", "b"], [[1, "x"], [None, "y"]]) == "a,b\r\n1,x\r\n,y\r\n"
    assert csv_text(["a"], []) == "a\r\n"
