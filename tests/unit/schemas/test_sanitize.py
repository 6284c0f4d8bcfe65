"""Text from strangers cannot drive a terminal."""

import pytest

from schemas.sanitize import cell, plain


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text", "plain text"),
        ("Grüße 日本", "Grüße 日本"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("two\nlines", "two\\x0alines"),
        ("\u202eexe.txt", "\\u202eexe.txt"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u2028b", "a\\u2028b"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_does_not_simply_stand_on_a_line_is_escaped(raw: str, shown: str) -> None:
    assert plain(raw) == shown


def test_a_cell_is_short_and_says_nothing_for_nothing() -> None:
    assert cell(None) == "–"
    assert len(cell("x" * 10_000)) == 400
    assert cell({"p": "none", "sp": None}) == "p=none"
    assert cell([1, "a\x1b"]) == "1, a\\x1b"
    assert cell(0.98765) == "0.9877"
