"""Numbers, days, rates and text from reports, as a person reads them.

Text from a report is never markup: in Markdown it is `quoted`, a code span in which nothing is
interpreted (no link, emoji, colour or formula); in a table it is a `table_cell`.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from schemas.sanitize import cell, no_formula

__all__ = [
    "amount",
    "day",
    "interval",
    "percent",
    "plural",
    "policy",
    "quoted",
    "rate_words",
    "shares",
    "span",
    "table_cell",
    "tenths",
]

ALIGNMENTS = {("s", "s"): "strict", ("s", "r"): "strict DKIM", ("r", "s"): "strict SPF"}


def quoted(text: str) -> str:
    """Any text as a Markdown code span."""
    safe = cell(text)
    longest = max(map(len, re.findall(r"`+", safe)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if safe.startswith("`") or safe.endswith("`") else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


def table_cell(value: Any) -> str | None:
    """One line of plain text, no formula in a spreadsheet: a table can be downloaded."""
    return None if value is None else no_formula(cell(value))


def amount(count: int, noun: str = "") -> str:
    """1,234 or, with a noun, 1,234 messages."""
    if not noun:
        return f"{count:,}"
    return f"{count:,} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """messages, addresses, countries."""
    if noun.endswith("s"):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def day(value: date) -> str:
    """5 Nov 2026."""
    return f"{value.day} {value:%b %Y}"


def span(first: date, last: date) -> str:
    """1 – 7 Nov 2026; month and year once where they are the same."""
    if first == last:
        return day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {day(last)}"
    start = f"{first.day} {first:%b}" if first.year == last.year else day(first)
    return f"{start} – {day(last)}"


def tenths(rate: float) -> float:
    """A rate in percent, rounded to tenths; 100 only where all of it passes."""
    rounded = _rounded(rate, lambda number: math.floor(number + 0.5))
    return min(rounded, 99.9) if rate < 1 else rounded


def percent(rate: float) -> str:
    """98.2 %, 100 %, under 0.1 %."""
    rounded = tenths(rate)
    return "under 0.1 %" if rate > 0 and rounded == 0 else f"{_digits(rounded)} %"


def interval(bounds: tuple[float, float]) -> str:
    """A 95 % interval, rounded outwards."""
    low, high = bounds
    return f"{_digits(_rounded(low, math.floor))} – {_digits(_rounded(high, math.ceil))} %"


def _rounded(rate: float, rounding: Callable[[float], int]) -> float:
    # 0.999 * 1000 is 998.9999…: what floating point adds or loses is no part of the rate.
    return rounding(round(rate * 1000, 6)) / 10


def _digits(value: float) -> str:
    return "100" if value == 100 else f"{value:.1f}"


def rate_words(row: Mapping[str, Any]) -> str:
    """The interval of the pass rate, or why there is none. Keys as in `rua domains`."""
    if row["interval"] is None:
        return "no legitimate mail" if row["messages"] else "no mail"
    if row["enough"]:
        return interval(row["interval"])
    return f"too few messages: {row['legitimate_aligned']:,} of {row['legitimate']:,}"


def shares(classes: Mapping[str, int]) -> str:
    """own 95.0 %, indirect 3.9 %, spoof 1.1 %: messages by class, without zeros."""
    indirect = classes["forwarder"] + classes["list"]
    counts = {"own": classes["own"], "broken": classes["broken"], "indirect": indirect}
    counts |= {name: classes[name] for name in ("spoof", "undecided")}
    total = sum(counts.values())
    return ", ".join(f"{name} {percent(count / total)}" for name, count in counts.items() if count)


def policy(published: Mapping[str, Any] | None) -> str:
    """A published policy in a few words, without what p implies: `reject, subdomains none`.

    Keys as in `rua domains`; None when no report has shown one.
    """
    if not published or not published["p"]:
        return "not seen"
    words = [published["p"]]
    below = published["sp"] or published["p"]
    if below != published["p"]:
        words.append(f"subdomains {below}")
    if published["np"] and published["np"] != below:
        words.append(f"non-existent {published['np']}")
    if published["pct"] is not None and published["pct"] != 100:
        words.append(f"pct {published['pct']}")
    if published["t"] == "y":
        words.append("test mode")
    # RFC 9989 §4.7: alignment is relaxed where the record says nothing.
    strict = ALIGNMENTS.get((published["adkim"] or "r", published["aspf"] or "r"))
    return ", ".join([*words, strict] if strict else words)
