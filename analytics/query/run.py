"""Runs a question: one SELECT in FOLDER/queries/NAME.sql, with named parameters.

`ask` runs it, `ask_cached` also caches a slow answer (query/result_cache.py). Both take the
relations that the SELECT reads beside the public views, and make those that do not exist yet.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from analytics.query.relation import Listed, Made, Narrowed, Relation, composed, digest
from analytics.query.result_cache import SLOW_ANSWER, SLOW_SECONDS, CachedAnswer
from schemas.store.reader import Reader

__all__ = ["Row", "ask", "ask_cached", "made", "prepare", "question", "rows_of"]

Row = dict[str, Any]
Parameters = Mapping[str, Any]
MOST_OF_ONE_NAME = 4  # temporary tables of one name in a connection: beyond, the oldest is dropped


@cache
def question(name: str) -> str:
    """The SELECT of a question named "FOLDER/NAME": analytics/FOLDER/queries/NAME.sql."""
    folder, _, stem = name.partition("/")
    return (
        resources.files("analytics").joinpath(folder, "queries", f"{stem}.sql").read_text("utf-8")
    )


def made(
    name: str,
    asked: str,
    parameters: Parameters | None = None,
    *over: Relation,
    wider: Made | None = None,
    is_cached: bool = False,
) -> Made:
    """The answer to the question `asked` as a relation `name`, made when a question reads it."""
    return Made(name, asked, question(asked), parameters or {}, over, wider, is_cached)


def ask(reader: Reader, name: str, parameters: Parameters, *over: Relation) -> list[Row]:
    """All rows of a question, as dictionaries in the order of its columns."""
    return rows_of(reader, *_statement(reader, question(name), parameters, over))


def ask_cached(
    reader: Reader,
    name: str,
    parameters: Parameters,
    *over: Relation,
    among: tuple[Parameters, Sequence[Relation]] | None = None,
) -> list[Row]:
    """Like `ask`, for answers that change only with the reports: a slow answer is cached.

    `among` are the parameters and relations of the same question about all domains: if that answer
    is cached, the rows of the one domain in $domain or $domains are taken from it.
    """
    answer = CachedAnswer(reader, name, _key(name, parameters, over))
    if among is not None and (of_all := CachedAnswer(reader, name, _key(name, *among)).found()):
        domain = parameters.get("domain") or parameters["domains"][0]
        return rows_of(reader, f"from ({of_all}) where domain = $domain", {"domain": domain})
    if (found := answer.found()) is not None:
        return rows_of(reader, found)
    sql, values = _statement(reader, question(name), parameters, over)
    reader.execute(f"create or replace temp table answer as {sql}", values)
    answer.store("answer", slow=SLOW_ANSWER)
    return rows_of(reader, "from answer")


def prepare(reader: Reader, relation: Made) -> None:
    """Make a relation before a question needs it, unless it exists."""
    _source(reader, relation)


def rows_of(reader: Reader, sql: str, parameters: Parameters | None = None) -> list[Row]:
    """All rows of one SELECT."""
    result = reader.execute(sql, dict(parameters or {}))
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def _key(name: str, parameters: Parameters, over: Sequence[Relation]) -> str:
    return digest(question(name), sorted(parameters.items()), [each.key for each in over])


def _statement(
    reader: Reader, sql: str, parameters: Parameters, over: Sequence[Relation]
) -> tuple[str, dict[str, Any]]:
    """A SELECT over its relations, which are made if needed, and its parameters."""
    clauses: list[str] = []
    values = dict(parameters)
    for each in over:
        if isinstance(each, Narrowed):
            clauses.append(each.clause)
            values |= each.parameters
        else:
            clauses.append(f"{each.name} as not materialized ({_source(reader, each)})")
    return composed(sql, clauses), values


def _source(reader: Reader, relation: Made | Listed) -> str:
    """A SELECT of the relation's rows, from its temporary table or from a cached answer."""
    table = _table(relation)
    if table in reader.made:
        reader.made.remove(table)
        reader.made.append(table)  # used last, so dropped last
        return f"from {table}"
    if isinstance(relation, Listed):
        _put(reader, table, relation)
        return f"from {table}"
    if relation.wider is not None and _is_at_hand(reader, relation.wider):
        return _source(reader, relation.wider)
    if relation.is_cached and (found := _cached(reader, relation).found()) is not None:
        return found
    cached = _cached(reader, relation)
    sql, values = _statement(reader, relation.sql, relation.parameters, relation.over)
    reader.execute(f"create or replace temp table {table} as {sql}", values)
    _remember(reader, relation.name, table)
    if relation.is_cached:
        cached.store(table, slow=SLOW_SECONDS)
    return f"from {table}"


def _table(relation: Made | Listed) -> str:
    return f"{relation.name}_{relation.key}"


def _cached(reader: Reader, relation: Made) -> CachedAnswer:
    return CachedAnswer(reader, relation.question, relation.key)


def _is_at_hand(reader: Reader, relation: Made) -> bool:
    if _table(relation) in reader.made:
        return True
    return relation.is_cached and _cached(reader, relation).found() is not None


def _put(reader: Reader, table: str, relation: Listed) -> None:
    reader.execute(f"create or replace temp table {table} ({relation.columns})")
    rows = list(relation.rows(reader))
    if rows:
        picks = ", ".join(f"unnest(${n})" for n in range(1, len(rows[0]) + 1))
        lists = [list(column) for column in zip(*rows, strict=True)]
        reader.execute(f"insert into {table} select {picks}", lists)
    _remember(reader, relation.name, table)


def _remember(reader: Reader, name: str, table: str) -> None:
    """Drop the oldest table of too many: a report over many domains uses each only briefly."""
    reader.made.append(table)
    same_name = [each for each in reader.made if each.rpartition("_")[0] == name]
    for each in same_name[:-MOST_OF_ONE_NAME]:
        reader.execute(f"drop table {each}")
        reader.made.remove(each)
