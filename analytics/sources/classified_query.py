"""Questions asked once for each state of the store: their answers are kept beside it.

An answer that took long comes back without the classes being made, or looked at, again. The key
is the question's own text with its parameters, the rules, and the owner's words.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from analytics.query.result_cache import SLOW_ANSWER, Kept
from analytics.query.run import Row, question
from analytics.query.window import Window
from analytics.sources.classification import classify
from analytics.sources.labels import Word
from schemas.store.store import Connection

__all__ = ["ask_after", "ask_classified", "ask_kept", "questions_digest"]

# Of which the rows of one domain stand among those of all, in the same order.
BY_DOMAIN = frozenset(
    {
        "advice/breaks",
        "sources/domains",
        "advice/names_below",
        "changes/source_sums",
        "advice/standing",
    }
)


def ask_classified(
    con: Connection,
    name: str,
    parameters: Mapping[str, Any],
    window: Window,
    words: Sequence[Word] = (),
    domains: Sequence[str] | None = None,
) -> list[Row]:
    """All rows of a question over `source_class`, made for `window` and `domains` (None: all)."""
    if domains is not None and len(domains) == 1 and name in BY_DOMAIN:
        of_all = repr((_of_all(parameters), (window, words, None), questions_digest()))
        if (answer := Kept(con, name, of_all).found()) is not None:
            return _rows(con, f"from ({answer}) where domain = $domain", {"domain": domains[0]})
    asked = (window, words, domains)
    return ask_after(con, name, parameters, asked, lambda: classify(con, window, words, domains))


def _of_all(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: None if key in ("domain", "domains") else value for key, value in parameters.items()
    }


def ask_after(
    con: Connection,
    name: str,
    parameters: Mapping[str, Any],
    asked: object,
    prepare: Callable[[], None],
) -> list[Row]:
    """All rows of a question over what `prepare` makes; `asked` is all that this hangs on."""
    kept = Kept(con, name, repr((parameters, asked, questions_digest())))
    if (answer := kept.found()) is not None:
        return _rows(con, answer)
    prepare()
    return _made(con, name, parameters, kept)


def ask_kept(con: Connection, name: str, parameters: Mapping[str, Any]) -> list[Row]:
    """All rows of a question that needs no classes."""
    kept = Kept(con, name, repr((parameters, questions_digest())))
    if (answer := kept.found()) is not None:
        return _rows(con, answer)
    return _made(con, name, parameters, kept)


def _made(con: Connection, name: str, parameters: Mapping[str, Any], kept: Kept) -> list[Row]:
    con.execute(f"create or replace temp table answer as {question(name)}", dict(parameters))
    kept.keep("answer", slow=SLOW_ANSWER)
    return _rows(con, "from answer")


def _rows(con: Connection, select: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    result = con.execute(select, dict(parameters or {}))
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


@cache
def questions_digest() -> str:
    """Changes with any question and the catalogue: a newer rua keeps nothing of an older one's."""
    files = sorted(Path(str(resources.files("analytics"))).glob("*/queries/*.sql"))
    texts = [file.read_bytes() for file in files]
    texts.append(resources.files("analytics").joinpath("sources", "senders.toml").read_bytes())
    return hashlib.sha256(b"\0".join(texts)).hexdigest()
