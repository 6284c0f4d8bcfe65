"""Numbers, days and strangers' text, as a person reads them.

Text from a report is never markup: in Markdown it stands `quoted` in a code span, in which
nothing is interpreted (no link, emoji, colour or formula), and in a table it is a `table_cell`.
"""

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from schemas.sanitize import cell

__all__ = [
    "amount",
    "day",
    "interval",
    "percent",
    "policy",
    "quoted",
    "rate_words",
    "shares",
    "span",
    "table_cell",
]

FORMULA_STARTS = ("=", "+", "-", "@")
ALIGNMENTS = {("s", "s"): "strict", ("s", "r"): "strict DKIM", ("r", "s"): "strict SPF"}


def quoted(text: str) -> str:
    """Any text as a Markdown code span."""
    safe = cell(text)
    longest = max(map(len, re.findall(r"`+", safe)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if safe.startswith("`") or safe.endswith("`") else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


def table_cell(value: Any) -> str | None:
    """One line of plain text that a spreadsheet takes as text, too: tables can be downloaded."""
    if value is None:
        return None
    text = cell(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def amount(count: int, noun: str = "") -> str:
    """1,234 or, with a noun, 1,234 messages."""
    if not noun:
        return f"{count:,}"
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


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


def percent(rate: float) -> str:
    """A pass rate, rounded down: only what passes whole is 100 %."""
    return f"{_tenths(rate, math.floor)} %"


def interval(bounds: tuple[float, float]) -> str:
    """A 95 % interval, rounded outwards."""
    low, high = bounds
    return f"{_tenths(low, math.floor)} – {_tenths(high, math.ceil)} %"


def _tenths(rate: float, rounded: Any) -> str:
    # 0.999 * 1000 is 998.9999…: what floating point adds or loses is no part of the rate.
    tenths = rounded(round(rate * 1000, 6)) / 10
    return "100" if tenths == 100 else f"{tenths:.1f}"


def rate_words(row: Mapping[str, Any]) -> str:
    """The interval of legitimate mail, or why there is none. Keys as in `rua domains`."""
    if row["interval"] is None:
        return "no legitimate mail" if row["messages"] else "no mail"
    if row["enough"]:
        return interval(row["interval"])
    return f"too few to tell: {row['legitimate_aligned']:,} of {row['legitimate']:,}"


def shares(classes: Mapping[str, int]) -> str:
    """own 95.0 %, indirect 3.9 %, spoof 1.1 %: messages by class, what is nothing left out."""
    indirect = classes["forwarder"] + classes["list"]
    kept = {"own": classes["own"], "broken": classes["broken"], "indirect": indirect}
    kept |= {name: classes[name] for name in ("spoof", "undecided")}
    total = sum(kept.values())
    return ", ".join(f"{name} {_share(count / total)}" for name, count in kept.items() if count)


def _share(share: float) -> str:
    return f"{share * 100:.1f} %" if share >= 0.001 else "under 0.1 %"


def policy(published: Mapping[str, Any] | None) -> str:
    """A published policy in a few words, what is implied left out: `reject, subdomains none`.

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
