"""Tables of the terminal: columns that fit, sentences that fold, and nothing that drives it."""

from typing import Any

import pytest

from dashboards.cli import tables
from dashboards.cli.tables import (
    Layout,
    folded,
    print_sentence,
    print_table,
    rows_taken,
    shortened,
    width,
)

HEADERS = {"source": "source", "messages": "messages"}
ROWS: list[dict[str, Any]] = [
    {"source": "SendGrid", "messages": 1200, "reason": "its signature passes"},
    {"source": "mx", "messages": 7, "reason": None},
]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "width", lambda: 24)


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_text_is_aligned_left_and_numbers_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(ROWS, HEADERS, Layout())
    assert printed(capsys) == [
        "source    messages",
        "SendGrid      1200",
        "mx               7",
    ]


def test_a_sentence_is_below_its_row_and_missing_ones_take_no_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(ROWS, HEADERS, Layout(below={"reason": "why: "}))
    assert printed(capsys)[1:] == [
        "SendGrid      1200",
        "    why: its signature passes",
        "mx               7",
    ]


@pytest.mark.usefixtures("narrow")
def test_a_narrow_terminal_omits_spare_columns_in_their_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [{"source": "SendGrid", "country": "US", "day": "2026-11-01", "messages": 3}]
    headers = {name: name for name in rows[0]}
    print_table(rows, headers, Layout(spare=("day", "country")))
    # 8 + 7 + 10 + 8 and three gaps of 2 are 39: without the day 27, without the country 18.
    assert printed(capsys)[0].split() == ["source", "messages"]
    print_table(rows, {**headers, "country": "cc"}, Layout(spare=("day", "country")))
    # With the shorter header the country fits: 8 + 2 + 8 and two gaps are 22.
    assert printed(capsys)[0].split() == ["source", "cc", "messages"]


@pytest.mark.usefixtures("narrow")
def test_a_cell_that_does_not_fit_folds_and_loses_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([{"source": "one two three four five", "messages": 3}], HEADERS, Layout())
    lines = printed(capsys)
    assert max(map(len, lines)) <= 24
    # 24 columns less 8 for the numbers and a gap of 2 are 14: three words, and two.
    assert lines[1].split() == ["one", "two", "three", "3"]
    assert " ".join(lines[1:]).replace("3", "").split() == ["one", "two", "three", "four", "five"]


def test_no_value_of_a_report_drives_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"source": "a\x1b[2Jb\n\u202ec", "messages": 1}], HEADERS, Layout())
    print_sentence("x\x1b[2Jy")
    lines = printed(capsys)
    assert lines[1].startswith("a\\x1b[2Jb\\x0a\\u202ec")
    assert lines[2] == "x\\x1b[2Jy"


def test_colour_is_for_its_value_and_off_with_no_color(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    print_table(ROWS, HEADERS, Layout(colours={"source": {"mx": "red"}}))
    assert "\x1b" not in capsys.readouterr().out


def test_a_pipe_has_room_for_long_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert width() == 200  # pytest's stdout is no terminal
    print_sentence("word " * 50)
    assert max(map(len, printed(capsys))) <= 200


def test_a_folded_text_keeps_every_word_within_its_width() -> None:
    text = "the largest loss comes first and then the others"
    lines = folded(text, 20, "  ")
    assert len(lines) > 1
    assert all(len(line) <= 20 for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == text
    assert folded("short", 20, "  ") == ["short"]
    assert folded("", 20) == [""]


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("fits", 10, "fits"),
        ("exactly 10", 10, "exactly 10"),
        ("one two three four", 10, "one two …"),
        ("first, second, third", 16, "first, second …"),
        ("a\x1bb", 10, "a\\x1bb"),
    ],
)
def test_a_shortened_text_ends_with_a_whole_word(text: str, limit: int, short: str) -> None:
    assert shortened(text, limit) == short


@pytest.mark.parametrize(("length", "rows"), [(0, 1), (1, 1), (80, 1), (81, 2), (160, 2), (161, 3)])
def test_a_long_line_takes_as_many_rows_as_the_terminal_breaks_it_into(
    length: int, rows: int
) -> None:
    assert rows_taken("x" * length, 80) == rows


def test_wide_characters_count_as_two_columns() -> None:
    assert rows_taken("北" * 40, 80) == 1
    assert rows_taken("北" * 41, 80) == 2
