"""Shows what a label changes: the sources it decides, and their classes without it."""

from collections.abc import Sequence

from analytics.query.override import Override
from analytics.query.question import Question
from analytics.query.run import Row, ask
from analytics.sources.classes import CLASSES
from analytics.sources.classification import source_class
from analytics.sources.labels import read
from analytics.sources.summary import ALL

__all__ = ["effect"]


def effect(q: Question, match: str, without: Sequence[Override]) -> Row:
    """sources, messages and otherwise {class: messages} that the label on `match` decides.

    The question's overrides include that label; `without` are the overrides to compare with.
    """
    otherwise = {row["source_ip"]: row["class"] for row in _sources(q.under(without))}
    named = read(match)
    decided = [
        row for row in _sources(q) if row["decided_by"] == "label" and read(row["match"]) == named
    ]
    classes = dict.fromkeys(CLASSES, 0)
    for row in decided:
        classes[otherwise[row["source_ip"]]] += row["messages"]
    return {
        "sources": len(decided),
        "messages": sum(row["messages"] for row in decided),
        "otherwise": {name: count for name, count in classes.items() if count},
    }


def _sources(q: Question) -> list[Row]:
    return ask(q.reader, "sources/sources", q.named | ALL, source_class(q))
