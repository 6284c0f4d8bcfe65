"""What a label decides: the sources it takes, and what they are without it."""

from collections.abc import Sequence

from analytics.query.override import Override
from analytics.query.question import Question
from analytics.query.run import Row, ask
from analytics.sources.classification import CLASSES, source_class
from analytics.sources.labels import read
from analytics.sources.summary import ALL

__all__ = ["effect"]


def effect(q: Question, match: str, without: Sequence[Override]) -> Row:
    """sources, messages and otherwise {class: messages} of what the label on `match` decides.

    The question's overrides hold that label, `without` are those to compare it with.
    """
    otherwise = {row["source_ip"]: row["class"] for row in _sources(q.under(without))}
    meant = read(match)
    decided = [
        row for row in _sources(q) if row["decided_by"] == "label" and read(row["match"]) == meant
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
