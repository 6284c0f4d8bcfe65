"""What an undecided source probably is. It is a hint for the eye: nothing counts by it."""

from collections.abc import Mapping
from typing import Any

__all__ = ["likely"]

Row = Mapping[str, Any]
FEW_A_DAY = 10
BRIEF_DAYS = 2
FORWARDING_DAYS = 4


def likely(row: Row) -> tuple[str | None, str]:
    """(class, why) for a row of `summary.sources`: its class where it has one; of an
    undecided one that which the evidence leans to, None where it leans to nothing."""
    if row["class"] != "undecided":
        return row["class"], row["reason"]
    if row["decided_by"] == "label":
        return None, row["reason"]
    leaning, sign = _leaning(row)
    return leaning, f"{sign}; {row['reason']}"


def _leaning(row: Row) -> tuple[str | None, str]:
    days, vouched = row["days"], row["other_dkim"] or row["other_spf"]
    if row["rule"] == "temporary":
        return None, "nothing was evaluated without an error"
    if row["rhythm"]:
        return "broken", f"it comes back {row['rhythm']}, as mail of one's own does"
    if row["rule"] == "undecided-vendor":
        return "broken", f"{row['source']} sends it for a customer: yours if somebody here is one"
    if not vouched and days <= BRIEF_DAYS:
        return "spoof", "nothing vouches for it, and it was here but briefly"
    if vouched and days >= FORWARDING_DAYS and row["messages"] <= FEW_A_DAY * days:
        return "forwarder", "a few messages a day that somebody else vouches for"
    return None, "the signs lean to nothing"
