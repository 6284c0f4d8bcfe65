"""Make text from reports safe for terminals, screens and spreadsheets."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

__all__ = ["cell", "no_formula", "plain"]

LONGEST_CELL = 400
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
# Controls drive terminals, format characters reorder or hide text, separators break lines.
UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def plain(text: str) -> str:
    """The text with everything escaped that is not a printable character.

    ESC sequences, line breaks, bidirectional overrides and zero-width characters become
    visible escapes such as \\x1b or \\u202e.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(char) if unicodedata.category(char) in UNSAFE else char for char in text
    )


def _escaped(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def cell(value: Any, *, empty: str = "–") -> str:
    """Any value as one short line of plain text; None is `empty`."""
    if value is None:
        return empty
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return " ".join(f"{key}={cell(each)}" for key, each in value.items() if each is not None)
    if isinstance(value, list | tuple):
        return ", ".join(cell(each) for each in value)
    text = plain(str(value))
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def no_formula(text: str) -> str:
    """The text so that a spreadsheet, which runs formulas, takes it as text."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
