"""Ask a question: one SELECT in FOLDER/queries/NAME.sql, with parameters by name.

`ask` runs it, `ask_kept` also keeps an answer that took long (query/result_cache.py). Both take the
relations that its SELECT reads beside the public views, and make those that are not there.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from analytics.query.relation import Listed, Made, Narrowed, Relation, composed, digest
from analytics.query.result_cache import SLOW_ANSWER, SLOW_SECONDS, Kept
from schemas.store.reader import Reader

__all__ = ["Row", "ask", "ask_kept", "at_hand", "made", "question", "rows_of"]

Row = dict[str, Any]
Parameters = Mapping[str, Any]
MOST_ALIKE = 4  # temporary tables of one name in a connection: the oldest goes


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
    is_kept: bool = False,
) -> Made:
    """The answer of the question `asked` as a relation `name`, made when a question reads it."""
    return Made(name, asked, question(asked), parameters or {}, over, wider, is_kept)


def ask(reader: Reader, name: str, parameters: Parameters, *over: Relation) -> list[Row]:
    """All rows of a question, as dictionaries in the order of its columns."""
    return rows_of(reader, *_statement(reader, question(name), parameters, over))


def ask_kept(
    reader: Reader,
    name: str,
    parameters: Parameters,
    *over: Relation,
    among: tuple[Parameters, Sequence[Relation]] | None = None,
) -> list[Row]:
    """The same of what changes only with the reports: an answer that took long is kept.

    `among` are the parameters and relations of the same question about all domains: where that
    answer is kept, the rows of $domain, or the one of $domains, are taken from it.
    """
    answer = Kept(reader, name, _key(name, parameters, over))
    if among is not None and (of_all := Kept(reader, name, _key(name, *among)).found()):
        domain = parameters.get("domain") or parameters["domains"][0]
        return rows_of(reader, f"from ({of_all}) where domain = $domain", {"domain": domain})
    if (found := answer.found()) is not None:
        return rows_of(reader, found)
    sql, values = _statement(reader, question(name), parameters, over)
    reader.execute(f"create or replace temp table answer as {sql}", values)
    answer.keep("answer", slow=SLOW_ANSWER)
    return rows_of(reader, "from answer")


def at_hand(reader: Reader, relation: Made) -> None:
    """Make a relation, where it is not there, before a question needs it."""
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
    """A SELECT with its relations, which are made where they are not there, and its parameters."""
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
    """A SELECT of the relation's rows: of its temporary table, or of a kept answer."""
    table = _table(relation)
    if table in reader.made:
        return f"from {table}"
    if isinstance(relation, Listed):
        _put(reader, table, relation)
        return f"from {table}"
    if relation.wider is not None and _is_at_hand(reader, relation.wider):
        return _source(reader, relation.wider)
    if relation.is_kept and (found := _kept(reader, relation).found()) is not None:
        return found
    kept = _kept(reader, relation)
    sql, values = _statement(reader, relation.sql, relation.parameters, relation.over)
    reader.execute(f"create temp table {table} as {sql}", values)
    _remember(reader, relation.name, table)
    if relation.is_kept:
        kept.keep(table, slow=SLOW_SECONDS)
    return f"from {table}"


def _table(relation: Made | Listed) -> str:
    return f"{relation.name}_{relation.key}"


def _kept(reader: Reader, relation: Made) -> Kept:
    return Kept(reader, relation.question, relation.key)


def _is_at_hand(reader: Reader, relation: Made) -> bool:
    if _table(relation) in reader.made:
        return True
    return relation.is_kept and _kept(reader, relation).found() is not None


def _put(reader: Reader, table: str, relation: Listed) -> None:
    reader.execute(f"create temp table {table} ({relation.columns})")
    rows = list(relation.rows(reader))
    if rows:
        picks = ", ".join(f"unnest(${n})" for n in range(1, len(rows[0]) + 1))
        lists = [list(column) for column in zip(*rows, strict=True)]
        reader.execute(f"insert into {table} select {picks}", lists)
    _remember(reader, relation.name, table)


def _remember(reader: Reader, name: str, table: str) -> None:
    """Drop the oldest of too many: a report over many domains needs each for a moment."""
    reader.made.append(table)
    alike = [each for each in reader.made if each.rpartition("_")[0] == name]
    for each in alike[:-MOST_ALIKE]:
        reader.execute(f"drop table {each}")
        reader.made.remove(each)
