"""What a label decides: the sources it takes, and what they are without it."""

from collections.abc import Sequence

from analytics.query.run import Row, ask
from analytics.query.window import Window
from analytics.sources.classification import CLASSES, classify
from analytics.sources.labels import Word, read
from analytics.sources.summary import ALL
from schemas.store.store import Connection

__all__ = ["effect"]


def effect(
    con: Connection,
    window: Window,
    domain: str,
    match: str,
    spoken: Sequence[Word],
    unspoken: Sequence[Word],
) -> Row:
    """sources, messages and otherwise {class: messages} of what the label on `match` decides.

    `spoken` are the owner's words with that label among them, `unspoken` those to hold it against.
    """
    otherwise = {row["source_ip"]: row["class"] for row in _sources(con, window, domain, unspoken)}
    meant = read(match)
    decided = [
        row
        for row in _sources(con, window, domain, spoken)
        if row["decided_by"] == "label" and read(row["match"]) == meant
    ]
    classes = dict.fromkeys(CLASSES, 0)
    for row in decided:
        classes[otherwise[row["source_ip"]]] += row["messages"]
    return {
        "sources": len(decided),
        "messages": sum(row["messages"] for row in decided),
        "otherwise": {name: count for name, count in classes.items() if count},
    }


def _sources(con: Connection, window: Window, domain: str, words: Sequence[Word]) -> list[Row]:
    classify(con, window, words, (domain,))
    return ask(con, "sources/sources", {"domains": [domain]} | ALL)
