"""What mending the blockers brings: how much of each fails, when it is mended, what is left."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analytics.advice.domain_state import DomainState
from analytics.query.question import Question
from analytics.query.relation import Relations
from analytics.query.run import Row, ask
from analytics.query.statistics import CLUSTERS, design_effect, wilson
from analytics.sources.classification import source_class
from schemas.config.thresholds import Gates

__all__ = ["with_prospects"]

INDIRECT = ("list", "forwarder")

Key = tuple[str, str]  # (source, class)

BROKEN = (
    "at least 95 % of its mail passes aligned on each of 3 days, seen by two reporters; it leaves"
    " this list when 95 % of its mail in the {days} days does"
)
DORMANT = "it sends again, and at least 95 % of its mail passes aligned on two days"
LABELLED = "rua label says whose it is, or its mail passes aligned"
INDIRECT_FIXED = (
    "lists and forwarders together lose at most {indirect:.1%} of what is yours in the {days} days"
)
SIGNED = "at most {alone:.1%} of your mail of the {days} days passes by SPF alone"
PARKED = "nothing but abuse in the {days} days"


def with_prospects(q: Question, state: DomainState, rows: Sequence[Row], told: Row) -> list[Row]:
    """The blockers, the largest loss first, with `interval`, `fixed_when`, `lost` and `left_after`
    (docs/commands.md).

    `told` is what the next record would do (policy/whatif.py).
    """
    bounds = {"domain": state.domain, **q.days}
    over: Relations = (*q.counted, source_class(q))
    failing = ask(q.reader, "advice/failing", bounds, *over) if rows else []
    by_key = {(row["source"], row["class"]): row for row in failing}
    lost = {(row["source"], row["class"]): row["lost"] for row in told["by_source"]}
    gone = {row["source"] for row in state.dormant}
    return [
        {
            **row,
            "interval": _interval(state, row, by_key),
            "fixed_when": _fixed_when(state, q.gates, row, is_gone=row["source"] in gone),
            "lost": mine,
            "left_after": left,
        }
        for row, mine, left in _left(_by_loss(rows, lost), lost, told)
    ]


def _interval(
    state: DomainState, row: Row, failing: Mapping[Key, Row]
) -> tuple[float, float] | None:
    """The share of its mail that fails, with reporter-days as clusters; of an own source, which
    passes, the share that is not signed as the domain. Of one that has sent nothing in the window
    it is that of the days before, message by message."""
    found = [failing[key] for key in _keys(row) if key in failing]
    if not found:
        return _before(state, row)
    total = {key: sum(each[key] for each in found) for key in ("fails", "messages", *CLUSTERS)}
    if row["class"] == "own" and not state.owner.parked:
        return _rounded(wilson(total["messages"], total["messages"]))
    counts = (total["fails"], total["messages"])
    effect = design_effect(*counts, **{key: total[key] for key in CLUSTERS})
    return _rounded(wilson(*counts, effect=effect))


def _before(state: DomainState, row: Row) -> tuple[float, float] | None:
    for each in state.dormant:
        if each["source"] == row["source"]:
            firm = each["messages"] - each["indeterminate"]
            return _rounded(wilson(firm - each["aligned"], firm))
    return None


def _rounded(bounds: tuple[float, float] | None) -> tuple[float, float] | None:
    return bounds and (round(bounds[0], 6), round(bounds[1], 6))


def _keys(row: Row) -> list[Key]:
    """A blocker `list` stands for lists and forwarders."""
    classes = INDIRECT if row["class"] in INDIRECT else (row["class"],)
    return [(row["source"], class_) for class_ in classes]


def _by_loss(rows: Sequence[Row], lost: Mapping[Key, int]) -> list[Row]:
    """As they come where the losses are equal: the most mail first."""
    return sorted(rows, key=lambda row: -sum(lost.get(key, 0) for key in _keys(row)))


def _left(
    rows: Sequence[Row], lost: Mapping[Key, int], told: Row
) -> Iterator[tuple[Row, int, int]]:
    """(blocker, what the next record loses of it, what it loses of such mail once this blocker and
    those before it are mended): legitimate mail, or that of lists and forwarders, or undecided."""
    left = {
        "legitimate": told["legitimate_lost"],
        "indirect": told["indirect_lost"],
        "undecided": told["undecided"],
    }
    counted: set[Key] = set()
    for row in rows:
        keys = [key for key in _keys(row) if key not in counted]
        counted.update(keys)
        mine = sum(lost.get(key, 0) for key in keys)
        kind = _kind(row["class"])
        left[kind] -= mine
        yield row, mine, left[kind]


def _kind(class_: str) -> str:
    if class_ in INDIRECT:
        return "indirect"
    return "undecided" if class_ == "undecided" else "legitimate"


def _fixed_when(state: DomainState, gates: Gates, row: Row, *, is_gone: bool) -> str:
    """What the data will show when it is mended."""
    words: dict[str, Any] = {
        "days": state.window.days,
        "indirect": gates.indirect_loss,
        "alone": gates.spf_alone,
    }
    if state.owner.parked:
        text = PARKED
    elif row["class"] == "undecided":
        text = LABELLED
    elif is_gone:
        text = DORMANT
    else:
        text = {"own": SIGNED, "broken": BROKEN}.get(row["class"], INDIRECT_FIXED)
    return text.format(**words)
