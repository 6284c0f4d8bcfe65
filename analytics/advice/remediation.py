"""Shows what fixing each blocker brings: how much fails, when it counts as fixed, what is left."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analytics.advice.domain_state import DomainState
from analytics.query.question import Question
from analytics.query.relation import Relations
from analytics.query.run import Row, ask
from analytics.query.statistics import CLUSTERS, design_effect, wilson
from analytics.sources.classes import INDIRECT, SourceClass
from analytics.sources.classification import source_class
from schemas.config.thresholds import Gates

__all__ = ["with_prospects"]


Key = tuple[str, str]  # (source, class)

BROKEN = (
    "at least 95 % of its mail passes DMARC on each of 3 days, seen by two reporters; it leaves"
    " this list when 95 % of its mail in the {days} days passes"
)
DORMANT = "it sends again, and at least 95 % of its mail passes DMARC on two days"
LABELLED = "rua label decides its class, or its mail passes DMARC"
INDIRECT_FIXED = (
    "lists and forwarders together lose at most {indirect:.1%} of your mail in the {days} days"
)
SIGNED = "at most {alone:.1%} of your mail in the {days} days passes by SPF alone"
PARKED = "only spoofing in the {days} days"


def with_prospects(
    q: Question, state: DomainState, rows: Sequence[Row], replayed: Row
) -> list[Row]:
    """The blockers, the largest loss first, with `interval`, `fixed_when`, `lost` and `left_after`
    (docs/commands.md).

    `replayed` is what the next record would do (policy/whatif.py).
    """
    bounds = {"domain": state.domain, **q.days}
    over: Relations = (*q.counted, source_class(q))
    failing = ask(q.reader, "advice/failing", bounds, *over) if rows else []
    by_key = {(row["source"], row["class"]): row for row in failing}
    lost = {(row["source"], row["class"]): row["lost"] for row in replayed["by_source"]}
    gone = {row["source"] for row in state.dormant}
    return [
        {
            **row,
            "interval": _interval(state, row, by_key),
            "fixed_when": _fixed_when(state, q.gates, row, is_gone=row["source"] in gone),
            "lost": mine,
            "left_after": left,
        }
        for row, mine, left in _left(_by_loss(rows, lost), lost, replayed)
    ]


def _interval(
    state: DomainState, row: Row, failing: Mapping[Key, Row]
) -> tuple[float, float] | None:
    """The share of its mail that fails, with reporter-days as clusters; for an own source, which
    passes, the share not signed as the domain. Without mail in the window, the share of the months
    before, message by message."""
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
    """The (source, class) pairs of a blocker; `list` includes forwarders."""
    classes = INDIRECT if row["class"] in INDIRECT else (row["class"],)
    return [(row["source"], class_) for class_ in classes]


def _by_loss(rows: Sequence[Row], lost: Mapping[Key, int]) -> list[Row]:
    """The largest loss first; the order given if equal."""
    return sorted(rows, key=lambda row: -sum(lost.get(key, 0) for key in _keys(row)))


def _left(
    rows: Sequence[Row], lost: Mapping[Key, int], replayed: Row
) -> Iterator[tuple[Row, int, int]]:
    """(blocker, its mail that the next record loses, such mail lost once this blocker and those
    before it are fixed): legitimate mail, mail of lists and forwarders, or undecided mail."""
    left = {
        "legitimate": replayed["legitimate_lost"],
        "indirect": replayed["indirect_lost"],
        "undecided": replayed["undecided"],
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
    return "undecided" if class_ == SourceClass.UNDECIDED else "legitimate"


def _fixed_when(state: DomainState, gates: Gates, row: Row, *, is_gone: bool) -> str:
    """What reports show once it is fixed."""
    values: dict[str, Any] = {
        "days": state.window.days,
        "indirect": gates.indirect_loss,
        "alone": gates.spf_alone,
    }
    if state.owner.parked:
        text = PARKED
    elif row["class"] == SourceClass.UNDECIDED:
        text = LABELLED
    elif is_gone:
        text = DORMANT
    else:
        text = {"own": SIGNED, "broken": BROKEN}.get(row["class"], INDIRECT_FIXED)
    return text.format(**values)
